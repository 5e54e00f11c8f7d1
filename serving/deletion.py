"""Deletion of what is stored about a message, a conversation or an author."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, delete, func, select

from serving.database import Database
from serving.spool import Spool
from serving.tables import Deletion, ReviewItem, Verdict


class Kept(StrEnum):
    """By which id items can be deleted."""

    MESSAGE = "message"
    CONVERSATION = "conversation"
    AUTHOR = "author"

    @property
    def field(self) -> str:
        """The item's field that has the id."""
        return f"{self}_id"


def fingerprint(of: Kept, value: str) -> str:
    """SHA-256 of an id, so that a deleted one is not kept itself."""
    return hashlib.sha256(json.dumps([of, value]).encode()).hexdigest()


def delete_stored(database: Database, spool: Spool | None, tenant: str, of: Kept, value: str) -> Mapping[str, int]:
    """Delete review items with their webhook events and verdicts, here and on their way to the database.

    Items that other replicas still hold are dropped when they arrive.

    Args:
        database: Where items stand.
        spool: Where they wait; None when nothing is stored.
        tenant: Whose items.
        of: What the id is of.
        value: The id.

    Returns:
        How many ``items`` and ``verdicts`` were deleted.

    Raises:
        DatabaseError: The database is away; nothing was deleted there.
    """
    with database.session() as session:
        session.add(Deletion(tenant=tenant, value_sha256=fingerprint(of, value), at=datetime.now(UTC)))
        chosen = (ReviewItem.tenant == tenant, getattr(ReviewItem, of.field) == value)
        # Verdicts are kept by message: those of the items that go, and for a message those that came without an item.
        # The console files the verdict on a message without id under its item's.
        filed = select(func.coalesce(ReviewItem.message_id, ReviewItem.id)).where(*chosen)
        theirs: ColumnElement[bool] = Verdict.message_id.in_(filed)
        if of is Kept.MESSAGE:
            theirs = Verdict.message_id == value
        verdicts = session.execute(delete(Verdict).where(Verdict.tenant == tenant, theirs))
        items = session.execute(delete(ReviewItem).where(*chosen))
        counts = {"items": _rows(items), "verdicts": _rows(verdicts)}
    database.forget_deleted()
    if spool is not None:
        counts["items"] += spool.remove(lambda record: record["tenant"] == tenant and record[of.field] == value)
    return counts


def _rows(result: Any) -> int:
    assert isinstance(result, CursorResult)
    return result.rowcount
