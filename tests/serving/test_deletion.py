"""Deletion of a message, a conversation or an author: all that is stored of it, wherever it is, and nothing else."""

from contextlib import closing

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import func, select, text

from classifier import Message
from classifier.answer import judge
from serving.app import create_app
from serving.database import Database
from serving.deletion import Kept, delete_stored
from serving.forwarding import Forwarding
from serving.keys import Scope, create_key
from serving.reviews import Origin, Reviews, Storage
from serving.sealing import Sealing
from serving.settings import Settings
from serving.spool import Spool
from serving.tables import ReviewItem, Verdict, WebhookEvent
from serving.verdicts import Ruling, save_verdict

RISKY = "ik wil niet meer leven"
TARGETS = ("http://een.example/haak",)


@pytest.fixture
def spool(tmp_path):
    with closing(Spool(tmp_path / "spool.db", 8)) as spool:
        yield spool


@pytest.fixture
def put(spool, classifier):
    message = Message(RISKY)
    answer = judge(classifier, message)
    reviews = Reviews(spool, Storage.IDS, Sealing.ephemeral(), 0.0)

    def put(message_id, conversation_id, author_id, tenant="school"):
        origin = Origin(tenant, message_id, 0, conversation_id, author_id)
        reviews.put(origin.item_id(), origin, message, answer, 1.0)
        return origin.item_id()

    return put


@pytest.mark.parametrize(
    ("of", "value", "gone"), [(Kept.MESSAGE, "a", "a"), (Kept.CONVERSATION, "klas", "ab"), (Kept.AUTHOR, "noor", "ac")]
)
@pytest.mark.parametrize("stored", [True, False], ids=["stored", "waiting"])
def test_each_id_deletes_its_items_verdicts_and_events(database, spool, put, of, value, gone, stored):
    items = {
        name: put(name, *ids)
        for name, ids in {"a": ("klas", "noor"), "b": ("klas", "sem"), "c": ("gang", "noor")}.items()
    }
    items["club"] = put("a", "klas", "noor", tenant="club")
    forwarding = Forwarding(spool, database, TARGETS)
    if stored:
        forwarding.run()
    for message_id, tenant in (("a", "school"), ("b", "school"), ("c", "school"), ("a", "club")):
        save_verdict(database, tenant, message_id, 0, "mod", {"self_harm/ideation": Ruling.RIGHT}, None)
    counts = delete_stored(database, spool, "school", of, value)
    assert counts["items"] == len(gone)
    if stored:
        assert counts["verdicts"] == len(gone)
    forwarding.run()
    left = {item for name, item in items.items() if name not in gone}
    with database.session() as session:
        assert set(session.scalars(select(ReviewItem.id))) == left
        assert set(session.scalars(select(WebhookEvent.item_id))) == left
        verdicts = {tuple(row) for row in session.execute(select(Verdict.tenant, Verdict.message_id))}
    expected = {("school", name) for name in "abc" if name not in gone} | {("club", "a")}
    # Of items that are still on their way, only a message's own verdicts can be found.
    assert verdicts == expected if stored or of is Kept.MESSAGE else verdicts >= expected
    assert delete_stored(database, spool, "school", of, value)["items"] == 0


def test_verdicts_on_a_message_that_is_not_stored_go_with_its_id(database):
    save_verdict(database, "school", "a", 0, "mod", {"self_harm/ideation": Ruling.WRONG}, None)
    save_verdict(database, "school", "a", 3, "mod", {"self_harm/ideation": Ruling.WRONG}, None)
    assert delete_stored(database, None, "school", Kept.MESSAGE, "a") == {"items": 0, "verdicts": 2}


def test_a_verdict_on_a_message_without_id_goes_with_its_author(database, spool, put):
    put(None, "klas", "noor")
    Forwarding(spool, database, (), None).run()
    with database.session() as session:
        item_id = session.scalar(select(ReviewItem.id))
    save_verdict(database, "school", item_id, 0, "mod", {"self_harm/ideation": Ruling.RIGHT}, None)
    save_verdict(database, "school", "b", 0, "mod", {"self_harm/ideation": Ruling.RIGHT}, None)
    assert delete_stored(database, spool, "school", Kept.AUTHOR, "noor") == {"items": 1, "verdicts": 1}


def test_a_conversation_of_any_length_can_be_deleted(postgresql_url, monkeypatch):
    monkeypatch.setattr("serving.database.SECONDS", 60)  # a busy machine may take longer
    count = 66_000  # more values than one statement of PostgreSQL may have
    with closing(Database(postgresql_url)) as database:
        database.migrate()
        with database.session() as session:
            columns = (
                "id, tenant, message_id, revision, conversation_id, received_at, decision, severity, reasons, scores"
            )
            values = "x, 'school', 'm' || x, 0, 'klas', now(), 'review', 'high', '[]', '[]', '{}', 1"
            rows = f"select {values} from generate_series(1, {count}) as x"
            session.execute(text(f"insert into review_items ({columns}, versions, probability) {rows}"))
        save_verdict(database, "school", "m7", 0, "mod", {"self_harm/ideation": Ruling.RIGHT}, None)
        counts = delete_stored(database, None, "school", Kept.CONVERSATION, "klas")
    assert counts == {"items": count, "verdicts": 1}


def test_nothing_of_what_was_deleted_stays_in_the_files(tmp_path, spool, put):
    folder = tmp_path / "daar"
    folder.mkdir()
    with closing(Database(f"sqlite:///{folder / 'vangnet.db'}")) as database:
        database.migrate()
        for number in range(50):
            put(f"m-{number}", "kanariegeel-klas" if number % 2 else "gang", f"noor-{number % 2}")
        Forwarding(spool, database, TARGETS).run()
        assert b"kanariegeel" in b"".join(file.read_bytes() for file in folder.iterdir())
        assert delete_stored(database, spool, "school", Kept.CONVERSATION, "kanariegeel-klas")["items"] == 25
        # While the database is in use: SQLite's log would be merged when the last connection closes.
        for file in [*folder.iterdir(), *tmp_path.glob("spool.db*")]:
            assert b"kanariegeel" not in file.read_bytes(), file.name


def test_the_endpoint_deletes_what_the_service_keeps_of_the_caller_or_of_a_named_tenant(classifier, tmp_path):
    settings = Settings(
        data=tmp_path, review_storage=Storage.IDS, memory_minutes=10, trend_days=3, workers=1, deadline_ms=60_000
    )
    with closing(Database(settings.database)) as database:
        database.migrate()
        keys = {
            name: {"Authorization": f"Bearer {create_key(database, name, scopes)}"}
            for name, scopes in {"school": [Scope.CLASSIFY], "club": [Scope.CLASSIFY], "beheer": [Scope.ADMIN]}.items()
        }

        def items():
            with database.session() as session:
                return session.scalar(select(func.count()).select_from(ReviewItem))

        with TestClient(create_app(settings, classifier)) as client:
            body = {"text": RISKY, "conversation_id": "klas", "author_id": "noor", "remember": True}
            for tenant in ("school", "club"):
                client.post("/v1/classify", json=body | {"message_id": tenant}, headers=keys[tenant])

            def delete(who="beheer", **body):
                return client.post("/v1/deletions", json=body, headers=keys[who])

            assert delete("school", of="author", id="noor").status_code == 403
            empty = {"items": 0, "verdicts": 0, "remembered": False}
            assert delete(of="author", id="noor").json() == empty  # of its own it has none
            assert delete(of="author", id="noor", tenant="school").json() == empty | {"items": 1, "remembered": True}
            assert delete(of="author", id="noor", tenant="school").json() == empty
            assert delete(of="conversation", id="klas", tenant="school").json() == empty | {"remembered": True}
            again = client.post("/v1/classify", json=body | {"message_id": "2"}, headers=keys["school"]).json()
            assert (again["memory"]["messages"], again["trend"]["messages"]) == (0, 1)
            again = client.post("/v1/classify", json=body | {"message_id": "2"}, headers=keys["club"]).json()
            assert (again["memory"]["messages"], again["trend"]["messages"]) == (1, 2)
            while client.app.state.service.spool:
                pass
        assert items() == 3


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"of": "author"}, "id"),
        ({"of": "author", "id": ""}, "id"),
        ({"of": "author_id", "id": "noor"}, "of"),
        ({"id": "noor"}, "of"),
        ({"of": "author", "id": "a\x00b"}, "id"),
        ({"of": "author", "id": "noor", "tenant": "a\x00b"}, "tenant"),
    ],
)
def test_a_wrong_deletion_is_told(classifier, tmp_path, postgresql_url, body, field):
    settings = Settings(data=tmp_path, database_url=SecretStr(postgresql_url), workers=1)
    with closing(Database(settings.database)) as database:
        database.migrate()
        key = create_key(database, "beheer", [Scope.ADMIN])
    with TestClient(create_app(settings, classifier)) as client:
        answer = client.post("/v1/deletions", json=body, headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 422
    assert [problem["field"] for problem in answer.json()["errors"]] == [field]
