"""What is stored goes when its time is over."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, delete, inspect, select

from serving.database import Database
from serving.tables import Deletion, ReviewItem, ScoreSample, Table, Verdict

SCORE_DAYS = 30
"""Days for which score samples are kept."""
PORTION = 1_000
"""Rows deleted in one transaction, so that none takes long."""
_GRACE = timedelta(days=30)
"""For which a request to delete is remembered beyond the retention: a replica may have been away with its spool."""


def enforce(database: Database, days: int, now: datetime | None = None) -> int:
    """Delete review items, with their webhook events, and verdicts that are older than `days`, and old score samples.

    Returns:
        How many review items were deleted.

    Raises:
        DatabaseError: The database is away; the next run deletes what is left.
    """
    today = now or datetime.now(UTC)
    oldest = today - timedelta(days=days)
    _delete(database, Verdict, Verdict.at < oldest)
    _delete(database, Deletion, Deletion.at < oldest - _GRACE)
    _delete(database, ScoreSample, ScoreSample.day < (today - timedelta(days=SCORE_DAYS)).date().isoformat())
    deleted = _delete(database, ReviewItem, ReviewItem.received_at < oldest)
    database.forget_deleted()
    return deleted


def _delete(database: Database, table: type[Table], where: ColumnElement[bool]) -> int:
    [key] = inspect(table).primary_key
    deleted = 0
    while True:
        with database.session() as session:
            ids = session.execute(select(key).where(where).limit(PORTION)).scalars().all()
            session.execute(delete(table).where(key.in_(ids)))
        deleted += len(ids)
        if len(ids) < PORTION:
            return deleted
