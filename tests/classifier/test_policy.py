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


def with_modes(**modes):
    source = document()
    for key, mode in modes.items():
        source["labels"][next(name for name in LABEL_NAMES if name.endswith("/" + key))]["mode"] = mode
    return Policy.from_dict(source)


def test_round_trip():
    assert Policy.from_dict(document()).as_dict() == document()
    changed = with_modes(intent="observe", ideation="off", pact="on")
    assert Policy.from_dict(changed.as_dict()) == changed
    modes = {name: one["mode"] for name, one in changed.as_dict()["labels"].items() if "mode" in one}
    assert modes == {"self_harm/intent": "observe", "self_harm/ideation": "off"}


def test_an_observed_label_decides_nothing_and_shows_in_what_would_be():
    policy = with_modes(intent="observe", pact="off")
    alone = policy.decide(scores(intent=0.95))
    assert (alone.action, alone.severity, alone.reasons) == ("allow", "none", ())
    assert alone.would_be == Policy.from_dict(document()).decide(scores(intent=0.95))
    beside = policy.decide(scores(intent=0.95, ideation=0.97, pact=1.0))
    assert (beside.action, beside.severity) == ("review", "medium")
    assert [reason.label for reason in beside.reasons] == ["self_harm/ideation"]
    assert (beside.would_be.action, beside.would_be.severity) == ("escalate", "high")
    assert [reason.label for reason in beside.would_be.reasons] == ["self_harm/ideation", "self_harm/intent"]
    assert beside.would_be.would_be is None
    assert policy.decide(scores(intent=0.49, ideation=0.6)).would_be is None


def test_a_label_that_is_off_is_left_out():
    decision = with_modes(pact="off").decide(scores(pact=1.0))
    assert (decision.action, decision.reasons, decision.would_be) == ("allow", (), None)


@pytest.mark.parametrize(
    ("label", "change", "named"),
    [
        ("self_harm/intent", {"review_at": 0}, "review_at"),
        ("self_harm/intent", {"review_at": 1.1}, "review_at"),
        ("self_harm/intent", {"review_at": True}, "review_at"),
        ("self_harm/intent", {"review_at": "0.5"}, "review_at"),
        ("self_harm/intent", {"escalate_at": 0.4}, "escalate_at"),
        ("self_harm/ideation", {"escalate_at": 0.9}, "escalate_at"),
        ("self_harm/ideation", {"review_at": float("nan")}, "review_at"),
        ("self_harm/ideation", {"mode": "perhaps"}, "mode"),
        ("self_harm/ideation", {"mode": None}, "mode"),
        ("self_harm/ideation", {"mode": []}, "mode"),
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
