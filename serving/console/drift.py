"""Whether scores are distributed as they were: this week against the weeks before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from classifier.labels import LABEL_NAMES
from serving.database import Database
from serving.tables import ScoreSample

RECENT = 7
"""Days, with today, whose scores are compared ..."""
BEFORE = 30
"""... with those of the days before, back to so many days ago."""
EDGES = (0.0001, 0.001, 0.01, 0.1, 0.5)
"""Between bins of scores: most messages score far below 0.01, so the bins are powers of ten."""
LEAST = 500
"""Samples that either side needs."""
DAILY = 1_000
"""Samples read of a day: those with the lowest draws, which are a random choice."""


class Shift(StrEnum):
    """The usual reading of an index: below 0.1, below 0.25, or more."""

    NONE = "none"
    SOME = "some"
    LARGE = "large"


@dataclass(frozen=True)
class LabelDrift:
    """One label's index and its reading; None where it cannot be estimated."""

    label: str
    index: float | None
    shift: Shift | None


@dataclass(frozen=True)
class Drift:
    """How far scores moved.

    Attributes:
        recent: Samples of the last `RECENT` days.
        before: Samples of the days before.
        labels: In label order.
    """

    recent: int
    before: int
    labels: Sequence[LabelDrift]

    @property
    def estimable(self) -> bool:
        """Whether both sides have `LEAST` samples."""
        return min(self.recent, self.before) >= LEAST


def drift(database: Database, model: str, today: date) -> Drift:
    """Compare samples of one model: another one scores differently, which says nothing of the messages.

    Raises:
        DatabaseError: The database is away.
    """
    days = [today - timedelta(days=back) for back in range(BEFORE + 1)]
    with database.session() as session:
        recent, before = (_scores(session, model, some) for some in (days[:RECENT], days[RECENT:]))
    if min(len(recent), len(before)) < LEAST:
        return Drift(len(recent), len(before), [LabelDrift(name, None, None) for name in LABEL_NAMES])
    indices = [stability_index(_binned(old), _binned(new)) for old, new in zip(before.T, recent.T, strict=True)]
    found = [LabelDrift(name, index, shift(index)) for name, index in zip(LABEL_NAMES, indices, strict=True)]
    return Drift(len(recent), len(before), found)


def stability_index(before: ArrayLike, recent: ArrayLike) -> float:
    """Population stability index of two samples counted in the same bins.

    The sum over bins of (recent - before) * ln(recent / before), both as shares. Every bin has half a sample more than was
    counted, so that an empty one has a logarithm. Source: N. Siddiqi, Credit Risk Scorecards (2006), where below 0.1 is no
    significant change, up to 0.25 a small one to look into, and more a large one.

    Args:
        before: Shape (bins,), counts.
        recent: Shape (bins,), counts.

    Returns:
        At least 0, which means equal shares.
    """
    old, new = (np.asarray(counts, float) + 0.5 for counts in (before, recent))
    old, new = old / old.sum(), new / new.sum()
    return float(((new - old) * np.log(new / old)).sum())


def shift(index: float) -> Shift:
    """The usual reading of an index."""
    return Shift.NONE if index < 0.1 else Shift.SOME if index < 0.25 else Shift.LARGE


def _binned(scores: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.bincount(np.digitize(scores, EDGES), minlength=len(EDGES) + 1)


def _scores(session: Session, model: str, days: Sequence[date]) -> NDArray[np.float64]:
    found: list[list[float]] = []
    for day in days:
        of_day = select(ScoreSample.scores).where(ScoreSample.day == day.isoformat(), ScoreSample.model == model)
        found.extend(session.scalars(of_day.order_by(ScoreSample.draw).limit(DAILY)))
    return np.array(found).reshape(-1, len(LABEL_NAMES))
