"""Errors as RFC 9457 problem details; a problem names field and limit and never repeats the input."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

MEDIA_TYPE = "application/problem+json"


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
    app.add_exception_handler(Exception, _unexpected)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    if any(entry["type"] == "json_invalid" for entry in error.errors()):
        return problem(400, "body: is not valid JSON")
    # pydantic's `input` and `ctx` may hold the text, and so may its message on enums; only place and kind are kept.
    errors = [FieldProblem(field=_field(entry["loc"]), problem=_reason(entry)) for entry in error.errors()]
    return problem(422, "; ".join(f"{one.field}: {one.problem}" for one in errors), errors)


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return problem(error.status_code, str(error.detail), headers=error.headers)


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    return problem(500, "an internal error; the log names its kind")


def _field(location: Sequence[int | str]) -> str:
    parts = list(location[1:]) or ["body"]
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts).lstrip(".")


def _reason(entry: Mapping[str, Any]) -> str:
    return "is not a field of this request" if entry["type"] == "extra_forbidden" else str(entry["msg"])
