"""Errors as RFC 9457 problem details; a problem names field and limit and never repeats the input."""

import re
from collections.abc import Mapping, Sequence
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


def problem(
    status: int, detail: str, errors: Sequence[FieldProblem] = (), headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """A problem answer; its title is the status code's phrase."""
    body = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, errors=list(errors))
    return JSONResponse(body.model_dump(), status, headers, MEDIA_TYPE)


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI entries for the given error statuses."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": Problem.model_json_schema()}},
        }
        for status in statuses
    }


def install(app: FastAPI) -> None:
    """Answer every error of the app as problem details."""
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    if any(entry["type"] == "json_invalid" for entry in error.errors()):
        return problem(400, NOT_JSON)
    # pydantic's `input` and `ctx` may hold the text; only place and message are kept.
    errors = [FieldProblem(field=_field(entry), problem=_reason(entry)) for entry in error.errors()[:MOST_ERRORS]]
    return problem(422, "; ".join(f"{one.field}: {one.problem}" for one in errors), errors)


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    # The framework's only 400 is a body that its JSON parser gave up on, such as one nested too deeply.
    detail = NOT_JSON if error.status_code == 400 else str(error.detail)
    return problem(error.status_code, detail, headers=error.headers)


def _field(entry: Mapping[str, Any]) -> str:
    parts = list(entry["loc"][1:]) or ["body"]
    if entry["type"] == "extra_forbidden" and not _FIELD_NAME.fullmatch(str(parts[-1])):
        parts[-1] = "(unknown field)"  # a key may be anything, a message too
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts).lstrip(".")


def _reason(entry: Mapping[str, Any]) -> str:
    return "is not a field of this request" if entry["type"] == "extra_forbidden" else str(entry["msg"])
