"""Why there is no answer; never with a message's text."""

from typing import Any

import httpx

from vangnet_client.answers import FieldProblem


class VangnetError(Exception):
    """The service gave no answer that can be used.

    Attributes:
        status: HTTP status; None when the service could not be reached or took too long.
        detail: What was wrong, for people.
        errors: What was wrong with which field of the request.
    """

    def __init__(self, status: int | None, detail: str, errors: tuple[FieldProblem, ...] = ()) -> None:
        super().__init__(status, detail, errors)
        self.status = status
        self.detail = detail
        self.errors = errors

    def __str__(self) -> str:
        return self.detail if self.status is None else f"{self.status}: {self.detail}"


class Invalid(VangnetError):
    """The request itself is wrong (400, 413, 422): the same one fails again, whenever it is sent."""


def failed(response: httpx.Response) -> VangnetError:
    """The error that an answer stands for. What a gateway answers in its place may repeat a text, so only its status counts."""
    problem: dict[str, Any] = {}
    if response.headers.get("Content-Type", "").startswith("application/problem+json"):
        problem = as_object(response)
    detail = problem.get("detail")
    listed = problem.get("errors")
    kind = Invalid if response.status_code in (400, 413, 422) else VangnetError
    return kind(
        response.status_code,
        detail if isinstance(detail, str) else response.reason_phrase or "no usable answer",
        tuple(listed) if isinstance(listed, list) else (),
    )


def as_object(response: httpx.Response) -> dict[str, Any]:
    """The body as an object; an empty one where it is none."""
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
