"""What is stored for moderators: no text or a masked and sealed one, each message once, an honest sample."""

import json
import math
import random
from collections import Counter

import pytest
from cryptography.fernet import Fernet
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import select

from classifier.labels import LABEL_NAMES
from serving.app import create_app
from serving.database import Database
from serving.keys import Scope, create_key
from serving.reviews import STRATA, Origin, Reviews, Storage
from serving.sealing import Sealing
from serving.settings import Settings
from serving.tables import ReviewItem

KEY = Fernet.generate_key().decode()
NAME, PHONE, CANARY = "Sanne de Vries", "06 12345678", "kanariegeel"
RISKY = f"{NAME}, {PHONE}: ik wil niet meer leven, {CANARY}"
PEER = {"role": "peer", "text": f"bel me op {PHONE} of anders {NAME}, {CANARY}"}


def settings(folder, storage, **more):
    return Settings(
        data=folder, review_storage=storage, secrets=(SecretStr(KEY),), workers=1, deadline_ms=60_000, **more
    )


def items(folder):
    database = Database(f"sqlite:///{folder / 'vangnet.db'}")
    with database.session() as session:
        found = session.scalars(select(ReviewItem).order_by(ReviewItem.received_at)).all()
        session.expunge_all()
    database.close()
    return found


def on_disk(folder):
    return b"".join(file.read_bytes() for file in folder.iterdir())


@pytest.mark.parametrize("storage", [Storage.IDS, Storage.TEXT])
def test_no_text_is_stored_or_only_a_masked_and_sealed_one(classifier, tmp_path, storage, monkeypatch):
    # Kept for a while in the spool alone, so that its files are looked at too.
    monkeypatch.setattr("serving.service.FORWARD_SECONDS", 3600.0)
    with TestClient(create_app(settings(tmp_path, storage, audit_sample=1.0), classifier)) as client:
        body = {"text": RISKY, "message_id": "bericht-1", "author_id": "noor", "explain": True}
        answer = client.post("/v1/classify", json=body).json()
        assert any(reason["evidence"] for reason in answer["reasons"])
        client.post("/v1/classify", json={"text": f"hoi {CANARY}", "context": [PEER]})
        raw = on_disk(tmp_path)
        assert b"bericht-1" in raw
    raw += on_disk(tmp_path)  # once more: now it is in the database
    for part in (NAME, NAME.split()[0], PHONE, CANARY, "niet meer leven"):
        assert part.encode() not in raw
    item, audited = items(tmp_path)
    assert (item.id, item.message_id, item.author_id) == (answer["review_item"], "bericht-1", "noor")
    assert (item.decision, item.probability, audited.decision, audited.probability) == ("review", 1, "allow", 1)
    assert item.scores == [answer["labels"][name]["score"] for name in LABEL_NAMES]
    assert all("evidence" not in reason for reason in item.reasons)
    if storage is Storage.IDS:
        assert item.sealed is audited.sealed is None
        return
    assert Sealing.ephemeral().open(item.sealed) is None
    content, other = (json.loads(Sealing([KEY]).open(one.sealed)) for one in (item, audited))
    assert content == {"text": f"[naam], [telefoon]: ik wil niet meer leven, {CANARY}", "context": []}
    assert other["text"] == f"hoi {CANARY}"
    assert other["context"] == [["peer", f"bel me op [telefoon] of anders [naam], {CANARY}"]]


def test_a_retry_is_the_same_item_and_another_revision_tenant_or_message_is_not(classifier, tmp_path):
    made = settings(tmp_path, Storage.IDS)
    database = Database(made.database)
    database.migrate()
    keys = {name: create_key(database, name, [Scope.CLASSIFY]) for name in ("school", "club")}
    database.close()
    with TestClient(create_app(made, classifier)) as client:

        def send(tenant="school", **more):
            header = {"Authorization": f"Bearer {keys[tenant]}"}
            body = {"text": RISKY} | more
            return client.post("/v1/classify", json=body, headers=header).json()["review_item"]

        same = {send(message_id="a"), send(message_id="a"), send(message_id="a", conversation_id="klas")}
        others = {
            send(message_id="a", revision=1),
            send("club", message_id="a"),
            send(message_id="b"),
            send(),
            send(),
        }
    assert (len(same), len(others), len(same | others)) == (1, 5, 6)
    found = items(tmp_path)
    assert {item.id for item in found} == same | others
    assert Counter(item.tenant for item in found) == {"school": 5, "club": 1}


def allowed(closeness):
    """An answer as the core gives it, whose highest score is this share of its threshold."""
    labels = {name: {"score": 0.0, "review_at": 0.5, "escalate_at": None} for name in LABEL_NAMES}
    labels["self_harm/ideation"] |= {"score": 0.5 * closeness}
    return {"decision": "allow", "labels": labels}


def test_audit_draws_as_often_as_it_says_and_estimates_without_bias():
    reviews = Reviews(None, Storage.IDS, Sealing.ephemeral(), 0.02)
    chance = random.Random(4)
    expected = {0.5: 0.32, 0.05: 0.08, 0.001: 0.02}
    assert [weight * 0.02 for _, weight in STRATA] == [0.32, 0.08, 0.02]
    missed, estimate, variance = 0, 0.0, 0.0
    for closeness, probability in expected.items():
        drawn = 0
        for number in range(3000):
            item_id = Origin("school", f"{closeness}-{number}").item_id()
            found = reviews.probability(item_id, allowed(closeness))
            assert found in (None, probability)
            assert reviews.probability(item_id, allowed(closeness)) == found
            drawn += found is not None
            # What a moderator would find: most of what is missed stands close below the threshold.
            if chance.random() < closeness:
                missed += 1
                estimate += 0 if found is None else 1 / found
                variance += 1 / probability - 1
        assert abs(drawn - 3000 * probability) < 4 * math.sqrt(3000 * probability * (1 - probability))
    assert missed > 1000
    assert abs(estimate - missed) < 4 * math.sqrt(variance)


@pytest.mark.parametrize(("audit", "closeness", "found"), [(0.0, 0.99, None), (1.0, 0.0, 1.0), (0.5, 0.99, 1.0)])
def test_the_audit_has_its_bounds(audit, closeness, found):
    reviews = Reviews(None, Storage.IDS, Sealing.ephemeral(), audit)
    ids = [Origin("school", str(number)).item_id() for number in range(200)]
    assert {reviews.probability(item_id, allowed(closeness)) for item_id in ids} == {found}
    flagged = allowed(2.0) | {"decision": "review"}
    assert {reviews.probability(item_id, flagged) for item_id in ids} == {1.0}


def test_who_is_drawn_for_the_audit_is_not_told(classifier, tmp_path):
    bodies = [{"text": "hoi", "message_id": str(number)} for number in range(60)]
    with TestClient(create_app(settings(tmp_path, Storage.IDS, audit_sample=0.5), classifier)) as client:
        answers = [client.post("/v1/classify", json=body).json() for body in bodies * 2]
    assert {answer["decision"] for answer in answers} == {"allow"}
    assert {tuple(answer) for answer in answers} == {tuple(answers[0])}
    assert "review_item" not in answers[0]
    found = items(tmp_path)
    assert 10 < len(found) < 50
    assert {(item.decision, item.probability) for item in found} == {("allow", 0.5)}


def test_a_full_disk_costs_no_answer_and_is_told(classifier, tmp_path, monkeypatch):
    monkeypatch.setattr("serving.service.FORWARD_SECONDS", 3600.0)
    with TestClient(create_app(settings(tmp_path, Storage.IDS, spool_megabytes=1), classifier)) as client:
        client.app.state.service.spool._connection.execute("PRAGMA max_page_count=1")
        body = {"text": RISKY, "conversation_id": "x" * 128, "author_id": "y" * 128}
        for _ in range(30):
            answer = client.post("/v1/classify", json=body)
            assert answer.status_code == 200
        assert answer.json()["decision"] == "review"
        assert answer.json()["review_item"] is None
        assert 'vangnet_reviews_total{outcome="refused"}' in client.get("/metrics").text
