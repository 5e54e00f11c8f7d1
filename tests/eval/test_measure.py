"""Figures on a set worked by hand."""

import numpy as np
import pytest

from classifier import Message, Policy
from classifier.labels import HIGH_SEVERITY, LABEL_NAMES
from eval.data import Case
from eval.errors import EvaluationError
from eval.measure import alarms_per_thousand, disguised, measure

IDEATION, INTENT, PACT = (
    LABEL_NAMES.index(name) for name in ("self_harm/ideation", "self_harm/intent", "peer_influence/pact")
)
POLICY = Policy.from_dict(
    {
        "version": "1",
        "model": "m",
        "labels": {
            name: {"review_at": 0.5, "escalate_at": 0.9 if name in HIGH_SEVERITY else None} for name in LABEL_NAMES
        },
    }
)


def case(number, kind, *labels, pair=None):
    names = frozenset(LABEL_NAMES[label] for label in labels)
    return Case(str(number), Message("tekst"), names, kind, pair, f"voice{number % 3}")


CASES = [
    case(0, "P1", IDEATION), case(1, "P1", INTENT), case(2, "P2", INTENT), case(3, "P9", PACT),
    case(4, "N9"), case(5, "N9"), case(6, "N1"), case(7, "N3"),
]  # fmt: skip
FLAGS = {(0, IDEATION): 0.9, (1, IDEATION): 0.6, (2, INTENT): 0.4, (3, PACT): 0.5, (6, PACT): 0.8}


@pytest.fixture(scope="module")
def figures():
    scores = np.full((len(CASES), len(LABEL_NAMES)), 0.01)
    for place, score in FLAGS.items():
        scores[place] = score
    return measure(CASES, scores, POLICY, draws=100)


def test_any_risk(figures):
    any_risk = figures["any_risk"]
    assert any_risk["recall"]["value"] == 0.75
    assert any_risk["precision"]["value"] == 0.75
    assert any_risk["false_alarm_rate"]["value"] == 0.25
    assert any_risk["recall"]["low"] <= 0.75 <= any_risk["recall"]["high"]


def test_intent_counts_as_found_by_any_self_harm_label(figures):
    assert figures["intent_found"]["value"] == 0.5
    assert figures["labels"]["self_harm/intent"]["recall"]["value"] == 0.0


def test_labels_and_areas(figures):
    ideation = figures["labels"]["self_harm/ideation"]
    assert (ideation["precision"]["value"], ideation["recall"]["value"]) == (0.5, 1.0)
    assert figures["areas"]["self_harm"]["recall"]["value"] == pytest.approx(2 / 3, abs=1e-4)
    assert figures["labels"]["self_harm/injury"]["recall"]["value"] is None
    # Mean of F1 over the labels where it is defined: ideation 2/3, intent 0, pact 2/3.
    assert figures["macro_f1"]["value"] == pytest.approx(4 / 9, abs=1e-4)


def test_kinds_and_look_alikes(figures):
    assert (figures["kinds"]["N1"]["flagged"], figures["kinds"]["N9"]["flagged"]) == (1, 0)
    assert figures["everyday"]["messages"] == 2
    assert figures["look_alikes"]["false_alarm_rate"] == 0.5
    # With two look-alikes 5 % allows none: only a score above 0.8 counts as found.
    assert figures["look_alikes"]["recall_at_5_percent"]["value"] == 0.25


def test_everyday_twin_of_a_risky_message_is_a_look_alike():
    twins = [case(0, "P9", PACT, pair="1"), case(1, "N9", pair="0"), case(2, "N9")]
    scores = np.full((3, len(LABEL_NAMES)), 0.01)
    scores[1, PACT] = 0.9
    found = measure(twins, scores, POLICY, draws=100)
    assert found["look_alikes"]["false_alarm_rate"] == 1.0
    assert (found["everyday"]["messages"], found["everyday"]["flagged"]) == (1, 0)


def test_alarms_per_thousand():
    scores = np.full((400, len(LABEL_NAMES)), 0.1)
    scores[:2, PACT] = 0.5
    found = alarms_per_thousand(scores, POLICY)
    assert (found["alarms"], found["per_1000"]) == (2, 5.0)
    assert 1.0 < found["low"] < 5.0 < found["high"] < 19.0


def test_disguised_copies_are_compared_with_their_originals():
    scores = np.full((len(CASES), len(LABEL_NAMES)), 0.01)
    scores[:3, INTENT] = 0.9
    copies = [CASES[3], CASES[1], CASES[0]]
    hidden = np.full((3, len(LABEL_NAMES)), 0.01)
    hidden[1, PACT] = 0.5
    found = disguised(CASES, scores, copies, hidden, POLICY, draws=100)
    assert found["recall_plain"]["value"] == pytest.approx(2 / 3, abs=1e-4)
    assert found["recall_disguised"]["value"] == found["lost"]["value"] == pytest.approx(1 / 3, abs=1e-4)
    with pytest.raises(EvaluationError, match="no risky message of the data, such as 4"):
        disguised(CASES, scores, [CASES[4]], hidden[:1], POLICY, draws=100)
