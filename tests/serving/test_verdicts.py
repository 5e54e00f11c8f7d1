"""Verdicts of moderators: one a moderator and message, kept as given, refused clearly."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import select

from serving.app import create_app
from serving.database import Database
from serving.keys import Scope, create_key
from serving.settings import Settings
from serving.tables import Verdict
from serving.verdicts import Ruling, save_verdict

GIVEN = {"message_id": "a", "moderator": "mod-1", "labels": {"self_harm/ideation": "right"}}


@pytest.fixture
def use(classifier, tmp_path, database):
    """A function that posts as a tenant or as one who may only classify, and the database behind it."""
    url = database.engine.url.render_as_string(hide_password=False)
    keys = {name: create_key(database, name, [Scope.REVIEW]) for name in ("school", "club")}
    keys["other"] = create_key(database, "school", [Scope.CLASSIFY])
    settings = Settings(data=tmp_path, database_url=SecretStr(url), review_storage="ids", workers=1)
    with TestClient(create_app(settings, classifier)) as client:
        yield lambda body, who="school": client.post(
            "/v1/verdicts", json=body, headers={"Authorization": f"Bearer {keys[who]}"}
        )


def rows(database):
    with database.session() as session:
        order = (Verdict.tenant, Verdict.message_id, Verdict.revision, Verdict.moderator)
        return [
            (*map(str, found[:4]), found[4], found[5])
            for found in session.execute(select(*order, Verdict.labels, Verdict.action).order_by(*order))
        ]


def test_a_moderator_has_one_verdict_on_a_message_and_each_has_his_own(use, database):
    right, wrong = {"self_harm/ideation": "right"}, {"self_harm/ideation": "wrong", "peer_influence/pact": "unsure"}
    assert use(GIVEN).json() == {"stored_item": False}
    assert use(GIVEN | {"moderator": "mod-2", "action": "gebeld"}).status_code == 201
    assert use(GIVEN | {"labels": wrong, "action": "verwijderd"}).status_code == 201
    assert use(GIVEN | {"revision": 1}).status_code == 201
    assert use(GIVEN, "club").status_code == 201
    assert rows(database) == [
        ("club", "a", "0", "mod-1", right, None),
        ("school", "a", "0", "mod-1", wrong, "verwijderd"),
        ("school", "a", "0", "mod-2", right, "gebeld"),
        ("school", "a", "1", "mod-1", right, None),
    ]


def test_a_verdict_of_the_longest_values_is_kept(use, database):
    longest = {"message_id": "é" * 128, "moderator": "m" * 128, "action": "a" * 128, "revision": 1_000_000}
    assert use(GIVEN | longest).status_code == 201
    assert rows(database)[0][5] == "a" * 128


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"labels": {"kanariegeel": "right"}}, "labels"),
        ({"labels": {}}, "labels"),
        ({"labels": {"self_harm/ideation": "kanariegeel"}}, "labels.self_harm/ideation"),
        ({"message_id": ""}, "message_id"),
        ({"revision": -1}, "revision"),
        ({"moderator": "m" * 129}, "moderator"),
        ({"action": "a\x00b"}, "action"),
        ({"text": "kanariegeel"}, "text"),
    ],
)
def test_a_wrong_verdict_names_its_field(use, database, wrong, field):
    answer = use(GIVEN | wrong)
    assert answer.status_code == 422
    assert [problem["field"] for problem in answer.json()["errors"]] == [field]
    assert "kanariegeel" not in answer.text
    assert rows(database) == []


def test_only_reviewers_judge_and_an_absent_database_is_told(use, classifier, tmp_path, postgresql, postgresql_url):
    assert use(GIVEN, "other").status_code == 403
    with closing(Database(postgresql_url)) as database:
        database.migrate()
        key = create_key(database, "school", [Scope.REVIEW])
    settings = Settings(data=tmp_path, database_url=SecretStr(postgresql_url), workers=1)
    with TestClient(create_app(settings, classifier)) as client:
        try:
            postgresql.stop()
            answer = client.post("/v1/verdicts", json=GIVEN, headers={"Authorization": f"Bearer {key}"})
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        finally:
            postgresql.start()
        assert client.post("/v1/verdicts", json=GIVEN, headers={"Authorization": f"Bearer {key}"}).status_code == 201


def test_first_verdicts_at_once_are_all_taken(database):
    for number in range(10):
        start = threading.Barrier(4)

        def judged(ruling, start=start, message=f"m-{number}"):
            start.wait()
            return save_verdict(database, "school", message, 0, "mod-1", {"self_harm/ideation": ruling}, None)

        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(judged, [Ruling.RIGHT, Ruling.WRONG] * 2)) == [False] * 4
    assert [row[1] for row in rows(database)] == sorted(f"m-{number}" for number in range(10))


def test_an_item_on_its_way_is_known(classifier, tmp_path, postgresql_url):
    with closing(Database(postgresql_url)) as known:
        known.migrate()
        key = create_key(known, "school", [Scope.CLASSIFY, Scope.REVIEW])
    settings = Settings(data=tmp_path, database_url=SecretStr(postgresql_url), review_storage="ids", workers=1)
    app = create_app(settings, classifier)
    service = app.state.service
    service.keys.refresh()
    client = TestClient(app, headers={"Authorization": f"Bearer {key}"})
    message = {"text": "ik wil dood", "message_id": "a"}
    assert client.post("/v1/classify", json=message).json()["decision"] != "allow"
    assert len(service.spool) == 1  # nothing moves it before the service is started
    assert client.post("/v1/verdicts", json=GIVEN).json() == {"stored_item": True}
    with client:
        end = time.monotonic() + 20
        while len(service.spool):
            assert time.monotonic() < end
            time.sleep(0.1)
        assert client.post("/v1/verdicts", json=GIVEN).json() == {"stored_item": True}
        assert client.post("/v1/verdicts", json=GIVEN | {"revision": 1}).json() == {"stored_item": False}
