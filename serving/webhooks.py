"""Webhooks: events from the database outbox to the configured addresses, signed, at least once."""

import base64
import json
import logging
import random
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import httpx
from sqlalchemy import func, select, update
from standardwebhooks.webhooks import Webhook

from classifier.errors import VangnetError
from serving.database import Database
from serving.tables import WebhookEvent

_LOG = logging.getLogger("vangnet.webhooks")
TIMEOUT = 10.0
"""Seconds that a target may take to answer."""
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(hours=1)
ATTEMPTS = 33
"""The pauses double from the first to the longest: 33 attempts take about a day, then the event is a dead letter."""
_LEASE = timedelta(minutes=5)
"""For which a claimed event is not sent by another replica; after a crash it is sent again."""
_AT_ONCE = 5


class WebhookError(VangnetError):
    """The secret cannot be used."""


class Delivery:
    """Sends the events of one target, oldest first; another target's troubles never hold it up.

    Signed as Standard Webhooks (standardwebhooks.com, version 1): HMAC-SHA256 over id, timestamp and body.

    Args:
        database: The outbox.
        target: Address.
        secret: Shared with the target, at least 24 characters.
        now: The time; tests move it.

    Raises:
        WebhookError: The secret is too short.
    """

    def __init__(
        self, database: Database, target: str, secret: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._database = database
        self._target = target
        self._signer = signer(secret)
        self._now = now
        self._stopping = threading.Event()
        # Redirects are not followed: events go where the configuration says and nowhere else.
        self._client = httpx.Client(timeout=TIMEOUT, follow_redirects=False, trust_env=False)

    def run(self) -> int:
        """Send what is due.

        Returns:
            How many events were delivered.

        Raises:
            DatabaseError: The database is away; events stay due.
        """
        delivered = 0
        while claimed := self._claim():
            for event in claimed:
                if self._stopping.is_set():
                    return delivered  # what was claimed is sent when its lease ends
                problem = self._send(event)
                self._settle(event, problem)
                delivered += problem is None
        return delivered

    def stop(self) -> None:
        """Send nothing more, from another thread."""
        self._stopping.set()

    def _claim(self) -> Sequence[WebhookEvent]:
        now = self._now()
        with self._database.session() as session:
            events = session.scalars(
                select(WebhookEvent)
                .where(WebhookEvent.target == self._target, WebhookEvent.state == "due", WebhookEvent.due_at <= now)
                .order_by(WebhookEvent.due_at)
                .limit(_AT_ONCE)
                .with_for_update(skip_locked=True)
            ).all()
            for event in events:
                event.due_at = now + _LEASE
            session.flush()
            session.expunge_all()
        return events

    def _send(self, event: WebhookEvent) -> str | None:
        body = json.dumps(event.payload)
        now = self._now()
        headers = {
            "Content-Type": "application/json",
            "webhook-id": event.item_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._signer.sign(event.item_id, now, body),
        }
        try:
            # The status is enough: a body could go on for ever.
            with self._client.stream("POST", self._target, content=body, headers=headers) as answer:
                return None if answer.is_success else f"status {answer.status_code}"
        except httpx.HTTPError as error:
            return type(error).__name__

    def _settle(self, event: WebhookEvent, problem: str | None) -> None:
        attempts = event.attempts + 1
        values = {"attempts": attempts, "last_problem": problem}
        if problem is None:
            values["state"] = "delivered"
        elif attempts >= ATTEMPTS:
            values["state"] = "dead"
            _LOG.error("an event is a dead letter after %d attempts: %s", attempts, problem)
        else:
            # A little chance, so that replicas and events do not all come back at one moment.
            pause = min(FIRST_PAUSE * 2 ** (attempts - 1), LONGEST_PAUSE) * random.uniform(0.9, 1.1)
            values["due_at"] = self._now() + pause
        with self._database.session() as session:
            session.execute(
                update(WebhookEvent)
                .where(WebhookEvent.item_id == event.item_id, WebhookEvent.target == self._target)
                .values(values)
            )

    def close(self) -> None:
        """Close connections."""
        self._client.close()


def signer(secret: str) -> Webhook:
    """What signs and verifies with a secret, given as plain text.

    Raises:
        WebhookError: It has fewer than 24 characters.
    """
    if len(secret) < 24:
        raise WebhookError("VANGNET_WEBHOOK_SECRET: needs at least 24 characters")
    return Webhook(base64.b64encode(secret.encode()).decode())


def counts(database: Database) -> dict[str, int]:
    """Events by state: ``due``, ``delivered``, ``dead``."""
    with database.session() as session:
        rows = session.execute(select(WebhookEvent.state, func.count()).group_by(WebhookEvent.state)).all()
    return {str(state): int(count) for state, count in rows}


def dead_letters(database: Database) -> Sequence[WebhookEvent]:
    """Events that were given up, oldest first."""
    with database.session() as session:
        rows = session.scalars(
            select(WebhookEvent).where(WebhookEvent.state == "dead").order_by(WebhookEvent.created_at)
        ).all()
        session.expunge_all()
    return rows


def replay(database: Database, item_id: str | None = None) -> int:
    """Make dead letters due again, or the events of one item whatever became of them.

    Returns:
        How many events.
    """
    chosen = WebhookEvent.state == "dead" if item_id is None else WebhookEvent.item_id == item_id
    with database.session() as session:
        result = session.execute(
            update(WebhookEvent).where(chosen).values(state="due", attempts=0, due_at=datetime.now(UTC))
        )
        return int(getattr(result, "rowcount", 0))
