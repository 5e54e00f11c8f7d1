"""How an author's risk moves over days: a slow drift, each message of which is below every threshold."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from statistics import median
from typing import Any

from serving.sealing import Sealing
from serving.windows import Windows

KEPT = 50
"""Messages kept of an author."""
DAY = 86_400
ENOUGH = 5
"""Messages without which no direction is told; also how many are the latest ones."""
SHORT, LONG = 4, 40
"""Half-lives of the two means whose difference is the direction, in messages: a drift may take an hour or a week."""
MARGIN = 0.25
"""By how much the short mean exceeds the long one when risk rises, in log-odds."""
_RISK_RANGE = (0.001, 0.999)
_DRIFT_RANGE = (0.005, 0.1)


@dataclass(frozen=True)
class _Entry:
    """One message; `message` is a name that tells nothing, `at` is in seconds since 1970, `logit` the log-odds of risk.

    Other fields need another key than `vangnet:trend:`, as entries outlive the process.
    """

    message: str | None
    at: float
    logit: float


class Trend:
    """The course of each author's risk, sealed.

    Risk rises when the decayed mean with a short half-life exceeds the one with a long half-life by a margin, and most of the
    latest five messages stand above the long one, so that no single message makes a drift. Scores count within 0.005
    to 0.1 there: below they say nothing, above one message would weigh for many.

    Measured on 1,500 simulated authors each, with the self-harm scores (model 0.2.0, seed 1) of 900 messages without a label
    by the ten calibration voices. Steady authors, 50 messages drawn at random: rising at 0.6% of their messages from the
    fifth on, 15% of the authors at least once. Drifting authors, ten messages from 0.002 to 0.1, all under 0.156, with noise
    of 0.5 in log-odds, found at least once: evenly in log-odds 100%, with or without 20 steady messages before, and also
    when every second message is a steady one; evenly in probability 100% after 20 steady messages, 95% without any.

    Args:
        windows: Where it is kept.
        sealing: Encrypts it and names authors.
        days: How far back messages count, from when they came. They are gone after twice as long at most.
    """

    def __init__(self, windows: Windows, sealing: Sealing, days: int = 14) -> None:
        self._windows = windows
        self._sealing = sealing
        self._seconds = DAY * days

    async def update(
        self, tenant: str, author_id: str, message_id: str | None, at: datetime, risk: float
    ) -> dict[str, Any]:
        """Add a message and tell how its author stood when it was sent.

        Args:
            tenant: Whose author; other tenants never see it.
            author_id: The tenant's own id.
            message_id: The tenant's own id of the message; one that comes again replaces what was known of it.
            at: When it was sent, with a time zone.
            risk: Its score, 0 to 1.

        Returns:
            ``risk``, 0 to 1: the mean over log-odds that halves a message's weight with each day; ``direction``, ``rising``
            or ``steady``; ``messages``: how many are known, 1 to 50.

        Raises:
            WindowsAway: The store does not answer.
        """
        name = message_id and self._sealing.name("message", tenant, message_id)
        mine = _Entry(name, at.timestamp(), _logit(_within(risk, _RISK_RANGE)))
        entry = self._sealing.pack(asdict(mine))
        entries = await self._windows.push(self._key(tenant, author_id), entry, KEPT, self._seconds)
        known = [_Entry(**one) for one in self._sealing.unpack(entries)]
        return _course([one for one in _once([*known, mine]) if 0 <= mine.at - one.at < self._seconds])

    async def forget(self, tenant: str, author_id: str) -> bool:
        """Forget an author; whether anything was known.

        Raises:
            WindowsAway: The store does not answer; what is known may still be there.
        """
        return bool(await self._windows.drop([self._key(tenant, author_id)]))

    def _key(self, tenant: str, author_id: str) -> str:
        return f"vangnet:trend:{self._sealing.name('author', tenant, author_id)}"


def _once(entries: Sequence[_Entry]) -> list[_Entry]:
    """Each message with what came last of it, the newest `KEPT`, in the order in which they were sent."""
    newest = {index if one.message is None else one.message: one for index, one in enumerate(entries[-KEPT:])}
    return sorted(newest.values(), key=lambda one: one.at)


def _course(entries: Sequence[_Entry]) -> dict[str, Any]:
    """The answer from messages in the order in which they were sent, of which there is at least one."""
    days = [(entries[-1].at - one.at) / DAY for one in entries]
    risk = _mean([one.logit for one in entries], days, half_life=1)
    low, high = (_logit(bound) for bound in _DRIFT_RANGE)
    logits = [_within(one.logit, (low, high)) for one in entries]
    ages = range(len(logits) - 1, -1, -1)
    short, long = _mean(logits, ages, SHORT), _mean(logits, ages, LONG)
    rising = len(logits) >= ENOUGH and short > long + MARGIN and median(logits[-ENOUGH:]) > long
    return {
        "risk": 1 / (1 + math.exp(-risk)),
        "direction": "rising" if rising else "steady",
        "messages": len(entries),
    }


def _mean(values: Sequence[float], ages: Sequence[float], half_life: float) -> float:
    """Mean that halves a value's weight with each half-life of its age."""
    weights = [math.exp2(-age / half_life) for age in ages]
    return sum(value * weight for value, weight in zip(values, weights, strict=True)) / sum(weights)


def _logit(share: float) -> float:
    return math.log(share / (1 - share))


def _within(value: float, bounds: tuple[float, float]) -> float:
    return min(max(value, bounds[0]), bounds[1])
