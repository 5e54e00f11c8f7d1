"""From the spool to the database: each record once, with its webhook events, in one transaction."""

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, StatementError
from sqlalchemy.orm import Session

from classifier.policy import Action
from serving.database import Database
from serving.deletion import Kept, fingerprint
from serving.links import link
from serving.spool import Spool
from serving.tables import Deletion, ReviewItem, WebhookEvent

_TOLD = ("message_id", "revision", "conversation_id", "author_id", "decision", "severity", "reasons", "versions")
_LOG = logging.getLogger("vangnet.forwarding")


class Forwarding:
    """Moves review items.

    Args:
        spool: Where they wait.
        database: Where they go.
        targets: Addresses that get an event for each flagged message.
        template: Of links that events carry, see `link`; None for none.
    """

    def __init__(self, spool: Spool, database: Database, targets: Sequence[str], template: str | None = None) -> None:
        self._spool = spool
        self._database = database
        self._targets = targets
        self._template = template

    def run(self) -> int:
        """Move everything that waits.

        Returns:
            How many records were moved.

        Raises:
            DatabaseError: The database is away; what it does not have stays in the spool.
        """
        moved = 0
        while count := self._spool.hand_over(self._store):
            moved += count
        return moved

    def _store(self, records: Sequence[Mapping[str, Any]]) -> None:
        with self._database.session() as session:
            self._database.hold(session, Deletion)
            for record in records:
                item = _item(record)
                if _deleted(session, item):
                    continue
                try:
                    with session.begin_nested():
                        if self._keep(session, item) and item["decision"] != Action.ALLOW:
                            session.add_all(self._event(item, target) for target in self._targets)
                except StatementError as error:
                    if isinstance(error, DBAPIError) and not isinstance(error, DataError | IntegrityError):
                        raise
                    # Such a record would fail for ever and hold up all others.
                    _LOG.error("a record was dropped: %s", type(error).__name__)

    def _keep(self, session: Session, item: Mapping[str, Any]) -> bool:
        """Whether it is new, or flagged where the same message was drawn as an allowed one, by another policy say."""
        if self._database.insert_new(session, ReviewItem, dict(item)):
            return True
        known = session.get_one(ReviewItem, item["id"])
        if known.decision != Action.ALLOW or item["decision"] == Action.ALLOW:
            return False
        for name, value in item.items():
            setattr(known, name, value)
        return True

    def _event(self, item: Mapping[str, Any], target: str) -> WebhookEvent:
        now = datetime.now(UTC)
        data = {"item_id": item["id"]} | {name: item[name] for name in _TOLD}
        if self._template is not None:
            data["link"] = link(self._template, item)
        payload = {"type": f"message.{item['decision']}", "timestamp": item["received_at"].isoformat(), "data": data}
        return WebhookEvent(
            item_id=item["id"], target=target, payload=payload, state="due", attempts=0, due_at=now, created_at=now
        )


def _item(record: Mapping[str, Any]) -> dict[str, Any]:
    return dict(record) | {
        "sent_at": record["sent_at"] and datetime.fromisoformat(record["sent_at"]),
        "received_at": datetime.fromisoformat(record["received_at"]),
        "sealed": record["sealed"] and record["sealed"].encode(),
    }


def _deleted(session: Session, item: Mapping[str, Any]) -> bool:
    """Whether somebody asked to delete it after it was received."""
    prints = [fingerprint(of, item[of.field]) for of in Kept if item[of.field] is not None]
    found = (
        select(Deletion.id)
        .where(Deletion.tenant == item["tenant"], Deletion.value_sha256.in_(prints), Deletion.at >= item["received_at"])
        .limit(1)
    )
    return session.scalar(found) is not None
