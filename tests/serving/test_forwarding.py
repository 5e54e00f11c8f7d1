"""From spool to database: everything once, whatever goes wrong in between."""

import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import func, select

from classifier import Message
from classifier.answer import judge
from serving.database import Database, DatabaseError
from serving.deletion import Kept, delete_stored
from serving.forwarding import Forwarding
from serving.reviews import Origin, Reviews, Storage
from serving.sealing import Sealing
from serving.settings import Settings
from serving.spool import Spool
from serving.tables import Deletion, ReviewItem, WebhookEvent

TARGETS = ("http://een.example/haak", "http://twee.example/haak")


@pytest.fixture
def spool(tmp_path):
    with closing(Spool(tmp_path / "spool.db", 8)) as spool:
        yield spool


@pytest.fixture
def put(spool, classifier):
    """Puts a judged message into the spool; gives its item's id."""
    reviews = Reviews(spool, Storage.IDS, Sealing.ephemeral(), 0.0)

    def put(message_id=None, text="ik wil niet meer leven", tenant="school", **more):
        origin, message = Origin(tenant, message_id, **more), Message(text)
        item_id = origin.item_id()
        reviews.put(item_id, origin, message, judge(classifier, message), 1.0)
        return item_id

    return put


def stored(database, column=ReviewItem.id):
    with database.session() as session:
        return list(session.scalars(select(column)))


def test_items_come_once_with_an_event_for_each_target_and_none_when_allowed(database, spool, put):
    sent_at = datetime(2026, 3, 1, 21, tzinfo=UTC)
    flagged = put("a", conversation_id="klas", author_id="noor", sent_at=sent_at)
    allowed = put("b", text="hoi")
    put("a")
    forwarding = Forwarding(spool, database, TARGETS)
    assert forwarding.run() == 3
    put("a")
    assert forwarding.run() == 1
    assert len(spool) == forwarding.run() == 0
    with database.session() as session:
        items = {item.id: item for item in session.scalars(select(ReviewItem))}
        assert items.keys() == {flagged, allowed}
        assert items[flagged].sent_at == sent_at
        assert (items[flagged].conversation_id, items[flagged].author_id) == ("klas", "noor")
        events = session.scalars(select(WebhookEvent)).all()
        assert {(event.item_id, event.target) for event in events} == {(flagged, target) for target in TARGETS}
        assert len(events) == 2
        for event in events:
            assert (event.state, event.attempts, event.payload["type"]) == ("due", 0, "message.review")
            assert event.payload["data"]["item_id"] == flagged
            assert "leven" not in str(event.payload)


def test_while_the_database_is_away_items_wait_and_come_once(postgresql, postgresql_url, spool, put):
    with closing(Database(postgresql_url)) as database:
        database.migrate()
        forwarding = Forwarding(spool, database, TARGETS[:1])
        expected = {put("vooraf")}
        forwarding.run()
        try:
            postgresql.stop()
            expected |= {put(str(number)) for number in range(5)}
            for _ in range(2):
                with pytest.raises(DatabaseError):
                    forwarding.run()
                assert len(spool) == 5
        finally:
            postgresql.start()
        assert forwarding.run() == 5
        assert (len(spool), set(stored(database)), len(stored(database))) == (0, expected, 6)
        assert sorted(stored(database, WebhookEvent.item_id)) == sorted(expected)


def test_what_is_committed_and_not_yet_removed_from_the_spool_comes_no_second_time(database, spool, put):
    ids = {put("a"), put("b")}
    forwarding = Forwarding(spool, database, TARGETS)

    def killed(records):
        forwarding._store(records)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        spool.hand_over(killed)
    assert len(spool) == 2
    assert forwarding.run() == 2
    assert sorted(stored(database)) == sorted(ids)
    assert len(stored(database, WebhookEvent.item_id)) == 4


@pytest.mark.parametrize(
    "refused",
    [
        {"author_id": "x" * 500},
        {"sent_at": datetime.fromisoformat("0001-01-01T00:00:00+14:00")},
        {"sent_at": datetime.fromisoformat("9999-12-31T23:59:59-10:00")},
    ],
    ids=["long", "early", "late"],
)
def test_a_record_that_the_database_refuses_holds_up_no_other(postgresql_url, spool, put, refused, caplog):
    with closing(Database(postgresql_url)) as database:
        database.migrate()
        before = put("a")
        put("b", **refused)
        after = put("c")
        forwarding = Forwarding(spool, database, TARGETS)
        assert forwarding.run() == 3
        assert (set(stored(database)), len(spool)) == ({before, after}, 0)
        assert set(stored(database, WebhookEvent.item_id)) == {before, after}
        assert "dropped" in caplog.text
        assert "xxx" not in caplog.text


def test_a_target_that_is_named_twice_costs_no_item(database, spool, put):
    item = put("a")
    twice = f"{TARGETS[0]},{TARGETS[0]}"
    settings = Settings(webhook_urls=twice, webhook_secret=SecretStr("x" * 24), review_storage=Storage.IDS)
    Forwarding(spool, database, settings.webhook_urls).run()
    assert stored(database) == [item]
    assert stored(database, WebhookEvent.item_id) == [item]


@pytest.mark.parametrize("of", list(Kept))
def test_what_was_to_be_deleted_does_not_arrive_later(database, spool, put, of):
    # Another replica still has it: this one's deletion does not see its spool.
    put(**{of.field: "a"})
    kept = {put(**{of.field: "b"}), put(**{of.field: "a"}, tenant="club")}
    delete_stored(database, None, "school", of, "a")
    Forwarding(spool, database, TARGETS).run()
    assert set(stored(database)) == kept
    after = put(**{of.field: "a"})  # said after the deletion
    Forwarding(spool, database, TARGETS).run()
    assert set(stored(database)) == kept | {after}
    with database.session() as session:
        [deletion] = session.scalars(select(Deletion)).all()
        assert datetime.now(UTC) - deletion.at < timedelta(minutes=10)
        assert len(deletion.value_sha256) == 64


def test_a_deletion_while_items_are_on_their_way_holds(database, spool, put):
    put("a", author_id="noor")
    deleting = threading.Thread(target=lambda: delete_stored(database, spool, "school", Kept.AUTHOR, "noor"))
    insert_new = database.insert_new

    def at_that_moment(*arguments):
        deleting.start()
        deleting.join(1.0)  # either it is through by now, or it waits for this transaction
        return insert_new(*arguments)

    database.insert_new = at_that_moment
    Forwarding(spool, database, TARGETS).run()
    deleting.join()
    with database.session() as session:
        assert session.scalar(select(func.count()).select_from(ReviewItem)) == 0
        assert session.scalar(select(func.count()).select_from(WebhookEvent)) == 0
