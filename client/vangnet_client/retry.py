"""When a request is sent again, the same for both clients."""

import random
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

FIRST_PAUSE = 0.2
"""Seconds, at most, before the first repetition; twice as long before each further one."""
DOUBLINGS = 5


@dataclass(frozen=True)
class RetryPolicy:
    """Says "wait so many seconds" or "give up"; it knows neither clock nor network.

    Attributes:
        retries: Repetitions of a request, at most.
        timeout: Seconds for all its attempts and pauses together.
    """

    retries: int
    timeout: float

    def pause(self, attempts: int, elapsed: float, asked: float, chance: float) -> float | None:
        """Seconds to wait, or None to give up.

        Args:
            attempts: Made so far, 1 or more.
            elapsed: Seconds since the first began.
            asked: Seconds that the service asks to wait (`Retry-After`); it is never asked earlier than that.
            chance: 0 to 1, so that callers who failed together do not come back together.
        """
        seconds = asked + FIRST_PAUSE * 2 ** min(attempts - 1, DOUBLINGS) * (1 + chance) / 2
        return seconds if attempts <= self.retries and elapsed + seconds < self.timeout else None


class Attempts:
    """One request: counts its attempts, and its time."""

    def __init__(self, policy: RetryPolicy) -> None:
        self._policy = policy
        self._begun = time.monotonic()
        self._made = 0

    @property
    def left(self) -> float:
        """Seconds that the next attempt may take."""
        return max(self._policy.timeout - (time.monotonic() - self._begun), 0.001)

    def pause(self, outcome: httpx.Response | Exception) -> float | None:
        """Seconds to wait after an attempt, or None when its outcome stands."""
        self._made += 1
        if isinstance(outcome, httpx.Response):
            again, header = outcome.status_code in (429, 503), outcome.headers.get("Retry-After", "")
        else:
            again, header = isinstance(outcome, httpx.NetworkError | httpx.RemoteProtocolError), ""
        elapsed, asked = time.monotonic() - self._begun, seconds_asked(header, datetime.now(UTC))
        return self._policy.pause(self._made, elapsed, asked, random.random()) if again else None


def seconds_asked(retry_after: str, now: datetime) -> float:
    """Seconds that a `Retry-After` asks for, as a number or as an HTTP date; 0 when it is neither or has passed."""
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after)
    try:
        until = parsedate_to_datetime(retry_after)
    except (ValueError, OverflowError):
        return 0.0
    return max((until.replace(tzinfo=until.tzinfo or UTC) - now).total_seconds(), 0.0)
