"""Drafts: which messages they would decide otherwise, their document, and their version."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier import PolicyError
from classifier.labels import BY_NAME, LABEL_NAMES
from classifier.policy import Policy
from serving.console.drafts import changes, document, next_version
from serving.console.references import ReferenceKind, Scored

IDEATION, INTENT, GLORIFICATION = LABEL_NAMES[0], LABEL_NAMES[1], LABEL_NAMES[8]
BASE = {name: {"review_at": 0.5, "escalate_at": None, "mode": "on"} for name in LABEL_NAMES}


def policy(**thresholds):
    return Policy.from_dict(document("v", "m", BASE | thresholds))


def scored(rows, truth=None):
    scores = np.array([[row.get(name, 0.0) for name in LABEL_NAMES] for row in rows])
    holds = np.zeros(scores.shape, bool) if truth is None else truth
    size = len(rows)
    no = np.zeros(size, bool)
    ids = tuple(map(str, range(size)))
    return Scored("x", ReferenceKind.CHECK, "m", ids, scores, holds, np.ones(scores.shape, bool), np.ones(size), no, no)


def test_messages_whose_decision_changes_stand_in_order_of_severity():
    truth = np.zeros((7, 11), bool)
    truth[1, [0, 1]] = True
    rows = [
        {GLORIFICATION: 0.6},  # no longer flagged
        {INTENT: 0.7, IDEATION: 0.2},  # now escalated
        {INTENT: 0.6},  # as before
        {IDEATION: 0.4},  # newly flagged
        {IDEATION: 0.45},  # newly flagged, and more certain
        {IDEATION: 0.9, GLORIFICATION: 0.6},  # for one reason less, as before
        {IDEATION: 0.1},
    ]
    draft = policy(
        **{
            IDEATION: {"review_at": 0.3},
            INTENT: {"review_at": 0.5, "escalate_at": 0.65},
            GLORIFICATION: {"review_at": 0.5, "mode": "observe"},
        }
    )
    found = changes(scored(rows, truth), policy(), draft)
    assert found == [
        {"id": "1", "before": "review", "after": "escalate", "labels": [IDEATION, INTENT], "reached": [INTENT]},
        {"id": "4", "before": "allow", "after": "review", "labels": [], "reached": [IDEATION]},
        {"id": "3", "before": "allow", "after": "review", "labels": [], "reached": [IDEATION]},
        {"id": "0", "before": "review", "after": "allow", "labels": [], "reached": [GLORIFICATION]},
    ]
    assert changes(scored(rows, truth), policy(), draft, most=2) == found[:2]
    assert changes(scored(rows, truth), draft, draft) == []
    # Of a message that is risky by nobody knows which label, none is told.
    unknown = replace(scored(rows, truth), known=np.zeros((7, 11), bool))
    assert changes(unknown, policy(), draft)[0]["labels"] == []


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 2**32))
def test_changes_are_those_of_the_core(seed):
    random = np.random.default_rng(seed)
    data = scored([dict(zip(LABEL_NAMES, random.random(11).round(1), strict=True)) for _ in range(30)])
    one, other = (
        policy(**{name: {"review_at": max(0.1, random.random().__round__(1))} for name in LABEL_NAMES})
        for _ in range(2)
    )
    decisions = [
        [made.decide(dict(zip(LABEL_NAMES, row, strict=True))) for made in (one, other)] for row in data.scores
    ]
    found = changes(data, one, other)
    assert {(entry["id"], entry["before"], entry["after"]) for entry in found} == {
        (str(row), str(before.action), str(after.action))
        for row, (before, after) in enumerate(decisions)
        if before.action != after.action
    }
    ranks = [max(BY_NAME[name].severity.rank for name in entry["reached"]) for entry in found]
    assert ranks == sorted(ranks, reverse=True)


def test_a_document_is_a_policy_or_names_what_is_wrong():
    made = document("2026-11-22.1", "m", BASE | {INTENT: {"review_at": 0.2, "escalate_at": 0.6, "mode": "observe"}})
    read = Policy.from_dict(made)
    assert (read.version, read.model, read.thresholds[INTENT].escalate_at) == ("2026-11-22.1", "m", 0.6)
    assert made["labels"][INTENT]["mode"] == "observe"
    for wrong in ({"review_at": 0}, {"review_at": 0.5, "escalate_at": 0.4}, {"review_at": 0.5, "mode": "x"}):
        with pytest.raises(PolicyError, match=r"^labels\.self_harm/intent"):
            document("v", "m", BASE | {INTENT: wrong})
    with pytest.raises(PolicyError, match="missing"):
        document("v", "m", {INTENT: BASE[INTENT]})


def test_the_next_version_is_the_first_that_is_free():
    now = datetime(2026, 11, 22, 23, 59, tzinfo=UTC)
    assert next_version([], now) == "2026-11-22.1"
    taken = ["default", "2026-11-21.1", "2026-11-22.1", "2026-11-22.3"]
    assert next_version([{"version": one} for one in taken], now) == "2026-11-22.2"
    assert next_version([{"version": one} for one in [*taken, "2026-11-22.2"]], now) == "2026-11-22.4"
