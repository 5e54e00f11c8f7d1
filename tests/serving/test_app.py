"""The HTTP API, in process; the real server is tested in test_cli.py."""

import json
import logging
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier import Message
from classifier.answer import judge
from classifier.labels import LABEL_NAMES
from classifier.message import MAX_TEXT
from serving.app import create_app
from serving.schemas import MAX_BATCH, MAX_ID, REQUEST_EXAMPLES
from serving.settings import MAX_BODY, Settings
from tests.serving.random_texts import random_texts, sendable

CANARY = "kanariegeel vogeltje"
JSON = {"content-type": "application/json"}
TURN = {"role": "peer", "text": "hoi"}


@pytest.fixture(scope="module")
def client(classifier):
    with TestClient(
        create_app(Settings(workers=2, deadline_ms=60_000), classifier), raise_server_exceptions=False
    ) as client:
        yield client


def judged(answer):
    """The answer without what the service adds to the core's."""
    return {name: value for name, value in answer.items() if name not in ("message_id", "help", "timings")}


def test_answer_equals_the_core(client, classifier):
    for example in REQUEST_EXAMPLES.values():
        answer = client.post("/v1/classify", json=example["value"])
        assert answer.status_code == 200
        core = judge(classifier, Message.from_mapping(example["value"]))
        assert judged(answer.json()) == core
        assert ("help" in answer.json()) == (core["decision"] != "allow")
        assert list(answer.json()["labels"]) == list(LABEL_NAMES)


def test_same_scores_alone_and_under_load(client):
    bodies = [
        {"text": f"bericht {number}: gaat het vandaag wat beter?", "context": [TURN] * (number % 3)}
        for number in range(20)
    ]
    alone = [judged(client.post("/v1/classify", json=body).json()) for body in bodies]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda body: judged(client.post("/v1/classify", json=body).json()), bodies * 3))
    assert together == alone * 3
    batch = client.post("/v1/classify/batch", json={"messages": bodies}).json()
    assert [judged(item["result"]) for item in batch["results"]] == alone


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 422, "text"),
        ({"text": ""}, 422, "text"),
        ({"text": 7}, 422, "text"),
        ({"text": None}, 422, "text"),
        ({"text": "a" * (MAX_TEXT + 1)}, 422, "text"),
        ({"text": "hoi", "context": [TURN] * 6}, 422, "context"),
        ({"text": "hoi", "context": TURN}, 422, "context"),
        ({"text": "hoi", "context": [{"role": "moderator", "text": CANARY}]}, 422, "context[0].role"),
        ({"text": "hoi", "context": [TURN, {"role": "self", "text": ""}]}, 422, "context[1].text"),
        ({"text": "hoi", "contxt": []}, 422, "contxt"),
        ({"text": "hoi", "message_id": ""}, 422, "message_id"),
        ({"text": "hoi", "message_id": "x" * (MAX_ID + 1)}, 422, "message_id"),
        ({"text": "hoi", "explain": "soms"}, 422, "explain"),
        ({"text": "hoi", "country": "DE"}, 422, "country"),
        ({"text": "hoi", "Een hele zin als sleutel": []}, 422, "(unknown field)"),
        (["hoi"], 422, "body"),
    ],
)
def test_bad_fields_are_named(client, body, status, field):
    answer = client.post("/v1/classify", json=body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert field in answer.json()["detail"]


def test_limits_are_inclusive(client):
    full = {"text": "woord " * (MAX_TEXT // 6), "context": [{"role": "self", "text": "é" * MAX_TEXT}] * 5}
    assert client.post("/v1/classify", json=full).status_code == 200


@pytest.mark.parametrize(
    ("content", "status", "named"),
    [
        (b"", 422, "body"),
        (b"{", 400, "JSON"),
        (b"hoi", 400, "JSON"),
        (b'{"text": "\xff"}', 400, "UTF-8"),
        (b'{"text": "\\ud800"}', 422, "text"),
        (b'{"text": NaN}', 422, "text"),
        (b'"' + b"a" * MAX_BODY + b'"', 413, "1048576"),
        (b"[" * 100_000, 400, "JSON"),
    ],
)
def test_bad_bodies(client, content, status, named):
    answer = client.post("/v1/classify", content=content, headers=JSON)
    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert named in answer.json()["detail"]


def test_other_media_types_and_paths_are_problems(client):
    for answer, status in (
        (client.post("/v1/classify", content=b"text=hoi", headers={"content-type": "text/plain"}), 422),
        (client.get("/v1/classify"), 405),
        (client.get("/nergens"), 404),
    ):
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


def test_no_error_and_no_log_holds_the_text(client, caplog):
    caplog.set_level(logging.DEBUG)
    bodies = [
        {"text": CANARY * 1000},
        {"text": CANARY, CANARY + " sleutel": 1},
        {"text": "hoi", "context": [{"role": CANARY, "text": CANARY}]},
        {"text": [CANARY]},
        {"text": CANARY},
    ]
    for body in bodies:
        answer = client.post("/v1/classify", json=body)
        assert CANARY not in answer.text
    cut = client.post("/v1/classify", content=json.dumps({"text": CANARY}) + "}", headers=JSON)
    assert cut.status_code == 400
    assert CANARY not in cut.text
    assert CANARY not in caplog.text


def test_an_unexpected_error_is_a_500_that_names_kind_and_place_only(classifier, caplog, monkeypatch):
    def broken(message):
        raise RuntimeError(f"over {message.text}")

    monkeypatch.setattr(classifier, "predict", broken)
    with TestClient(create_app(Settings(), classifier)) as client:
        answer = client.post("/v1/classify", json={"text": CANARY})
        assert client.get("/live").status_code == 200
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert "RuntimeError" in caplog.text
    assert CANARY not in answer.text + caplog.text


def test_many_wrong_fields_get_a_short_answer(client):
    body = {"text": "hoi"} | {f"veld_{letter * count}": 1 for letter in "abcdefghij" for count in range(1, 20)}
    answer = client.post("/v1/classify", json=body)
    assert len(answer.json()["errors"]) == 20


def test_null_context_is_no_context(client):
    assert client.post("/v1/classify", json={"text": "hoi", "context": None}).status_code == 200


def test_a_full_pool_refuses_at_once(classifier):
    app = create_app(Settings(workers=1, queue=0, deadline_ms=60_000), classifier)
    long = {"text": "lang verhaal over van alles " * 350}
    with TestClient(app) as client, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: client.post("/v1/classify", json=long), range(16)))
        statuses = {answer.status_code for answer in answers}
        assert statuses == {200, 429}
        refused = next(answer for answer in answers if answer.status_code == 429)
        assert refused.headers["retry-after"] == "1"
        assert client.post("/v1/classify", json={"text": "hoi"}).status_code == 200


RISKY = "ik wil niet meer leven"


def test_id_comes_back_and_help_lines_fit_the_country(client, classifier):
    body = {"text": RISKY, "message_id": "b-1"}
    answer = client.post("/v1/classify", json=body | {"country": "BE"}).json()
    assert answer["message_id"] == "b-1"
    assert answer["help"]["checked_on"]
    assert {line["country"] for line in answer["help"]["lines"]} == {"BE"}
    assert "1813" in [line["phone"] for line in answer["help"]["lines"]]
    everywhere = client.post("/v1/classify", json=body).json()["help"]["lines"]
    assert {line["country"] for line in everywhere} == {"NL", "BE"}
    assert all(value >= 0 for value in answer["timings"].values())


def test_evidence_is_given_when_asked_and_points_into_the_text_as_sent(client, classifier):
    text = f"hé 😀 {RISKY}"
    plain = client.post("/v1/classify", json={"text": text}).json()
    told = client.post("/v1/classify", json={"text": text, "explain": True}).json()
    assert all("evidence" not in reason for reason in plain["reasons"])
    assert judged(told) == judge(classifier, Message(text), explain=True)
    spans = [span for reason in told["reasons"] for span in reason["evidence"]]
    assert any("leven" in text[span["start"] : span["end"]] for span in spans)


def test_a_batch_gives_each_message_its_own_result_or_error_in_order(client):
    messages = [
        {"text": "hoi", "message_id": "1"},
        {"text": ""},
        CANARY,
        {"text": RISKY},
        {"text": "hoi", CANARY: 1},
        None,
    ]
    answer = client.post("/v1/classify/batch", json={"messages": messages})
    assert answer.status_code == 200
    found = answer.json()["results"]
    assert [item["result"]["decision"] if "result" in item else item["error"]["status"] for item in found] == [
        "allow", 422, 422, "review", 422, 422,
    ]  # fmt: skip
    assert found[0]["message_id"] == found[0]["result"]["message_id"] == "1"
    assert [item["error"]["errors"][0]["field"] for item in found if "error" in item] == [
        "text", "message", "(unknown field)", "message",
    ]  # fmt: skip
    assert CANARY not in answer.text


def test_batch_limits(client):
    for messages, status in (
        ([], 422),
        ([{"text": "hoi"}] * MAX_BATCH, 200),
        ([{"text": "hoi"}] * (MAX_BATCH + 1), 422),
    ):
        answer = client.post("/v1/classify/batch", json={"messages": messages})
        assert answer.status_code == status
    assert answer.json()["errors"][0]["field"] == "messages"
    assert "256" in answer.json()["detail"]


def test_a_batch_leaves_the_queue_to_others(classifier):
    # One worker and no queue: a batch takes the worker for one message at a time and never asks for more.
    with TestClient(create_app(Settings(workers=1, queue=0, deadline_ms=60_000), classifier)) as client:
        found = client.post(
            "/v1/classify/batch", json={"messages": [{"text": f"bericht {n}"} for n in range(30)]}
        ).json()
        assert all("result" in item for item in found["results"])


def test_batches_beside_each_other_are_all_judged_and_too_many_are_refused_whole(classifier):
    batch = {"messages": [{"text": f"bericht {number}"} for number in range(MAX_BATCH)]}
    app = create_app(Settings(workers=1, queue=0, deadline_ms=60_000), classifier)
    with TestClient(app) as client, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: client.post("/v1/classify/batch", json=batch), range(8)))
        taken = [answer for answer in answers if answer.status_code == 200]
        assert len(taken) >= 4
        assert all("result" in item for answer in taken for item in answer.json()["results"])
        assert {answer.status_code for answer in answers} == {200, 429}
        assert next(answer for answer in answers if answer.status_code == 429).headers["retry-after"] == "1"
        assert client.post("/v1/classify/batch", json=batch).status_code == 200


def test_a_message_that_breaks_the_model_costs_no_other_its_answer(classifier, caplog, monkeypatch):
    whole = classifier.predict

    def broken(message):
        if CANARY in message.text:
            raise RuntimeError(message.text)
        return whole(message)

    monkeypatch.setattr(classifier, "predict", broken)
    with TestClient(create_app(Settings(), classifier)) as client:
        texts = ["hoi", CANARY, "dag"]
        answer = client.post("/v1/classify/batch", json={"messages": [{"text": text} for text in texts]})
        assert 'vangnet_unjudged_total{reason="error"} 1.0' in client.get("/metrics").text
    assert ["error" in item for item in answer.json()["results"]] == [False, True, False]
    assert answer.json()["results"][1]["error"]["status"] == 500
    assert "RuntimeError" in caplog.text
    assert CANARY not in answer.text + caplog.text


def test_beyond_the_deadline_callers_are_told_to_come_back(classifier):
    long = {"text": "lang verhaal over van alles " * 350}
    with TestClient(create_app(Settings(workers=1, deadline_ms=1), classifier)) as client:
        answer = client.post("/v1/classify", json=long)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert "deadline" in answer.json()["detail"]
        [item] = client.post("/v1/classify/batch", json={"messages": [long]}).json()["results"]
        assert item["error"]["status"] == 503


def test_model_names_what_judges(client, classifier):
    answer = client.get("/v1/model").json()
    assert answer["model"] == classifier.bundle.name
    assert answer["labels"] == list(LABEL_NAMES)
    assert answer["policy"] == classifier.policy.version
    assert answer["mix"] == dict(classifier.calibration.mix)
    assert len(answer["sha256"]) == 64


def test_labels_and_health(client, classifier):
    assert [label["name"] for label in client.get("/v1/labels").json()] == list(LABEL_NAMES)
    assert client.get("/live").json()["status"] == "live"
    policy = classifier.policy.version
    ready = {"status": "ready", "model": classifier.bundle.name, "policy": policy, "degraded": []}
    assert client.get("/ready").json() == ready


def test_openapi_has_dutch_examples_and_problem_answers(client):
    operation = client.get("/openapi.json").json()["paths"]["/v1/classify"]["post"]
    examples = operation["requestBody"]["content"]["application/json"]["examples"]
    assert "ik wil gewoon niet meer wakker worden" in {one["value"]["text"] for one in examples.values()}
    assert {"200", "400", "413", "422", "429", "503"} <= set(operation["responses"])
    assert "application/problem+json" in operation["responses"]["422"]["content"]


@given(st.text(st.characters(), min_size=1, max_size=200) | st.just("\udc00"))
@settings(max_examples=50, deadline=None)
def test_any_text_is_answered_or_refused_clearly(client, text):
    answer = client.post("/v1/classify", content=json.dumps({"text": text}), headers=JSON)
    surrogate = any("\ud800" <= character <= "\udfff" for character in text)
    assert answer.status_code == (422 if surrogate else 200)


def test_two_thousand_random_texts_get_a_result_or_a_problem_each(client):
    texts = list(random_texts(2_000))
    for first in range(0, len(texts), MAX_BATCH):
        part = texts[first : first + MAX_BATCH]
        body = json.dumps({"messages": [{"text": text} for text in part]})
        answer = client.post("/v1/classify/batch", content=body, headers=JSON)
        assert answer.status_code == 200
        for text, item in zip(part, answer.json()["results"], strict=True):
            assert ("result" in item) == sendable(text)
            assert sendable(text) or item["error"]["status"] == 422
