"""OpenAI's shape: Vangnet's own endpoint as a process, and answers as OpenAI gives them from a server of the test."""

import numpy as np
import pytest

from classifier import Message, Role, Turn
from eval.errors import EvaluationError
from eval.scores import Scores
from eval.systems.bundle import BundleSystem
from eval.systems.openai_endpoint import OpenAiSystem
from eval.targets import TARGETS

TEXTS = ["ik wil niet meer leven", "wie gaat er mee voetballen?", "doe het dan\0", "samen\u2028van de brug af", "NA"]
MESSAGES = [Message(text) for text in TEXTS]
IDS = list("abcde")


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    for name in ("OPENAI_API_KEY", "OPENAI_MODERATION_MODEL"):
        monkeypatch.delenv(name, raising=False)


def result(score, flagged=True):
    return {
        "flagged": True,
        "categories": {"self-harm": flagged, "violence": True},
        "category_scores": {"self-harm": score, "violence": 0.9},
    }


def answer(*results, model="omni-1"):
    return 200, {}, {"id": "modr-1", "model": model, "results": list(results)}


@pytest.fixture
def system(replies):
    return OpenAiSystem(f"{replies.will(answer(result(0.0))).url}/v1", patience=0.1)


def test_vangnets_own_endpoint_gives_what_its_bundle_gives(vangnet, monkeypatch, classifier):
    monkeypatch.setenv("OPENAI_API_KEY", vangnet.key)
    system = OpenAiSystem(f"{vangnet.url}/v1")
    judged, expected = system.judge(MESSAGES, IDS), BundleSystem(classifier).judge(MESSAGES, IDS)
    assert judged.scores.tolist() == [[round(float(one), 4) for one in row] for row in expected.scores]
    assert judged.flagged.tolist() == expected.flagged.tolist()
    assert 0 < judged.flagged[:, 0].sum() < len(MESSAGES)
    assert system.name == classifier.bundle.name


def test_self_harm_stands_for_the_area_and_any_risk_and_nothing_else_is_judged(replies, system):
    replies.will(answer(result(0.7), result(0.2, flagged=False)))
    judged = system.judge(MESSAGES[:2], IDS[:2])
    for target, scores, flagged in zip(TARGETS, judged.scores.T, judged.flagged.T, strict=True):
        if target in ("any", "self_harm"):
            assert (scores.tolist(), flagged.tolist()) == ([0.7, 0.2], [1.0, 0.0])
        else:
            assert np.isnan(scores).all()
            assert np.isnan(flagged).all()


def test_context_is_not_sent_and_the_facts_say_so(replies, system):
    replies.will(answer(result(0.1)))
    system.judge([Message("doe het dan", (Turn(Role.PEER, "kanarie"),))], ["a"])
    [(path, headers, body)] = replies.asked
    assert (path, body) == ("/v1/moderations", {"model": "omni-moderation-latest", "input": ["doe het dan"]})
    assert "Authorization" not in headers
    assert system.facts["context"] == "not sent"


def test_model_and_key_come_from_the_environment_and_the_key_stays_there(replies, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-geheim")
    monkeypatch.setenv("OPENAI_MODERATION_MODEL", "mijn-model")
    system = OpenAiSystem(f"{replies.will(answer(result(0.1))).url}/v1")
    assert replies.asked[0][1]["Authorization"] == "Bearer sk-geheim"
    assert replies.asked[0][2]["model"] == "mijn-model"
    assert "geheim" not in str([system.name, system.facts])
    assert (system.facts["model"], system.facts["answers"]) == ("mijn-model", "omni-1")


def test_another_model_behind_the_same_name_makes_new_keys_and_ends_a_run(replies, system):
    other = OpenAiSystem(f"{replies.will(answer(result(0.1), model='omni-2')).url}/v1")
    assert other.facts != system.facts
    with pytest.raises(EvaluationError, match="another model"):
        system.judge(MESSAGES[:1], IDS[:1])


def test_texts_go_in_batches_of_32_and_a_refused_batch_again(replies, system, tmp_path):
    def full(body):
        return answer(*[result(0.5)] * len(body["input"]))

    replies.will(full, (429, {"Retry-After": "0"}, b""), full)
    patient = OpenAiSystem(f"{replies.url}/v1", patience=5)
    messages = [Message(f"bericht {number}") for number in range(70)]
    judged = Scores(patient, tmp_path / "scores.jsonl").judge(messages, [str(number) for number in range(70)])
    assert judged.scores[:, 0].tolist() == [0.5] * 70
    assert [len(body["input"]) for _, _, body in replies.asked] == [1, 32, 32, 32, 6]


@pytest.mark.parametrize(
    "found",
    [
        None,
        {},
        {"model": "omni-1", "results": []},
        {"model": "omni-1", "results": [None]},
        {"model": "omni-1", "results": [{}]},
        {"model": "omni-1", "results": [{"category_scores": {"self-harm": 0.1}}]},
        {
            "model": "omni-1",
            "results": [{"category_scores": {"self-harm": "kanarie"}, "categories": {"self-harm": True}}],
        },
        {"model": "omni-1", "results": [result(0.1), result(0.2)]},
    ],
)
def test_answers_of_another_form_are_refused(replies, system, found):
    replies.will((200, {}, found))
    with pytest.raises(EvaluationError, match="another form") as raised:
        system.judge(MESSAGES[:1], IDS[:1])
    assert "kanarie" not in str(raised.value)


def test_what_is_no_such_endpoint_is_refused_at_once(replies):
    with pytest.raises(EvaluationError, match="404"):
        OpenAiSystem(replies.will((404, {}, b"")).url)
