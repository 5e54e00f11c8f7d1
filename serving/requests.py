"""Around every request: an id, the time that it took, and a log line without text, address or query."""

import logging
import re
import time
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.metrics import Metrics
from serving.overload import ROUTE

LOG = logging.getLogger("vangnet.requests")
ID_HEADER = "X-Request-ID"
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class Requests:
    """ASGI middleware.

    Args:
        app: What answers.
        metrics: Counts answers by route.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; a caller's id is kept when it is short and plain, others get one."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()
        given = Headers(scope=scope).get(ID_HEADER, "")
        name = given if _ID.fullmatch(given) else uuid.uuid4().hex
        status = 0

        async def finish(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers[ID_HEADER] = name
                headers.append("Server-Timing", f"app;dur={1000 * (time.perf_counter() - begun):.2f}")
            await send(message)

        try:
            await self._app(scope, receive, finish)
        finally:
            # The route's own path, which one that was refused early has not got: what a caller typed could hold anything.
            path = getattr(scope.get("route"), "path", ROUTE if scope["path"] == ROUTE else "other")
            self._metrics.request(path, status)
            facts = {
                "request_id": name,
                "path": path,
                "status": status,
                "ms": round(1000 * (time.perf_counter() - begun), 2),
            }
            LOG.info("request", extra=facts)
