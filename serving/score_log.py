"""A random sample of scores, the ground for figures such as alarms a day: no text, no ids."""

import random
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from classifier.labels import LABEL_NAMES
from serving.database import Database
from serving.tables import ScoreSample

DAILY = 50_000
"""Most samples of one day. Of more, those with the lowest random draw stay, so that no hour and no replica counts more."""
_WAITING = 10_000
"""Most samples that wait in memory; beyond it the oldest are lost, which leaves the sample a random one."""


class ScoreLog:
    """Draws samples and writes them.

    Args:
        database: Where they go.
        share: Share in [0, 1] of the messages that is drawn.
    """

    def __init__(self, database: Database, share: float) -> None:
        self._database = database
        self._share = share
        self._random = random.Random()
        self._waiting: deque[dict[str, Any]] = deque(maxlen=_WAITING)
        self._writing = threading.Lock()

    def offer(self, answer: Mapping[str, Any]) -> None:
        """Draw this answer's scores, or not."""
        if self._random.random() < self._share:
            self._waiting.append(
                {
                    "draw": self._random.random(),
                    "day": datetime.now(UTC).date().isoformat(),
                    "model": answer["versions"]["model"],
                    "policy": answer["versions"]["policy"],
                    "scores": [answer["labels"][name]["score"] for name in LABEL_NAMES],
                }
            )

    def write(self) -> int:
        """Write what waits, at most the daily number a day.

        Returns:
            How many samples were written; some may have taken the place of others.

        Raises:
            DatabaseError: The database is away; the samples wait.
        """
        with self._writing:
            rows = list(self._waiting)
            if not rows:
                return 0
            with self._database.session() as session:
                written = sum(self._write(session, day, list(of)) for day, of in groupby(rows, lambda row: row["day"]))
            for _ in rows:
                self._waiting.popleft()
            return written

    def _write(self, session: Session, day: str, rows: Sequence[dict[str, Any]]) -> int:
        highest = _highest(session, day)
        chosen = [row for row in rows if row["draw"] < highest]
        if chosen:
            session.execute(insert(ScoreSample), chosen)
            session.execute(
                delete(ScoreSample).where(ScoreSample.day == day, ScoreSample.draw > _highest(session, day))
            )
        return len(chosen)


def _highest(session: Session, day: str) -> float:
    """The draw of the last sample that still has room."""
    of_day = select(ScoreSample.draw).where(ScoreSample.day == day).order_by(ScoreSample.draw)
    found = session.scalar(of_day.offset(DAILY - 1).limit(1))
    return 1.0 if found is None else found
