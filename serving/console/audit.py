"""The log of what people did in the console. There is no way to change or delete an entry from the console."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import select

from serving.database import Database
from serving.tables import AuditEntry


def note(database: Database, account: str, action: str, **facts: object) -> None:
    """Add an entry.

    Args:
        database: Where it goes.
        account: Who did it.
        action: What, such as ``verdict`` or ``policy.activate``; each has a text ``audit_<action>``, with _ for the dot.
        facts: Ids and figures; never text of a message, a note or a password.

    Raises:
        DatabaseError: The database is away; nothing was written.
    """
    with database.session() as session:
        session.add(AuditEntry(at=datetime.now(UTC), account=account, action=action, facts=facts))


def entries(database: Database, most: int, before: int | None = None) -> Sequence[AuditEntry]:
    """Entries with an id below `before`, newest first."""
    query = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(most)
    with database.session() as session:
        rows = session.scalars(query if before is None else query.where(AuditEntry.id < before)).all()
        session.expunge_all()
    return rows
