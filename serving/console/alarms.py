"""How many alarms a policy would raise a day, and how scores lie, by the log of random scores."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from cachetools import TTLCache, cached
from numpy.typing import NDArray
from sqlalchemy import func, select

from classifier.labels import LABEL_NAMES
from classifier.policy import Policy
from serving import score_log
from serving.console.figures import Figure, reached, wilson
from serving.database import Database
from serving.tables import ScoreSample

MOST = 50_000
"""Samples whose scores are read, newest ones."""
_SECONDS = 30
"""For which what was read serves again: reading takes most of a second, and thresholds move several times a second."""


@dataclass(frozen=True)
class _Log:
    """A model's part of the score log.

    Attributes:
        samples: By day how many there are.
        due: By day how many there would be if a day had no most.
        scores: Shape (n, labels), of the newest `MOST`.
    """

    samples: Mapping[str, int]
    due: Mapping[str, float]
    scores: NDArray[np.float64]


def alarms_a_day(
    database: Database, policy: Policy, model: str, share: float, now: datetime | None = None
) -> dict[str, Any]:
    """What a policy would flag of the messages that came in, whatever the policy of their day did.

    Args:
        database: Has the score log.
        policy: Decides; labels that it only observes raise no alarm.
        model: The bundle whose scores count.
        share: Share in [0, 1] of the messages that is logged. It is taken to have been the same on all days.
        now: When.

    Returns:
        ``days``: whole days with samples, so without today; ``messages_logged``: samples of all days; ``share``: of the
        newest logged messages that is flagged; ``per_day``: alarms a day. Both are figures
        (`serving.console.figures.Figure`), not estimable where there is no sample (``no_score_log``), and ``per_day`` not
        where `share` is 0 (``no_score_log``) or no day is whole (``no_whole_day``). The first day counts as a whole one.
        Intervals take messages for independent of each other. What was read serves again for half a minute.

    Raises:
        DatabaseError: The database is away.
    """
    today = (now or datetime.now(UTC)).date().isoformat()
    log = _read(database, model)
    whole = [due for day, due in log.due.items() if day != today]
    found: Figure = {"not_estimable": "no_score_log"}
    per_day = found
    if len(log.scores):
        flagged = (reached(log.scores, policy) > 0).any(axis=1)
        found = wilson(int(flagged.sum()), len(log.scores))
        if share and whole:
            per_day = {bound: rate * sum(whole) / share / len(whole) for bound, rate in found.items()}
        elif share:
            per_day = {"not_estimable": "no_whole_day"}
    return {
        "days": len(whole),
        "messages_logged": sum(log.samples.values()),
        "share": found,
        "per_day": per_day,
    }


def distribution(database: Database, model: str, label: str, bins: int = 40) -> dict[str, list[Any]]:
    """How a label's scores lie: ``edges`` from 0 to 1, one more than ``counts``; of the newest `MOST` samples.

    Raises:
        DatabaseError: The database is away.
    """
    scores = _read(database, model).scores[:, LABEL_NAMES.index(label)]
    counts, edges = np.histogram(scores, bins, (0.0, 1.0))
    return {"edges": edges.tolist(), "counts": counts.tolist()}


@cached(TTLCache(maxsize=8, ttl=_SECONDS), lock=threading.Lock())
def _read(database: Database, model: str) -> _Log:
    of_day = select(ScoreSample.day, func.count(), func.max(ScoreSample.draw)).group_by(ScoreSample.day)
    of_model = select(ScoreSample.day, func.count()).where(ScoreSample.model == model).group_by(ScoreSample.day)
    newest = select(ScoreSample.scores).where(ScoreSample.model == model).order_by(ScoreSample.id.desc()).limit(MOST)
    with database.session() as session:
        # A full day keeps the samples with the lowest draws, which are uniform: the highest is the share that it kept.
        kept = {day: highest if count >= score_log.DAILY else 1.0 for day, count, highest in session.execute(of_day)}
        samples = {day: int(count) for day, count in session.execute(of_model)}
        scores = session.scalars(newest).all()
    due = {day: count / kept[day] for day, count in samples.items()}
    return _Log(samples, due, np.array(scores, float).reshape(len(scores), len(LABEL_NAMES)))
