"""A random sample of scores, the ground for figures such as alarms a day: no text, no ids."""

import random
import threading
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, insert, select

from classifier.labels import LABEL_NAMES
from serving.database import Database
from serving.tables import ScoreSample

DAILY = 50_000
"""Most samples of one day."""
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
                    "day": datetime.now(UTC).date().isoformat(),
                    "model": answer["versions"]["model"],
                    "policy": answer["versions"]["policy"],
                    "scores": [answer["labels"][name]["score"] for name in LABEL_NAMES],
                }
            )

    def write(self) -> int:
        """Write what waits, up to the daily number.

        Returns:
            How many samples were written.

        Raises:
            DatabaseError: The database is away; the samples wait.
        """
        with self._writing:
            rows = list(self._waiting)
            if not rows:
                return 0
            written = 0
            with self._database.session() as session:
                for day in sorted({row["day"] for row in rows}):
                    known = session.scalar(select(func.count()).select_from(ScoreSample).where(ScoreSample.day == day))
                    chosen = [row for row in rows if row["day"] == day][: max(0, DAILY - (known or 0))]
                    if chosen:
                        session.execute(insert(ScoreSample), chosen)
                    written += len(chosen)
            for _ in rows:
                self._waiting.popleft()
            return written
