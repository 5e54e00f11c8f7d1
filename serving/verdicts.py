"""Verdicts of moderators, made in any tool."""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import and_, func, select

from serving.database import Database
from serving.tables import ReviewItem, Verdict

OF_ITEM = and_(
    Verdict.tenant == ReviewItem.tenant,
    Verdict.message_id == func.coalesce(ReviewItem.message_id, ReviewItem.id),
    Verdict.revision == ReviewItem.revision,
)
"""Joins an item with its verdicts; a message without an id of its own is judged under its item's."""


class Ruling(StrEnum):
    """What a moderator says of one label on one message."""

    RIGHT = "right"
    WRONG = "wrong"
    UNSURE = "unsure"


def save_verdict(
    database: Database,
    tenant: str,
    message_id: str,
    revision: int,
    moderator: str,
    labels: Mapping[str, Ruling],
    action: str | None,
) -> bool:
    """Keep a verdict; it takes the place of an earlier one of the same moderator on the same message.

    Args:
        database: Where it is kept.
        tenant: Whose message.
        message_id: The platform's own id.
        revision: Which revision of the message.
        moderator: Who judged, a name or a pseudonym.
        labels: Per label whether it holds for the message.
        action: What was done, in the platform's words.

    Returns:
        Whether the message is in the review storage.

    Raises:
        DatabaseError: The database is away; nothing was kept.
    """
    given = {
        "labels": {name: str(ruling) for name, ruling in labels.items()},
        "action": action,
        "at": datetime.now(UTC),
    }
    with database.session() as session:
        place = {"tenant": tenant, "message_id": message_id, "revision": revision}
        # Inserted first: two at once would both find no row to change.
        if not database.insert_new(session, Verdict, place | {"moderator": moderator} | given):
            row = session.scalars(select(Verdict).filter_by(**place, moderator=moderator).with_for_update()).one()
            for name, value in given.items():
                setattr(row, name, value)
        return session.scalar(select(ReviewItem.id).filter_by(**place).limit(1)) is not None
