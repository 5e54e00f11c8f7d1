"""What is stored goes when its time is over."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import delete

from serving.database import Database
from serving.tables import Deletion, ReviewItem, ScoreSample, Verdict

SCORE_DAYS = 30
"""Days for which score samples are kept."""
_GRACE = timedelta(days=30)
"""For which a request to delete is remembered beyond the retention: a replica may have been away with its spool."""


def enforce(database: Database, days: int, now: datetime | None = None) -> int:
    """Delete review items, with their webhook events, and verdicts that are older than `days`, and old score samples.

    Returns:
        How many review items were deleted.

    Raises:
        DatabaseError: The database is away; the next run deletes them.
    """
    today = now or datetime.now(UTC)
    oldest = today - timedelta(days=days)
    with database.session() as session:
        items = session.execute(delete(ReviewItem).where(ReviewItem.received_at < oldest))
        session.execute(delete(Verdict).where(Verdict.at < oldest))
        session.execute(delete(Deletion).where(Deletion.at < oldest - _GRACE))
        first = (today - timedelta(days=SCORE_DAYS)).date().isoformat()
        session.execute(delete(ScoreSample).where(ScoreSample.day < first))
        return int(getattr(items, "rowcount", 0))
