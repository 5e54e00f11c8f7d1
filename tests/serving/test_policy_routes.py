"""The policy endpoints on both databases: documents, activation, the log, and labels that are only observed."""

import time

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from classifier.labels import LABEL_NAMES
from serving.app import create_app
from serving.keys import Scope, create_key
from serving.settings import Settings
from serving.tables import ReviewItem, WebhookEvent

RISKY = "ik wil niet meer leven"
SIGNED = {"author": "Noor", "reason": "te veel meldingen"}
LABEL = LABEL_NAMES[0]


@pytest.fixture
def service(database, classifier, tmp_path):
    """A client with a key of all scopes; its key's id; and the database."""
    url = database.engine.url.render_as_string(hide_password=False)
    settings = Settings(
        data=tmp_path / "data",
        database_url=url,
        refresh_seconds=60,
        workers=1,
        deadline_ms=60_000,
        review_storage="ids",
        webhook_urls="http://127.0.0.1:1/",
        webhook_secret="a" * 24,
    )
    key = create_key(database, "platform", list(Scope))
    with TestClient(create_app(settings, classifier), headers={"Authorization": f"Bearer {key}"}) as client:
        yield client, key.split("_")[1], database


def document(classifier, version="A", **change):
    source = classifier.policy.as_dict()
    return source | {"version": version, "labels": {name: one | change for name, one in source["labels"].items()}}


def test_a_policy_is_checked_made_named_activated_and_rolled_back(service, classifier):
    client, key_id, _ = service
    own = classifier.policy.version
    high = document(classifier, review_at=1.0, escalate_at=None)
    assert client.post("/v1/policies/validate", json=high).json() == {"valid": True, "fits_this_model": True}
    assert len(client.get("/v1/policies").json()) == 1
    made = [client.post("/v1/policies", json=SIGNED | {"policy": high}) for _ in range(2)]
    assert [one.status_code for one in made] == [201, 409]
    assert made[0].json() == {"active": own}

    def decided(**named):
        answer = client.post("/v1/classify", json={"text": RISKY} | named).json()
        return answer["decision"], answer["versions"]["policy"], answer["labels"][LABEL]["review_at"]

    now = ("review", own, classifier.policy.thresholds[LABEL].review_at)
    assert decided() == now
    assert decided(policy="A") == ("allow", "A", 1.0)
    assert decided(policy=own) == now
    unknown = {"text": RISKY, "policy": "B"}
    assert client.post("/v1/classify", json=unknown).status_code == 422
    [item] = client.post("/v1/classify/batch", json={"messages": [unknown]}).json()["results"]
    assert (item["error"]["status"], "policy" in item["error"]["detail"]) == (422, True)

    assert client.put("/v1/policies/active", json=SIGNED | {"version": "A"}).json() == {"active": "A"}
    assert decided() == ("allow", "A", 1.0)
    assert client.get("/v1/model").json()["policy"] == client.get("/ready").json()["policy"] == "A"
    assert client.post("/v1/policies/roll-back", json=SIGNED).json() == {"active": own}
    assert client.post("/v1/policies/roll-back", json=SIGNED).status_code == 409
    assert client.put("/v1/policies/active", json=SIGNED | {"version": "B"}).status_code == 404
    log = client.get("/v1/policies/changes").json()
    assert [(row["change"], row["version"]) for row in log] == [("roll_back", own), ("activate", "A"), ("create", "A")]
    assert all((row["author"], row["reason"], row["key_id"]) == (*SIGNED.values(), key_id) for row in log)
    assert all(row["at"].endswith(("Z", "+00:00")) for row in log)
    assert len(client.get("/v1/policies/changes?most=1").json()) == 1


def test_a_policy_for_another_model_decides_only_when_forced_and_the_log_says_so(service, classifier):
    client, _, _ = service
    other = document(classifier) | {"model": "vangnet-9.9.9"}
    assert client.post("/v1/policies/validate", json=other).json()["fits_this_model"] is False
    assert client.post("/v1/policies", json=SIGNED | {"policy": other}).status_code == 201
    assert client.post("/v1/classify", json={"text": "hoi", "policy": "A"}).status_code == 422
    activation = SIGNED | {"version": "A"}
    assert client.put("/v1/policies/active", json=activation).status_code == 409
    assert client.put("/v1/policies/active", json=activation | {"force": True, "reason": ""}).status_code == 422
    assert client.put("/v1/policies/active", json=activation | {"force": True}).json() == {"active": "A"}
    newest = client.get("/v1/policies/changes").json()[0]
    assert (newest["forced"], newest["model"], newest["reason"]) == (True, classifier.bundle.name, SIGNED["reason"])


def test_what_is_wrong_with_a_document_is_named(service, classifier):
    client, _, _ = service
    right = document(classifier)

    def of_label(**change):
        return right | {"labels": right["labels"] | {LABEL: right["labels"][LABEL] | change}}

    wrong = {
        f"{LABEL}.review_at": of_label(review_at=0),
        f"{LABEL}.escalate_at": of_label(review_at=0.5, escalate_at=0.9),  # not of high severity
        f"{LABEL}.mode": of_label(mode="perhaps"),
        f"{LABEL}.reviewat": of_label(reviewat=0.5),
        "self_harm/unheard_of": right | {"labels": right["labels"] | {"self_harm/unheard_of": {"review_at": 0.5}}},
        LABEL: right | {"labels": {name: one for name, one in right["labels"].items() if name != LABEL}},
        "version": right | {"version": "a b"},
        "model": right | {"model": "a\x00b"},
    }
    for field, body in wrong.items():
        for path, sent in (("/v1/policies/validate", body), ("/v1/policies", SIGNED | {"policy": body})):
            answer = client.post(path, json=sent)
            assert answer.status_code == 422, (field, answer.text)
            assert field in answer.json()["detail"]
    for field in SIGNED:
        answer = client.post("/v1/policies", json=SIGNED | {"policy": right, field: "\x00"})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
    assert len(client.get("/v1/policies").json()) == 1


def test_an_observed_label_is_reported_and_reaches_no_moderator_and_one_that_is_off_is_left_out(service, classifier):
    client, _, database = service
    for mode in ("observe", "off"):
        body = SIGNED | {"policy": document(classifier, mode, mode=mode)}
        assert client.post("/v1/policies", json=body).status_code == 201
    observed, off, decided = (
        client.post("/v1/classify", json={"text": RISKY, "message_id": str(policy), "policy": policy}).json()
        for policy in ("observe", "off", None)
    )
    same = ("decision", "severity", "reasons")
    assert observed["would_be"] == {name: decided[name] for name in same}
    for answer, mode in ((observed, "observe"), (off, "off")):
        assert [answer[name] for name in same] == ["allow", "none", []]
        assert answer["labels"][LABEL]["mode"] == mode
        assert not {"help", "review_item"} & answer.keys()
    assert "would_be" not in off
    assert "would_be" not in decided
    end = time.monotonic() + 30
    found = []
    while not found:
        assert time.monotonic() < end
        time.sleep(0.1)
        with database.session() as session:
            found = session.scalars(select(ReviewItem.message_id)).all()
            events = [payload["data"]["message_id"] for payload in session.scalars(select(WebhookEvent.payload))]
    assert (found, events) == (["None"], ["None"])
