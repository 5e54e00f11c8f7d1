"""Questions over HTTP: patient where a service asks for patience, and silent about keys and texts."""

import os
import time
import weakref
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import count
from typing import Any, TypeVar

import httpx

from eval.errors import EvaluationError

PATIENCE = 120.0
"""Seconds of pauses, at most, until a question is given up."""
_AGAIN = frozenset({429, 502, 503, 504})
_LARGE = frozenset({413, 422})
_LOST = 2
"""Repetitions after a connection that failed: a wrong address should show soon."""
_FIRST_PAUSE = 0.5
_DOUBLINGS = 5
_SECONDS = 120.0
Item = TypeVar("Item")
Result = TypeVar("Result")


class TooLarge(EvaluationError):
    """A request holds more than the service takes at once."""


class Asking:
    """One service. Its errors name host and status, never a key or what was sent.

    Args:
        url: Base address, without user info; paths are added to it.
        key_name: Environment variable of the bearer key; without it none is sent.
        patience: Seconds of pauses for one question.

    Attributes:
        host: Host and port.

    Raises:
        EvaluationError: Address or key have a form that cannot be used.
    """

    def __init__(self, url: str, key_name: str, patience: float = PATIENCE) -> None:
        self._key_name, self._patience = key_name, patience
        key = os.environ.get(key_name, "").strip()
        if not (key.isascii() and key.isprintable()):
            raise EvaluationError(f"{key_name}: holds characters that cannot be sent")
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        try:
            self._client = httpx.Client(base_url=url, headers=headers, timeout=_SECONDS)
        except httpx.InvalidURL:
            raise EvaluationError("the system's address cannot be read") from None
        weakref.finalize(self, self._client.close)  # a system has no end of its own
        if self._client.base_url.scheme not in ("http", "https") or not self._client.base_url.host:
            raise EvaluationError("the system's address must be like http://127.0.0.1:8080")
        if self._client.base_url.userinfo:  # commands stand in reports
            raise EvaluationError(f"the system's address must hold no user or password; the key belongs in {key_name}")
        self.host = self._client.base_url.netloc.decode("ascii")

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Send and give the parsed answer.

        Raises:
            TooLarge: 413, or 422: also what Vangnet says of a batch that is larger than the key's rate.
            EvaluationError: No usable answer within the patience.
        """
        waited = 0.0
        for attempt in count():
            try:
                answer = self._client.request(method, path, json=body)
            except httpx.RequestError as error:
                problem, again, asked = f"gives no answer ({type(error).__name__})", attempt < _LOST, 0.0
            else:
                if answer.is_success:
                    return self._parsed(answer)
                problem, again = self._problem(answer.status_code), answer.status_code in _AGAIN
                if answer.status_code in _LARGE:
                    raise TooLarge(f"{self.host}: {problem}")
                asked = seconds_asked(answer.headers.get("Retry-After", ""))
            pause = max(asked, _FIRST_PAUSE * 2 ** min(attempt, _DOUBLINGS))
            if not again or waited + pause > self._patience:
                wait = f" and asks to wait {asked:.0f} seconds" if asked else ""
                raise EvaluationError(f"{self.host}: {problem}{wait}; what was judged is kept, run again to go on")
            time.sleep(pause)
            waited += pause
        raise AssertionError  # the loop has no other end

    def other_form(self) -> EvaluationError:
        """The error for an answer that lacks what was asked for."""
        return EvaluationError(f"{self.host}: answers in another form")

    def _parsed(self, answer: httpx.Response) -> Any:
        try:
            return answer.json()
        except ValueError:
            raise EvaluationError(f"{self.host}: answers something else than JSON") from None

    def _problem(self, status: int) -> str:
        return f"answers {status}" + (f" (is {self._key_name} right?)" if status in (401, 403) else "")


def in_parts(ask: Callable[[Sequence[Item]], list[Result]], items: Sequence[Item]) -> list[Result]:
    """Ask about all items, in halves where they are too large for one request.

    Raises:
        TooLarge: A single one is too large.
    """
    try:
        return ask(items)
    except TooLarge:
        if len(items) == 1:
            raise
    half = len(items) // 2
    return in_parts(ask, items[:half]) + in_parts(ask, items[half:])


def seconds_asked(retry_after: str) -> float:
    """Seconds that a `Retry-After` asks for, as a number or as an HTTP date; 0 when it is neither or has passed."""
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after)
    try:
        until = parsedate_to_datetime(retry_after)
    except (ValueError, OverflowError):
        return 0.0
    return max((until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds(), 0.0)
