"""The last net of a request: an unexpected error becomes a 500 and a log line that names its kind and place only."""

import logging
import traceback

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.problems import problem

_LOG = logging.getLogger("vangnet")


class Faults:
    """ASGI middleware. An exception's message could hold a text, so neither it nor a traceback is logged or sent."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and answer 500 if that fails before an answer was begun."""
        begun = False

        async def watch(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except ClientDisconnect:
            return  # nobody is left to answer
        except Exception as error:
            if scope["type"] != "http":
                raise
            log_fault(error)
            if not begun:
                await problem(500, "an internal error; the log names its kind")(scope, receive, send)


def log_fault(error: Exception) -> None:
    """Log an unexpected error's kind and place."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    _LOG.error("unexpected %s at %s:%s", type(error).__name__, place.filename, place.lineno)
