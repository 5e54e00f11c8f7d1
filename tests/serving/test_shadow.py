"""A candidate bundle beside the active one: both decisions are counted, and no answer knows of it."""

import threading
from collections import Counter
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from classifier import Classifier, Message
from classifier.errors import VangnetError
from classifier.policy import Thresholds
from serving import shadow
from serving.app import create_app
from serving.settings import Settings
from serving.shadow import Shadow

BODIES = [{"text": "ik wil niet meer leven"}, {"text": "hoi"}, {"text": "doe het dan gewoon"}]


@pytest.fixture
def candidate(bundle_folder, monkeypatch):
    """The same model with a policy that flags nearly everything."""
    candidate = Classifier.load(bundle_folder)
    strict = {label: Thresholds(1e-9) for label in candidate.policy.thresholds}
    monkeypatch.setattr(candidate, "policy", replace(candidate.policy, thresholds=strict))
    return candidate


def kept(answer):
    return {name: value for name, value in answer.json().items() if name != "timings"}


def test_both_decisions_are_counted_and_answers_stay_the_same(classifier, candidate, tmp_path, monkeypatch):
    with TestClient(create_app(Settings(data=tmp_path / "a", workers=1), classifier)) as client:
        plain = [kept(client.post("/v1/classify", json=body)) for body in BODIES]
    monkeypatch.setattr("serving.service._candidate", lambda folder: candidate)
    settings = Settings(data=tmp_path / "b", workers=1, shadow_bundle=tmp_path)
    with TestClient(create_app(settings, classifier)) as client:
        assert [kept(client.post("/v1/classify", json=body)) for body in BODIES] == plain
        found = {}
        while sum(found.values()) < len(BODIES):
            families = text_string_to_metric_families(client.get("/metrics").text)
            found = {
                (one.labels["active"], one.labels["candidate"]): one.value
                for family in families
                for one in family.samples
                if one.name == "vangnet_shadow_decisions_total"
            }
    assert found == {("review", "review"): 1, ("allow", "review"): 2}


def test_a_bundle_that_cannot_be_used_is_named(classifier, tmp_path):
    with pytest.raises(VangnetError, match="VANGNET_SHADOW_BUNDLE"):
        create_app(Settings(data=tmp_path, shadow_bundle=tmp_path / "nergens"), classifier)


def test_a_slow_candidate_skips_messages_and_holds_up_none(candidate, monkeypatch):
    monkeypatch.setattr(shadow, "WAITING", 5)
    free, counted, whole = threading.Event(), Counter(), candidate.predict

    def slow(message):
        assert free.wait(60)
        return whole(message)

    monkeypatch.setattr(candidate, "predict", slow)
    slowly = Shadow(candidate, lambda *decisions: counted.update([decisions]))
    for _ in range(20):
        slowly.compare(Message("hoi"), {"decision": "allow"})
    free.set()
    slowly._pool.submit(lambda: None).result(60)
    assert counted == {("allow", "review"): 5, ("allow", "skipped"): 15}
    slowly.compare(Message("hoi"), {"decision": "review"})
    slowly._pool.submit(lambda: None).result(60)
    assert counted["review", "review"] == 1
    slowly.close()


def test_a_candidate_that_fails_gives_its_places_back(candidate, monkeypatch):
    monkeypatch.setattr(shadow, "WAITING", 2)
    counted, whole = Counter(), candidate.predict

    def fails(message):
        raise RuntimeError(message.text)

    failing = Shadow(candidate, lambda *decisions: counted.update([decisions]))
    monkeypatch.setattr(candidate, "predict", fails)
    for _ in range(10):
        failing.compare(Message("hoi"), {"decision": "allow"})
        failing._pool.submit(lambda: None).result(60)
    monkeypatch.setattr(candidate, "predict", whole)
    failing.compare(Message("hoi"), {"decision": "allow"})
    failing._pool.submit(lambda: None).result(60)
    failing.close()
    assert counted == {("allow", "failed"): 10, ("allow", "review"): 1}
