"""The outermost check of a request: its body's size, and that it is UTF-8."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.problems import problem
from serving.settings import MAX_BODY


class BodyLimit:
    """ASGI middleware: 413 for a body over the limit, 400 for one that is not UTF-8.

    The body is read before routing, so that no parser below meets bytes it cannot name.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read, check and pass on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = bytearray()
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            if len(body) > MAX_BODY:
                refusal = problem(413, f"body: is larger than {MAX_BODY} bytes", headers={"Connection": "close"})
                await refusal(scope, receive, send)
                return
            more = message.get("more_body", False)
        try:
            body.decode("utf-8")
        except UnicodeDecodeError as error:
            await problem(400, f"body: is not UTF-8 (byte {error.start})")(scope, receive, send)
            return
        await self._app(scope, _replay(bytes(body), receive), send)


def _replay(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def replay() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
