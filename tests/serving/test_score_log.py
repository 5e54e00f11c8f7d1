"""Samples of scores: as many as asked, without anything that leads to a message, and never too many a day."""

import math
from collections import Counter
from contextlib import closing

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import select

from classifier import Message
from classifier.answer import judge
from classifier.labels import LABEL_NAMES
from serving import score_log
from serving.app import create_app
from serving.database import Database, DatabaseError
from serving.score_log import ScoreLog
from serving.settings import Settings
from serving.tables import ScoreSample


@pytest.fixture(scope="module")
def answer(classifier):
    return judge(classifier, Message("ik wil niet meer leven"))


def samples(database):
    with database.session() as session:
        found = session.scalars(select(ScoreSample)).all()
        session.expunge_all()
    return found


def test_the_share_that_was_asked_for_is_drawn(database, answer):
    log = ScoreLog(database, 0.3)
    for _ in range(2000):
        log.offer(answer)
    written = log.write()
    assert abs(written - 600) < 4 * math.sqrt(2000 * 0.3 * 0.7)
    assert len(samples(database)) == written
    assert log.write() == 0


def test_a_sample_has_scores_and_versions_and_nothing_of_the_message(classifier, tmp_path, database, answer):
    url = database.engine.url.render_as_string(hide_password=False)
    settings = Settings(data=tmp_path, database_url=SecretStr(url), score_log=1.0, workers=1, deadline_ms=60_000)
    names = {name: f"kanariegeel-{name}" for name in ("message_id", "conversation_id", "author_id")}
    with TestClient(create_app(settings, classifier)) as client:
        client.post("/v1/classify", json={"text": "ik wil niet meer leven", "sent_at": "2020-01-01T00:00:00Z"} | names)
        client.post("/v1/classify/batch", json={"messages": [{"text": "hoi"}, {"text": ""}]})
    first, _ = found = samples(database)
    assert first.scores == [answer["labels"][name]["score"] for name in LABEL_NAMES]
    assert (first.model, first.policy) == (classifier.versions["model"], answer["versions"]["policy"])
    assert {column.name for column in ScoreSample.__table__.columns} == {
        "id",
        "day",
        "draw",
        "model",
        "policy",
        "scores",
    }
    assert "kanariegeel" not in str([vars(one) for one in found])


def test_a_day_has_a_most_for_all_replicas_together_and_no_hour_counts_more(database, answer, monkeypatch):
    monkeypatch.setattr(score_log, "DAILY", 200)
    one, other = ScoreLog(database, 1.0), ScoreLog(database, 1.0)
    for number in range(2_000):
        for log in (one, other):
            log.offer(answer | {"versions": {"model": "m", "policy": str(number)}})
            if number % 50 == 49:
                log.write()
    # Another day has its own most, also when two days wait together.
    one.offer(answer)
    one._waiting.append(one._waiting[0] | {"day": "2999-01-01"})
    one.write()
    found = samples(database)
    assert Counter(sample.day == "2999-01-01" for sample in found) == {True: 1, False: 200}
    numbers = [int(sample.policy) for sample in found if sample.policy.isdigit()]
    # Of the first half as many as of the second: 100 each, give or take four standard deviations.
    assert 72 <= sum(number < 1_000 for number in numbers) <= 128


def test_while_the_database_is_away_samples_wait_up_to_a_bound(postgresql, postgresql_url, answer, monkeypatch):
    with closing(Database(postgresql_url)) as database:
        database.migrate()
        log = ScoreLog(database, 1.0)
        try:
            postgresql.stop()
            for _ in range(10_050):
                log.offer(answer)
            with pytest.raises(DatabaseError):
                log.write()
        finally:
            postgresql.start()
        assert log.write() == 10_000
        assert len(samples(database)) == 10_000
