"""Errors as RFC 9457 problem details; a problem names field and limit and never repeats the input."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

MEDIA_TYPE = "application/problem+json"
NOT_JSON = "body: is not valid JSON"
MOST_ERRORS = 20
"""A body may be wrong in thousands of places; this many are told."""
_FIELD_NAME = re.compile(r"[a-z_]{1,32}")


class FieldProblem(BaseModel):
    """What is wrong with one field."""

    field: str = Field(examples=["context"])
    problem: str = Field(examples=["List should have at most 5 items after validation, not 6"])


class Problem(BaseModel):
    """Problem details (RFC 9457)."""

    type: str = "about:blank"
    title: str = Field(examples=["Unprocessable Content"])
    status: int = Field(examples=[422])
    detail: str = Field(examples=["context: List should have at most 5 items after validation, not 6"])
    errors: list[FieldProblem] = []


def as_problem(status: int, detail: str, errors: Sequence[FieldProblem] = ()) -> dict[str, Any]:
    """A problem as plain values; its title is the status code's phrase."""
    return Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, errors=list(errors)).model_dump()


def problem(
    status: int, detail: str, errors: Sequence[FieldProblem] = (), headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """A problem answer."""
    return JSONResponse(as_problem(status, detail, errors), status, headers, MEDIA_TYPE)


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI entries for the given error statuses."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": Problem.model_json_schema()}},
        }
        for status in statuses
    }


def install(app: FastAPI, statuses: Mapping[type[Exception], int]) -> None:
    """Answer every error of the app as problem details.

    Args:
        app: What raises.
        statuses: Per kind of error the status; their messages are for callers and hold no input.
    """
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    for kind, status in statuses.items():
        app.add_exception_handler(kind, _told(status))


def _told(status: int) -> Callable[[Request, Exception], Awaitable[JSONResponse]]:
    async def answer(request: Request, error: Exception) -> JSONResponse:
        return problem(status, str(error), headers={"Retry-After": "1"} if status in (429, 503) else None)

    return answer


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    if any(entry["type"] == "json_invalid" for entry in error.errors()):
        return problem(400, NOT_JSON)
    # The first part of a place is where the value stood in the request: the body.
    errors = field_problems([{**entry, "loc": entry["loc"][1:]} for entry in error.errors()], whole="body")
    return problem(422, joined(errors), errors)


def field_problems(entries: Sequence[Mapping[str, Any]], whole: str) -> list[FieldProblem]:
    """What pydantic found, in the API's words; its `input` and `ctx` may hold the text, so only place and message are kept.

    Args:
        entries: As `ValidationError.errors` gives them.
        whole: How the checked value itself is called.
    """
    return [FieldProblem(field=_field(entry, whole), problem=_reason(entry)) for entry in entries[:MOST_ERRORS]]


def joined(errors: Sequence[FieldProblem]) -> str:
    """All problems in one line."""
    return "; ".join(f"{one.field}: {one.problem}" for one in errors)


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    # The framework's only 400 is a body that its JSON parser gave up on, such as one nested too deeply.
    detail = NOT_JSON if error.status_code == 400 else str(error.detail)
    return problem(error.status_code, detail, headers=error.headers)


def _field(entry: Mapping[str, Any], whole: str) -> str:
    parts = list(entry["loc"]) or [whole]
    if entry["type"] == "extra_forbidden" and not _FIELD_NAME.fullmatch(str(parts[-1])):
        parts[-1] = "(unknown field)"  # a key may be anything, a message too
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts).lstrip(".")


def _reason(entry: Mapping[str, Any]) -> str:
    return (
        "is not a field of this request"
        if entry["type"] == "extra_forbidden"
        else str(entry["msg"]).removeprefix("Value error, ")
    )
