"""Every endpoint against a real service, and what errors say; types against the service's own schema."""

import asyncio
import importlib.metadata
import pickle
import subprocess
import sys
from datetime import UTC, datetime

import httpx
import pytest
from vangnet_client import AsyncVangnet, Invalid, Vangnet, VangnetError, answers, messages

from tests.serving.conftest import PATIENCE

RISKY = "ik wil niet meer leven"
CANARY = "kanariegeel vogeltje"
SHAPES = {
    "ClassifyRequest": messages.Message,
    "ContextTurn": messages.Turn,
    "ClassifyAnswer": answers.Answer,
    "ReasonAnswer": answers.Reason,
    "EvidenceSpan": answers.Span,
    "LabelAnswer": answers.LabelScore,
    "HelpAnswer": answers.Help,
    "HelpLineAnswer": answers.HelpLine,
    "WouldBe": answers.WouldBe,
    "MemoryAnswer": answers.Memory,
    "TrendAnswer": answers.Trend,
    "Versions": answers.Versions,
    "Timings": answers.Timings,
    "BatchItem": answers.BatchItem,
    "Problem": answers.Problem,
    "FieldProblem": answers.FieldProblem,
    "LabelDescription": answers.Label,
    "ModelAnswer": answers.Model,
    "VerdictAnswer": answers.VerdictKept,
    "DeletionAnswer": answers.Deleted,
}


@pytest.fixture(scope="module")
def schema(service):
    return httpx.get(f"{service.url}/openapi.json").json()["components"]["schemas"]


@pytest.mark.parametrize("name", SHAPES)
def test_types_have_the_fields_of_the_schema(schema, name):
    shape, known = SHAPES[name], schema[name]
    assert sorted(shape.__annotations__) == sorted(known["properties"])
    assert set(known.get("required", [])) <= shape.__required_keys__


def test_the_client_needs_httpx_alone():
    assert importlib.metadata.requires("vangnet-client") == ["httpx"]
    script = (
        "import sys, vangnet_client; print([m for m in ('classifier', 'serving', 'onnxruntime') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_message_with_every_field_is_judged(client):
    answer = client.classify(
        "doe het dan gewoon",
        context=({"role": "peer", "text": "ik wil er echt niet meer zijn"},),
        message_id="m-1",
        revision=2,
        conversation_id="c-1",
        author_id="a-1",
        sent_at=datetime(2026, 11, 22, tzinfo=UTC),
        remember=True,
        policy=client.model()["policy"],
        explain=True,
        country="BE",
    )
    assert answer["decision"] != "allow"
    assert answer["message_id"] == "m-1"
    assert answer["memory"] == {"state": "on", "messages": 0}
    assert answer["reasons"][0]["evidence"]
    assert {line["country"] for line in answer["help"]["lines"]} == {"BE"}


def test_a_batch_has_results_and_errors_in_order(client):
    wrong = {"text": "", "message_id": "leeg"}
    first, second, third = client.classify_batch([{"text": RISKY, "message_id": "m"}, wrong, {"text": "hoi"}])
    assert first["result"]["decision"] == "review"
    assert first["message_id"] == "m"
    assert (second["error"]["status"], second["error"]["errors"][0]["field"]) == (422, "text")
    assert third["result"]["decision"] == "allow"


def test_labels_and_model(client):
    assert client.model()["labels"] == [label["name"] for label in client.labels()]
    assert len(client.labels()) == 11


def test_verdicts_and_deletions(client):
    [reason, *_] = client.classify(RISKY, message_id="v-1")["reasons"]
    unknown = client.verdict("v-0", {reason["label"]: "wrong"}, moderator="mod")
    assert unknown == {"stored_item": False}
    deleted = client.delete("message", "v-1")
    assert deleted == {"items": 1, "verdicts": 0, "remembered": False}
    client.verdict("v-0", {reason["label"]: "right"}, moderator="mod", revision=0, action="gebeld")
    assert client.delete("message", "v-0")["verdicts"] == 1


def test_the_async_client_has_the_same_endpoints(service):
    async def check():
        async with AsyncVangnet(service.url, service.key, timeout=PATIENCE) as client:
            answer, batch, labels, model = await asyncio.gather(
                client.classify(RISKY, message_id="a-1"),
                client.classify_batch([{"text": "hoi"}]),
                client.labels(),
                client.model(),
            )
            assert answer["decision"] == "review"
            assert batch[0]["result"]["decision"] == "allow"
            assert model["labels"] == [label["name"] for label in labels]
            kept = await client.verdict("a-2", {labels[0]["name"]: "unsure"}, moderator="mod")
            assert kept == {"stored_item": False}
            assert await client.delete("message", "a-2") == {"items": 0, "verdicts": 1, "remembered": False}
            with pytest.raises(Invalid):
                await client.classify("")

    asyncio.run(check())


def test_a_wrong_request_names_field_and_limit(client):
    with pytest.raises(Invalid) as caught:
        client.classify(CANARY, context=[{"role": "self", "text": CANARY}] * 6)
    error = caught.value
    assert error.status == 422
    assert [one["field"] for one in error.errors] == ["context"]
    assert "at most 5" in error.detail
    assert str(error) == f"422: {error.detail}"
    assert CANARY not in repr(error)
    copied = pickle.loads(pickle.dumps(error))
    assert (type(copied), copied.status, copied.detail, copied.errors) == (Invalid, 422, error.detail, error.errors)


@pytest.mark.parametrize("text", ["", "a" * 10_001, "half een teken: \ud83d", "x" * 2**20])
def test_texts_that_the_service_does_not_take_are_invalid_and_nothing_else(client, text):
    with pytest.raises(Invalid):
        client.classify(text)


@pytest.mark.parametrize(("key", "status"), [(None, 401), ("verkeerd", 401)])
def test_a_key_that_does_not_count_is_no_fault_of_the_message(service, key, status):
    with Vangnet(service.url, key) as client, pytest.raises(VangnetError) as caught:
        client.classify("hoi")
    assert caught.value.status == status
    assert not isinstance(caught.value, Invalid)


@pytest.mark.parametrize(
    ("status", "kind", "body"),
    [
        (200, "text/html", f"<p>{CANARY}</p>"),
        (200, "application/json", f'"{CANARY}"'),
        (500, "text/html", f"<p>{CANARY}</p>"),
        (502, "application/json", f'{{"detail": "{CANARY}"}}'),
        (400, "application/problem+json", CANARY),
        (400, "application/problem+json", f'["{CANARY}"]'),
        (400, "application/problem+json", f'{{"detail": 1, "errors": "{CANARY}"}}'),
    ],
)
def test_whatever_a_gateway_answers_is_one_error_without_a_text(scripted, caplog, status, kind, body):
    scripted.script = [(status, {"Content-Type": kind}, body)]
    caplog.set_level("DEBUG")
    with Vangnet(scripted.url) as client, pytest.raises(VangnetError) as caught:
        client.classify(CANARY)
    assert caught.value.status == status
    assert CANARY not in repr(caught.value) + caplog.text
    assert caught.value.__context__ is None


def test_fields_that_a_later_service_adds_break_nothing(scripted):
    scripted.script = [(200, {}, '{"decision": "pause", "mood": {"score": 1}}')]
    with Vangnet(f"{scripted.url}/gateway/") as client:
        assert client.classify("hoi")["decision"] == "pause"
    assert scripted.asked[0][1] == "/gateway/v1/classify"
