"""Errors in the words of the APIs that other endpoints imitate, so that their clients can read them."""

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.problems import MEDIA_TYPE

Render = Callable[[int, str], dict[str, Any]]
"""Body of an error from its status and detail."""


class ForeignErrors:
    """ASGI middleware: turns the problem details of some routes into another API's errors.

    Neither of those APIs knows 422: what is wrong with a request is 400 there.

    Args:
        app: What answers.
        renders: How errors look, per path.
    """

    def __init__(self, app: ASGIApp, renders: Mapping[str, Render]) -> None:
        self._app = app
        self._renders = renders

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; a problem is held until its body is there."""
        render = self._renders.get(scope["path"]) if scope["type"] == "http" else None
        if render is None:
            await self._app(scope, receive, send)
            return
        start: Message | None = None
        body = b""

        async def turn(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start" and _is_problem(message):
                start = message
            elif start is None:
                await send(message)
            else:
                body += message.get("body", b"")
                if not message.get("more_body", False):
                    await _send(start, json.loads(body), render, send)

        await self._app(scope, receive, turn)


def openai_error(status: int, detail: str) -> dict[str, Any]:
    """An error as OpenAI's clients read it."""
    kind = "server_error" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "invalid_request_error"
    code = {401: "invalid_api_key", 429: "rate_limit_exceeded"}.get(status)
    return {"error": {"message": detail, "type": kind, "param": None, "code": code}}


_GOOGLE_CODES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    413: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
}


def google_error(status: int, detail: str) -> dict[str, Any]:
    """An error as Google's APIs tell it (`google.rpc.Code`)."""
    return {"error": {"code": status, "message": detail, "status": _GOOGLE_CODES.get(status, "INTERNAL")}}


def foreign_responses(render: Render, *statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI entries for the given error statuses."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {"application/json": {"schema": _ERROR, "example": render(status, "what is wrong")}},
        }
        for status in statuses
    }


_ERROR = {
    "type": "object",
    "properties": {"error": {"type": "object", "properties": {"message": {"type": "string"}}, "required": ["message"]}},
    "required": ["error"],
}


def _is_problem(message: Message) -> bool:
    return any(name == b"content-type" and value == MEDIA_TYPE.encode() for name, value in message["headers"])


async def _send(start: Message, problem: Mapping[str, Any], render: Render, send: Send) -> None:
    status = start["status"]
    if status == HTTPStatus.UNPROCESSABLE_ENTITY:
        status = int(HTTPStatus.BAD_REQUEST)
    content = json.dumps(render(status, problem["detail"])).encode()
    kept = [pair for pair in start["headers"] if pair[0] not in (b"content-type", b"content-length")]
    headers = [*kept, (b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
    await send({**start, "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
