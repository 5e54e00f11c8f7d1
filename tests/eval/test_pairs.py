"""Contrast pairs on a set worked by hand."""

import numpy as np

from classifier import Message
from classifier.labels import LABEL_NAMES
from eval.data import Case
from eval.pairs import pairs


def case(name, text, pair, *, risky):
    return Case(name, Message(text), frozenset(LABEL_NAMES[:1] if risky else ()), None, pair, name[0])


CASES = [
    case("a1", "zelfde", "a2", risky=True),
    case("a2", "zelfde", "a1", risky=False),
    case("b1", "bijna", "b2", risky=True),
    case("b2", "haast", None, risky=False),
    case("c1", "beide", None, risky=True),
    case("c2", "beide", "c1", risky=False),
    case("d1", "alleen", "d2", risky=True),
    case("e1", "los", None, risky=True),
]


def test_a_pair_counts_when_both_are_decided_rightly():
    flagged = np.array([True, False, True, False, True, True, True, True])
    found = pairs(CASES, flagged, draws=100)
    assert (found["all"]["pairs"], found["all"]["both_right"]["value"]) == (3, 0.6667)
    assert (found["identical"]["pairs"], found["identical"]["both_right"]["value"]) == (2, 0.5)
    assert found["all"]["both_right"]["low"] <= 0.6667 <= found["all"]["both_right"]["high"]


def test_a_missed_risk_is_not_right_and_data_without_pairs_has_no_figures():
    assert pairs(CASES[:2], np.array([False, False]), draws=100)["all"]["both_right"]["value"] == 0.0
    assert pairs(CASES[6:], np.array([True, True]), draws=100) == {}
