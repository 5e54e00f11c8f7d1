"""A running Vangnet over HTTP gives what its bundle gives in this process."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from classifier import Message, Role, Turn
from classifier.labels import LABEL_NAMES
from eval.errors import EvaluationError
from eval.scores import Scores
from eval.systems.bundle import BundleSystem
from eval.systems.service import ServiceSystem
from eval.targets import TARGETS
from tests.serving.conftest import ROOT

PEER = Turn(Role.PEER, "ik wil er echt niet meer zijn")
MESSAGES = [
    Message("ik wil niet meer leven"),
    Message("hoe laat begint de training vanavond?"),
    Message("doe het dan gewoon", (Turn(Role.SELF, "wat is er nou weer"), PEER)),
    Message("doe het dan gewoon"),
    Message("bel 113, ik blijf bij je", (PEER,) * 5),
    Message("ik snij mezelf weer elke avond\0"),
    Message("samen\u2028van\u0085de brug \U0001f469\u200d\U0001f467 af"),
    Message("ik haat mezelf. " * 120),
    Message("NA"),
]
IDS = [f"rij {number}" for number in range(len(MESSAGES))]
VERSIONS = {"model": "m", "normaliser": "1", "policy": "p"}


@pytest.fixture
def key(vangnet, monkeypatch):
    monkeypatch.setenv("VANGNET_API_KEY", vangnet.key)


@pytest.fixture
def answering(replies, monkeypatch):
    monkeypatch.delenv("VANGNET_API_KEY", raising=False)
    replies.will((200, {}, VERSIONS | {"sha256": "0"}))
    return ServiceSystem(replies.url, patience=0.1)


def result(score=0.25, reasons=(), **versions):
    return {
        "labels": {name: {"score": score} for name in LABEL_NAMES},
        "reasons": [{"label": name} for name in reasons],
        "versions": VERSIONS | versions,
    }


def item(status):
    return {"error": {"status": status, "detail": "kanarie"}}


def batch(*items):
    return 200, {}, {"results": list(items)}


def test_scores_and_decisions_are_those_of_the_bundle(vangnet, key, classifier):
    system, bundle = ServiceSystem(vangnet.url), BundleSystem(classifier)
    judged, expected = system.judge(MESSAGES, IDS), bundle.judge(MESSAGES, IDS)
    rounded = [[round(float(one), 4) for one in row] for row in expected.scores]
    assert judged.scores.tolist() == rounded
    assert judged.flagged.tolist() == expected.flagged.tolist()
    assert 0 < judged.flagged[:, 0].sum() < len(MESSAGES)
    assert system.at_once == 256
    assert {name: system.facts[name] for name in bundle.facts} == bundle.facts


def test_facts_are_versions_and_host_and_no_secret_reaches_results(vangnet, key, tmp_path):
    system = ServiceSystem(vangnet.url)
    assert system.facts["host"] == vangnet.url.removeprefix("http://")
    Scores(system, tmp_path / "scores.jsonl").judge(MESSAGES[:2], IDS[:2])
    stored = json.dumps([system.name, system.facts]) + (tmp_path / "scores.jsonl").read_text()
    assert vangnet.key not in stored
    assert "training" not in stored


def test_a_batch_beyond_the_rate_goes_in_parts_at_the_pace_of_the_service(vangnet, monkeypatch, classifier):
    monkeypatch.setenv("VANGNET_API_KEY", vangnet.limited)
    messages = [Message(f"bericht {number}") for number in range(16)]
    judged = ServiceSystem(vangnet.url).judge(messages, [str(number) for number in range(16)])
    expected = BundleSystem(classifier).judge(messages, []).scores
    assert np.allclose(judged.scores, expected, atol=5.1e-5, rtol=0)


def test_an_unknown_key_is_told_by_its_variable(vangnet, monkeypatch):
    monkeypatch.setenv("VANGNET_API_KEY", "vgn_geheim")
    with pytest.raises(EvaluationError, match=r"401.*VANGNET_API_KEY") as raised:
        ServiceSystem(vangnet.url)
    assert "vgn_geheim" not in str(raised.value)


def test_another_policy_ends_the_run_makes_new_keys_and_decides(vangnet, key, classifier):
    before, messages, ids = ServiceSystem(vangnet.url), [MESSAGES[0], MESSAGES[5]], [IDS[0], IDS[5]]
    assert before.judge(messages, ids).flagged[:, 0].tolist() == [1, 1]
    labels = {name: {"review_at": 0.01, "escalate_at": None} for name in LABEL_NAMES}
    labels["self_harm/ideation"]["mode"] = "observe"
    policy = {"version": "streng", "model": classifier.bundle.name, "labels": labels}
    signed = {"author": "anna", "reason": "meten"}
    with vangnet.client() as client:
        assert client.post("/v1/policies", json=signed | {"policy": policy}).status_code == 201
        assert client.put("/v1/policies/active", json=signed | {"version": "streng"}).status_code == 200
        try:
            with pytest.raises(EvaluationError, match="changed"):
                before.judge(messages, ids)
            after = ServiceSystem(vangnet.url)
            judged = after.judge(messages, ids)
        finally:
            assert client.post("/v1/policies/roll-back", json=signed).status_code == 200
    assert after.facts == before.facts | {"policy": "streng"}
    injury = TARGETS.index("self_harm/injury")
    assert judged.scores[0, 0] > 0.5
    assert judged.flagged[:, [0, injury]].tolist() == [[0, 0], [1, 1]]  # what is observed decides nothing


def test_context_is_sent_with_its_roles(replies, answering):
    replies.will(batch({"result": result()}))
    answering.judge(MESSAGES[2:3], IDS[:1])
    [(path, _, body)] = replies.asked
    assert path == "/v1/classify/batch"
    turns = [{"role": "self", "text": "wat is er nou weer"}, {"role": "peer", "text": PEER.text}]
    assert body == {"messages": [{"text": "doe het dan gewoon", "context": turns}]}


def test_reasons_decide_and_targets_take_the_highest_label(replies, answering):
    found = result(reasons=["peer_influence/pact"])
    found["labels"]["self_harm/injury"]["score"] = 0.75
    replies.will(batch({"result": found}))
    with pytest.raises(EvaluationError, match="another form"):
        answering.judge(MESSAGES[:2], IDS[:2])
    judged = answering.judge(MESSAGES[:1], IDS[:1])
    scores, flagged = (dict(zip(TARGETS, rows[0], strict=True)) for rows in (judged.scores, judged.flagged))
    assert (scores["any"], scores["self_harm"], scores["peer_influence"]) == (0.75, 0.75, 0.25)
    assert [name for name in TARGETS if flagged[name]] == ["any", "peer_influence", "peer_influence/pact"]


def test_an_error_in_its_place_is_sent_again_alone_and_rows_keep_their_order(replies, answering):
    first = batch({"result": result(0.1)}, item(503), {"result": result(0.3)})
    replies.will(first, batch({"result": result(0.2)}))
    judged = answering.judge(MESSAGES[:3], IDS[:3])
    assert judged.scores[:, 0].tolist() == [0.1, 0.2, 0.3]
    assert [len(body["messages"]) for _, _, body in replies.asked] == [3, 1]
    assert replies.asked[1][2]["messages"] == [{"text": MESSAGES[1].text}]


def test_an_error_that_stays_names_the_row_and_not_the_text(replies, answering):
    replies.will(lambda body: batch(*[item(503)] * len(body["messages"])))
    with pytest.raises(EvaluationError, match="rij 0: answers 503"):
        answering.judge(MESSAGES[:1], IDS[:1])
    assert len(replies.asked) == 3
    replies.will(batch({"result": result()}, item(422)))
    with pytest.raises(EvaluationError, match="rij 1: answers 422") as raised:
        answering.judge(MESSAGES[:2], IDS[:2])
    assert len(replies.asked) == 1
    assert "kanarie" not in str(raised.value)


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        {"results": None},
        {"results": []},
        {"results": [5]},
        {"results": [{}]},
        {"results": [{"error": {"status": "x"}}]},
        {"results": [{"result": None}]},
        {"results": [{"result": {"labels": {}, "reasons": [], "versions": VERSIONS}}]},
        {"results": [{"result": result() | {"reasons": [5]}}]},
        {"results": [{"result": result() | {"versions": {}}}]},
        {"results": [{"result": result("kanarie")}]},
        {"results": [{"result": result(None)}]},
    ],
)
def test_answers_of_another_form_are_refused(replies, answering, answer):
    replies.will((200, {}, answer))
    with pytest.raises(EvaluationError, match="another form") as raised:
        answering.judge(MESSAGES[:1], IDS[:1])
    assert "kanarie" not in str(raised.value)


@pytest.mark.parametrize("answer", [{}, [], {"model": "m"}, "m"])
def test_what_is_no_vangnet_is_refused_at_once(replies, answer):
    with pytest.raises(EvaluationError, match="another form"):
        ServiceSystem(replies.will((200, {}, answer)).url)


def test_a_body_that_is_too_large_goes_in_parts(replies, answering):
    def small(body):
        count = len(body["messages"])
        return batch(*[{"result": result()}] * count) if count <= 2 else (413, {}, b"")

    replies.will(small)
    assert answering.judge(MESSAGES, IDS).scores.shape == (len(MESSAGES), len(TARGETS))


def test_user_info_of_an_address_reaches_no_file_and_no_output(replies, tmp_path):
    """Reports show the command as it was typed."""
    (tmp_path / "mijn.csv").write_text("text,label\nhoi,1\ndag,0\n")
    model, judged = (200, {}, VERSIONS | {"sha256": "0"}), batch({"result": result(0.9)}, {"result": result(0.1)})
    url = replies.will(model, judged).url.replace("//", "//anna:geheim@")
    options = ["--data", "mijn.csv", "--text", "text", "--label", "label", "--service", url, "--out", "uit"]
    command = [sys.executable, "-c", "from eval.cli import main; main()", "run", *options]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False)
    assert b"VANGNET_API_KEY" in done.stderr
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert b"geheim" not in b"".join([*written, done.stdout, done.stderr])
