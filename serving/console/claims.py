"""Who works on which item: two moderators never hold the same one, and none holds one for long."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from serving.console import queue
from serving.console.queue import Filters
from serving.database import Database
from serving.tables import Claim

LASTS = timedelta(minutes=10)
"""After which an item is free again, unless its moderator goes on working."""


def take(database: Database, item_id: str, moderator: str, now: datetime | None = None) -> bool:
    """Claim an item; whether it is this moderator's now.

    Raises:
        DatabaseError: The database is away, or the item is gone.
    """
    with database.session() as session:
        return take_within(database, session, item_id, moderator, now or datetime.now(UTC))


def take_within(database: Database, session: Session, item_id: str, moderator: str, now: datetime) -> bool:
    """As `take`, as a part of a transaction.

    One statement takes over a claim that is over, another adds one where none is: of two moderators, the second finds the
    row of the first.
    """
    over = or_(Claim.until <= now, Claim.moderator == moderator)
    taken = update(Claim).where(Claim.item_id == item_id, over).values(moderator=moderator, until=now + LASTS)
    if session.scalar(taken.returning(Claim.item_id)) is not None:
        return True
    return database.insert_new(session, Claim, {"item_id": item_id, "moderator": moderator, "until": now + LASTS})


def renew(database: Database, item_id: str, moderator: str, now: datetime | None = None) -> bool:
    """Hold an item for another `LASTS`; False when the claim is another's, or over."""
    with database.session() as session:
        return renew_within(session, item_id, moderator, now or datetime.now(UTC))


def renew_within(session: Session, item_id: str, moderator: str, now: datetime) -> bool:
    """As `renew`, as a part of a transaction: nobody else takes the item before its end."""
    own = (Claim.item_id == item_id, Claim.moderator == moderator, Claim.until > now)
    return session.scalar(update(Claim).where(*own).values(until=now + LASTS).returning(Claim.item_id)) is not None


def release(database: Database, item_id: str, moderator: str) -> bool:
    """Give an item back; whether it was this moderator's."""
    own = (Claim.item_id == item_id, Claim.moderator == moderator)
    with database.session() as session:
        return session.scalar(delete(Claim).where(*own).returning(Claim.item_id)) is not None


def holder(database: Database, item_id: str, now: datetime | None = None) -> Claim | None:
    """The valid claim on an item."""
    with database.session() as session:
        found = session.scalar(select(Claim).where(Claim.item_id == item_id, Claim.until > (now or datetime.now(UTC))))
        session.expunge_all()
    return found


def take_next(
    database: Database, moderator: str, filters: Filters, skip: str | None = None, now: datetime | None = None
) -> str | None:
    """Claim the first free item of the queue but `skip`; its id, or None when there is none."""
    now = now or datetime.now(UTC)
    while ids := [one for one in queue.free(database, moderator, filters, now) if one != skip]:
        for item_id in ids:
            if take(database, item_id, moderator, now):
                if queue.waits(database, item_id, moderator):
                    return item_id
                release(database, item_id, moderator)  # somebody judged it since the queue was read
    return None
