import copy

import pytest

from classifier import Policy, PolicyError
from classifier.labels import HIGH_SEVERITY, LABEL_NAMES
from classifier.policy import Action


def document(review=0.5, escalate=0.9):
    labels = {
        name: {"review_at": review, "escalate_at": escalate if name in HIGH_SEVERITY else None} for name in LABEL_NAMES
    }
    return {"version": "1", "model": "vangnet-0.0.0", "labels": labels}


def scores(**given):
    named = dict.fromkeys(LABEL_NAMES, 0.0)
    return named | {
        next(name for name in LABEL_NAMES if name.endswith("/" + key)): value for key, value in given.items()
    }


@pytest.mark.parametrize(
    ("given", "action", "severity", "reasons"),
    [
        ({}, "allow", "none", []),
        ({"ideation": 0.49}, "allow", "none", []),
        ({"ideation": 0.5}, "review", "medium", ["ideation"]),
        ({"ideation": 1.0}, "review", "medium", ["ideation"]),
        ({"glorification": 0.6, "intent": 0.7}, "review", "high", ["intent", "glorification"]),
        ({"intent": 0.9, "ideation": 0.95}, "escalate", "high", ["ideation", "intent"]),
        ({"help_undermining": 0.99}, "review", "low", ["help_undermining"]),
    ],
)
def test_decision(given, action, severity, reasons):
    decision = Policy.from_dict(document()).decide(scores(**given))
    assert (decision.action, decision.severity) == (action, severity)
    assert [reason.label.split("/")[1] for reason in decision.reasons] == reasons


def test_reason_names_the_highest_threshold_reached():
    (reason,) = Policy.from_dict(document()).decide(scores(pact=0.93)).reasons
    assert (reason.threshold, reason.action) == (0.9, Action.ESCALATE)


def test_round_trip():
    assert Policy.from_dict(document()).as_dict() == document()


@pytest.mark.parametrize(
    ("label", "change", "named"),
    [
        ("self_harm/intent", {"review_at": 0}, "review_at"),
        ("self_harm/intent", {"review_at": 1.1}, "review_at"),
        ("self_harm/intent", {"review_at": True}, "review_at"),
        ("self_harm/intent", {"review_at": "0.5"}, "review_at"),
        ("self_harm/intent", {"escalate_at": 0.4}, "escalate_at"),
        ("self_harm/ideation", {"escalate_at": 0.9}, "escalate_at"),
    ],
)
def test_wrong_thresholds_are_named(label, change, named):
    wrong = copy.deepcopy(document())
    wrong["labels"][label] |= change
    with pytest.raises(PolicyError, match=f"{label}.{named}"):
        Policy.from_dict(wrong)


def test_unknown_and_missing_labels_are_named():
    wrong = document()
    wrong["labels"]["self_harm/other"] = wrong["labels"].pop("self_harm/intent")
    with pytest.raises(PolicyError, match=r"self_harm/other.*self_harm/intent"):
        Policy.from_dict(wrong)
    with pytest.raises(PolicyError, match="needs version"):
        Policy.from_dict({"labels": {}})
