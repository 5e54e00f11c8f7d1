"""What is too old goes with all that hangs on it, and what is younger stays."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from serving.database import Database, DatabaseError
from serving.retention import enforce
from serving.tables import Deletion, ReviewItem, ScoreSample, Verdict, WebhookEvent

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)


def add(database, days):
    """One of each, so many days old."""
    at, name = NOW - timedelta(days=days), str(days)
    item = ReviewItem(
        id=name,
        tenant="school",
        message_id=name,
        revision=0,
        received_at=at,
        decision="review",
        severity="high",
        reasons=[],
        scores=[0.5],
        versions={},
        probability=1,
    )
    event = {"payload": {}, "state": "delivered", "attempts": 1, "due_at": at, "created_at": at}
    verdict = {"tenant": "school", "revision": 0, "moderator": "mod", "labels": {}, "at": at}
    with database.session() as session:
        session.add(item)
        session.flush()
        session.add_all(WebhookEvent(item_id=name, target=target, **event) for target in ("http://a", "http://b"))
        session.add(Verdict(message_id=name, **verdict))
        session.add(Deletion(tenant="school", value_sha256=name, at=at))
        session.add(ScoreSample(draw=0.5, day=at.date().isoformat(), model=name, policy="p", scores=[0.5]))


def left(database):
    columns = (ReviewItem.id, WebhookEvent.item_id, Verdict.message_id, Deletion.value_sha256, ScoreSample.model)
    with database.session() as session:
        return [sorted(set(session.scalars(select(column))), key=float) for column in columns]


def test_old_things_go_with_what_hangs_on_them_and_younger_ones_stay(database):
    for days in (0, 6.9, 7.1, 29, 36.9, 37.1, 400):
        add(database, days)
    assert enforce(database, 7, NOW) == 5
    young, samples = ["0", "6.9"], ["0", "6.9", "7.1", "29"]
    # A request to delete is known for longer: an item may still arrive from a replica that was away.
    assert left(database) == [young, young, young, [*samples, "36.9"], samples]
    assert enforce(database, 7, NOW) == 0
    assert enforce(database, 7, NOW + timedelta(days=365)) == 2
    assert left(database) == [[]] * 5


def test_an_absent_database_is_told(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'nergens' / 'vangnet.db'}")
    with pytest.raises(DatabaseError):
        enforce(database, 7)
    database.close()
