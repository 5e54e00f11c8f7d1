import json
import shutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier import Classifier, Message, Role, Turn
from classifier.answer import judge
from classifier.errors import BundleMismatch
from classifier.labels import LABEL_NAMES

VISIBLE = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300)


def peer(text, *context):
    return Message(text, tuple(Turn(Role.PEER, one) for one in context))


def test_plain_risk_and_plain_talk(classifier):
    risky = [
        "ik wil niet meer leven",
        "ik heb vannacht weer in mijn arm gesneden",
        "maak jezelf toch af, niemand mist je",
    ]
    safe = ["hoe laat begint de training?", "ik ga dood van de honger", "lekker gegeten gisteren, bedankt!"]
    for text in risky:
        assert classifier.policy.decide(classifier.predict(peer(text)).scores).action != "allow", text
    for text in safe:
        assert classifier.policy.decide(classifier.predict(peer(text)).scores).action == "allow", text


def test_context_changes_the_reading(classifier):
    alone = classifier.predict(peer("doe het dan")).scores["peer_influence/incitement"]
    exam = classifier.predict(peer("doe het dan", "zal ik me inschrijven voor dat rijexamen?"))
    death = classifier.predict(peer("doe het dan", "ik wil dood, ik ga het doen"))
    assert death.scores["peer_influence/incitement"] > max(alone, exam.scores["peer_influence/incitement"])


def test_areas_are_the_highest_label(classifier):
    prediction = classifier.predict(peer("ik wil niet meer leven"))
    for area, score in prediction.areas.items():
        assert score == max(prediction.scores[name] for name in LABEL_NAMES if name.startswith(area))


def test_one_dark_line_in_a_very_long_message_is_read(classifier):
    everyday = "We gingen naar de markt en kochten appels en brood voor het weekend. "
    quiet = classifier.predict(peer(everyday * 60)).scores["self_harm/ideation"]
    for before in (0, 30, 60):
        text = everyday * before + "Ik wil niet meer leven. " + everyday * (60 - before)
        assert len(classifier.encoder.encode(peer(text))) > 1
        assert classifier.predict(peer(text)).scores["self_harm/ideation"] > quiet


def test_same_scores_alone_and_side_by_side(classifier):
    messages = [peer(f"bericht {number} over van alles en nog wat", *["hoi"] * (number % 4)) for number in range(40)]
    alone = [classifier.predict(message).logits for message in messages]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda message: classifier.predict(message).logits, messages * 3))
    assert np.array_equal(np.array(alone * 3), np.array(together))


@given(VISIBLE, st.lists(VISIBLE, max_size=5))
@settings(max_examples=60, deadline=None)
def test_any_text_gets_a_complete_answer(classifier, text, context):
    answer = judge(classifier, peer(text, *context))
    assert list(answer["labels"]) == list(LABEL_NAMES)
    assert all(0 <= entry["score"] <= 1 for entry in answer["labels"].values())
    json.dumps(answer)


def test_self_test_passes_and_can_fail(bundle_folder, tmp_path):
    Classifier.load(bundle_folder).self_test()
    folder = shutil.copytree(bundle_folder, tmp_path / bundle_folder.name)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    for change, message in (
        (lambda case: case["scores"].update({"self_harm/ideation": 0.123}), "a score is off"),
        (lambda case: case.update(decision="escalate"), "decision"),
        (lambda case: case.pop("scores"), "fields"),
    ):
        changed = json.loads(json.dumps(manifest))
        change(changed["self_test"]["cases"][1])
        (folder / "manifest.json").write_text(json.dumps(changed), encoding="utf-8")
        with pytest.raises(BundleMismatch, match=message):
            Classifier.load(folder).self_test()
