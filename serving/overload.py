"""The first check of a message: when every place is taken it is refused before its body is read."""

from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from serving.problems import problem
from serving.workers import Busy

ROUTE = "/v1/classify"


class Overload:
    """ASGI middleware: 429 at once. Under overload most of the work is refusing, so it has to be cheap.

    Args:
        app: What answers otherwise.
        full: Whether another message would be refused.
        refused: Told of each refusal.
    """

    def __init__(self, app: ASGIApp, full: Callable[[], bool], refused: Callable[[], None]) -> None:
        self._app = app
        self._full = full
        self._refused = refused
        self._refusal = problem(429, str(Busy()), headers={"Retry-After": "1"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse or pass on."""
        if scope["type"] == "http" and scope["path"] == ROUTE and self._full():
            self._refused()
            await self._refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)
