"""Requests that say `remember`: context and trend by the API, what stays in Redis, and a Redis that goes away."""

from functools import partial

import pytest
import redis
from cryptography.fernet import Fernet
from fastapi.testclient import TestClient
from pydantic import SecretStr

from serving.app import create_app
from serving.settings import Settings
from serving.windows import RedisWindows

PUSH = {"text": "doe het dan gewoon", "conversation_id": "klas", "author_id": "sem"}
WISH = {"text": "ik wil er niet meer zijn", "conversation_id": "klas", "author_id": "noor"}


@pytest.fixture(params=["local", "redis"])
def store(request, monkeypatch):
    """Settings of a service that remembers, here or in Redis."""
    if request.param == "local":
        return {}
    # Redis may take its time on a busy machine.
    monkeypatch.setattr("serving.service.RedisWindows", partial(RedisWindows, timeout=30.0))
    return redis_settings(request.getfixturevalue("redis_url"))


def redis_settings(url):
    return {"redis_url": SecretStr(url), "secrets": (SecretStr(Fernet.generate_key().decode()),)}


@pytest.fixture
def service(classifier, tmp_path):
    """Makes a client of a service with these settings."""

    def service(**settings):
        made = Settings(data=tmp_path, workers=2, deadline_ms=60_000, **settings)
        return TestClient(create_app(made, classifier))

    return service


def say(client, body, remember=True, **more):
    answer = client.post("/v1/classify", json=body | {"remember": remember} | more)
    assert answer.status_code == 200
    return answer.json()


def peer(answer):
    return answer["areas"]["peer_influence"]


def test_without_the_settings_nothing_is_remembered_and_the_answer_says_so(service):
    with service() as client:
        say(client, WISH)
        answer = say(client, PUSH)
        assert answer["memory"] == {"state": "off", "messages": 0}
        assert "trend" not in answer
        assert peer(answer) == peer(say(client, {"text": PUSH["text"]}, remember=False))
    with service(memory_minutes=5) as client:
        assert say(client, {"text": "hoi", "author_id": "sem"})["memory"]["state"] == "off"  # no conversation
        answer = client.post("/v1/classify", json={"text": "hoi", "remember": True, "conversation_id": "klas"})
        assert answer.status_code == 422
        assert "author_id" in answer.json()["detail"]


def test_what_another_author_said_before_changes_the_score(service, store):
    with service(memory_minutes=5, **store) as client:
        alone = say(client, PUSH, conversation_id="gang", message_id="x")
        assert alone["memory"] == {"state": "on", "messages": 0}
        assert say(client, WISH, message_id="a")["memory"] == {"state": "on", "messages": 0}
        after = say(client, PUSH, message_id="b")
        assert after["memory"] == {"state": "on", "messages": 1}
        assert peer(after) > peer(alone) + 0.2
        given = {"text": PUSH["text"], "context": [{"role": "peer", "text": WISH["text"]}]}
        assert after["labels"] == say(client, given, remember=False)["labels"]
        assert say(client, PUSH, message_id="b")["labels"] == after["labels"]  # a retry
        # A batch and another conversation by the same rules.
        [item] = client.post("/v1/classify/batch", json={"messages": [PUSH | {"remember": True}]}).json()["results"]
        assert item["result"]["memory"] == {"state": "on", "messages": 2}
        assert say(client, PUSH, conversation_id="hal")["memory"]["messages"] == 0


def test_given_context_wins_and_the_message_is_remembered_all_the_same(service, store):
    with service(memory_minutes=5, **store) as client:
        say(client, WISH)
        context = [{"role": "peer", "text": "zal ik de laatste koek pakken?"}]
        answer = say(client, PUSH, context=context)
        assert answer["memory"] == {"state": "on", "messages": 0}
        assert peer(answer) == peer(say(client, {"text": PUSH["text"], "context": context}, remember=False))
        assert peer(say(client, PUSH, context=[])) == peer(say(client, {"text": PUSH["text"]}, remember=False))
        assert say(client, WISH)["memory"]["messages"] == 3


def test_ids_alone_leave_nothing_behind(service, redis_url):
    settings = {"memory_minutes": 5, "trend_days": 7} | redis_settings(redis_url)
    with redis.Redis.from_url(redis_url) as held, service(**settings) as client:
        for body in (WISH, PUSH):
            answer = say(client, body, remember=False, message_id="a", sent_at="2026-03-01T12:00:00Z")
            assert not {"memory", "trend"} & answer.keys()
        assert held.keys() == []
        say(client, WISH)
        keys = held.keys()
    assert {key.split(b":")[1] for key in keys} == {b"memory", b"trend"}
    assert not [key for key in keys if b"klas" in key or b"noor" in key]


def test_messages_are_judged_without_redis_and_context_comes_back_with_it(service, redis_server, redis_url):
    with service(memory_minutes=5, trend_days=7, **redis_settings(redis_url)) as client:
        say(client, WISH)
        try:
            redis_server.stop()
            answer = say(client, PUSH)
            assert answer["memory"] == {"state": "away", "messages": 0}
            assert "trend" not in answer
            assert peer(answer) == peer(say(client, {"text": PUSH["text"]}, remember=False))
            ready = client.get("/ready")
            assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
            assert ready.json()["degraded"] == ["memory"]
        finally:
            redis_server.start()
        while (answer := say(client, WISH))["memory"]["state"] == "away":
            pass
        assert answer["memory"]["state"] == "on"
        assert client.get("/ready").json()["status"] == "ready"


def test_the_trend_of_an_author_shows(service, store):
    with service(trend_days=7, **store) as client:
        calm = [say(client, {"text": "hoi", "author_id": "noor"}, sent_at=f"2026-03-01T12:0{n}:00Z") for n in range(3)]
        answer = say(client, WISH, sent_at="2026-03-01T13:00:00Z")
        assert [one["trend"]["messages"] for one in [*calm, answer]] == [1, 2, 3, 4]
        assert answer["trend"]["risk"] > calm[-1]["trend"]["risk"]
        assert answer["trend"]["direction"] == "steady"  # too few to tell
        assert answer["memory"]["state"] == "off"
        assert say(client, {"text": "hoi", "author_id": "sem"})["trend"]["messages"] == 1
