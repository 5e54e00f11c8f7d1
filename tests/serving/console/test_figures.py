"""Figures of a policy: the decisions are those of the core, and estimates meet what they estimate."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier.labels import HIGH_SEVERITY, LABEL_NAMES
from classifier.policy import Action, Mode, Policy, Thresholds
from serving.console.figures import figures, reached, wilson
from serving.console.references import ReferenceKind, Scored

RANKS = (Action.ALLOW, Action.REVIEW, Action.ESCALATE)
FIELDS = ("value", "low", "high")
# Few values, so that scores meet thresholds exactly.
SCORES = st.sampled_from([0.0, 0.1, 0.1443, 0.5, 0.6219, 0.9, 1.0])


@st.composite
def policies(draw):
    thresholds = {}
    for name in LABEL_NAMES:
        review, higher = sorted((draw(SCORES.filter(bool)), draw(SCORES.filter(bool))))
        escalate = higher if name in HIGH_SEVERITY and draw(st.booleans()) else None
        thresholds[name] = Thresholds(review, escalate, draw(st.sampled_from(list(Mode))))
    return Policy("v", "m", thresholds)


def policy(review_at=0.5, escalate_at=None, **modes):
    thresholds = {
        name: Thresholds(review_at, escalate_at if name in HIGH_SEVERITY else None, Mode(modes.get(name[-4:], "on")))
        for name in LABEL_NAMES
    }
    return Policy("v", "m", thresholds)


def scored(scores, truth, kind=ReferenceKind.UPLOAD, **columns):
    """Scores and truth of one label, or of all."""
    scores, truth = np.asarray(scores, float), np.asarray(truth, bool)
    size = len(scores)
    if scores.ndim == 1:
        rest = np.zeros((size, len(LABEL_NAMES) - 1))
        scores, truth = np.c_[scores, rest], np.c_[truth, rest].astype(bool)
    given_ = {
        "known": np.ones(truth.shape, bool),
        "weights": np.ones(size),
        "support": np.zeros(size, bool),
        "audited": np.zeros(size, bool),
    }
    return Scored("x", kind, "m", tuple(map(str, range(size))), scores, truth, **given_ | columns)


@settings(deadline=None)
@given(policies(), st.lists(st.lists(SCORES, min_size=11, max_size=11), min_size=1, max_size=5))
def test_decisions_are_those_of_the_core(wanted, rows):
    found = reached(np.array(rows), wanted).max(axis=1)
    observed = reached(np.array(rows), wanted, (Mode.ON, Mode.OBSERVE))
    for row, action, asked in zip(rows, found, observed, strict=True):
        decision = wanted.decide(dict(zip(LABEL_NAMES, row, strict=True)))
        assert RANKS[action] == decision.action
        both = decision.would_be or decision
        assert RANKS[asked.max()] == both.action
        assert {name for name, one in zip(LABEL_NAMES, asked, strict=True) if one} == {
            reason.label for reason in both.reasons
        }


@settings(deadline=None, max_examples=50)
@given(policies(), st.integers(1, 40), st.integers(0, 2**32))
def test_unweighted_figures_are_counts(wanted, size, seed):
    random = np.random.default_rng(seed)
    data = scored(random.random((size, 11)), random.random((size, 11)) < 0.1)
    data = replace(data, support=~data.risky & (random.random(size) < 0.5))
    found = figures(data, wanted)
    flagged = [
        wanted.decide(dict(zip(LABEL_NAMES, row, strict=True))).action is not Action.ALLOW for row in data.scores
    ]
    expected = {
        "recall": (sum(data.risky & flagged), sum(data.risky), 10),
        "precision": (sum(data.risky & flagged), sum(flagged), 1),
        "safe_flagged": (sum(~data.risky & flagged), sum(~data.risky), 1),
        "support_flagged": (sum(data.support & flagged), sum(data.support), 1),
    }
    for name, (hits, of, least) in expected.items():
        if of < least:
            assert "not_estimable" in found[name]
        else:
            assert found[name]["value"] == pytest.approx(hits / of)
            assert 0 <= found[name]["low"] <= found[name]["value"] <= found[name]["high"] <= 1
    assert found["rows"] == size
    assert found["risky"] == {"raw": sum(data.risky), "weighted": sum(data.risky)}
    assert ("not_estimable" in found["missed"]) == ("not_estimable" in found["recall"])


def test_wilsons_interval_is_the_published_one():
    # Newcombe (1998), table I, method 3: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
    published = ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611), (1, 29, 0.0061, 0.1718))
    for hits, of, low, high in published:
        assert [wilson(hits, of)[field] for field in ("low", "high")] == pytest.approx([low, high], abs=5e-5)


def test_missed_messages_are_the_rest_of_those_found():
    data = scored([0.9] * 15 + [0.1] * 5 + [0.6] * 10, [True] * 20 + [False] * 10)
    found = figures(data, policy())
    assert found["missed"]["value"] == pytest.approx(5)
    assert found["missed"]["low"] == pytest.approx(20 * (1 - found["recall"]["high"]))
    assert found["missed"]["high"] == pytest.approx(20 * (1 - found["recall"]["low"]))
    assert (found["precision"]["value"], found["safe_flagged"]["value"]) == (0.6, 1.0)


def test_figures_that_nothing_tells_have_a_reason():
    found = figures(scored([0.1] * 9, [True] * 9), policy())
    reasons = {name: found[name]["not_estimable"] for name in ("recall", "missed", "precision", "safe_flagged")}
    assert reasons == dict.fromkeys(("recall", "missed"), "too_few") | {
        "precision": "none_flagged",
        "safe_flagged": "none_safe",
    }
    assert found["support_flagged"] == {"not_estimable": "none_support"}
    empty = figures(scored(np.zeros((0, 11)), np.zeros((0, 11))), policy(tion="observe"))
    assert empty["rows"] == 0
    assert empty["would_be"]["precision"] == {"not_estimable": "none_flagged"}


def test_labels_count_where_somebody_judged_them():
    known = np.zeros((40, 11), bool)
    known[:30, 0] = True
    data = scored([0.9] * 12 + [0.1] * 8 + [0.9] * 20, [True] * 20 + [False] * 20, known=known)
    label = figures(data, policy())["labels"]["self_harm/ideation"]
    assert (label["recall"]["value"], label["precision"]["value"], label["positives"]) == (12 / 20, 12 / 22, 20)
    # Risky, and nobody said by which label: all hold, none is known.
    everything = scored(np.full((12, 11), 0.9), np.ones((12, 11)), known=np.zeros((12, 11), bool))
    found = figures(everything, policy())
    assert found["recall"]["value"] == 1.0
    assert {one["positives"] for one in found["labels"].values()} == {0}


def test_observed_labels_have_figures_of_their_own():
    data = scored([0.9] * 10 + [0.1] * 10, [True] * 20)
    assert figures(data, policy())["would_be"] is None
    found = figures(data, policy(tion="observe"))
    assert (found["recall"]["value"], found["would_be"]["recall"]["value"]) == (0.0, 0.5)
    assert found["labels"]["self_harm/ideation"]["recall"]["value"] == 0.0
    assert found["would_be"]["labels"]["self_harm/ideation"]["recall"]["value"] == 0.5
    assert figures(data, policy(tion="off"))["would_be"] is None


def reviewed(scores, risky, seed, share=0.02):
    """A platform's messages as they reach the moderators: flagged from 0.5 on, those close below drawn four times as often."""
    random = np.random.default_rng(seed)
    drawn = np.where(scores >= 0.5, 1.0, np.where(scores >= 0.2, 4 * share, share))
    stored = random.random(len(scores)) < drawn
    columns = {"weights": 1 / drawn[stored], "audited": (scores < 0.5)[stored]}
    return scored(scores[stored], risky[stored], ReferenceKind.REVIEWED, **columns)


@pytest.mark.parametrize("review_at", [0.3, 0.5, 0.7])
def test_estimates_from_reviewed_messages_meet_the_truth_of_all_messages(review_at):
    """Also for thresholds below and above that by which the messages were stored."""
    random = np.random.default_rng(5)
    scores = random.beta(0.3, 2, 20_000)
    risky, flagged = random.random(20_000) < scores**1.5, scores >= review_at
    truth = {
        "recall": (risky & flagged).sum() / risky.sum(),
        "missed": (risky & ~flagged).sum(),
        "precision": (risky & flagged).sum() / flagged.sum(),
        "safe_flagged": (~risky & flagged).sum() / (~risky).sum(),
    }
    runs = [figures(reviewed(scores, risky, seed), policy(review_at)) for seed in range(40)]
    for name, value in truth.items():
        estimates = np.array([run[name]["value"] for run in runs])
        error = estimates.std(ddof=1) / np.sqrt(len(runs))
        assert abs(estimates.mean() - value) < 4 * error + 0.03 * value, name
        covered = sum(run[name]["low"] <= value <= run[name]["high"] for run in runs)
        assert covered >= 34, name


def test_without_an_audit_sample_nobody_knows_what_is_missed():
    data = scored([0.9] * 30, [True] * 20 + [False] * 10, ReferenceKind.REVIEWED)
    found = figures(data, policy())
    for name in ("recall", "missed", "safe_flagged"):
        assert found[name] == {"not_estimable": "no_audit_sample"}
    assert found["labels"]["self_harm/ideation"]["recall"] == {"not_estimable": "no_audit_sample"}
    assert found["precision"]["value"] == pytest.approx(2 / 3)
    assert not found["shows_misses"]
    audited = np.array([False] * 29 + [True])
    assert figures(replace(data, audited=audited), policy())["shows_misses"]


def test_an_audit_that_found_nothing_leaves_room_for_what_it_did_not_see():
    weights = np.r_[np.ones(100), np.full(50, 100.0)]
    data = scored([0.9] * 100 + [0.1] * 50, [True] * 100 + [False] * 50, ReferenceKind.REVIEWED, weights=weights)
    found = figures(replace(data, audited=weights > 1), policy())
    # 50 of 5,000 were drawn: 369 missed ones would have escaped them in one of forty cases.
    assert [found["missed"][field] for field in FIELDS] == pytest.approx([0, 0, 369])
    assert [found["recall"][field] for field in FIELDS] == pytest.approx([1, 100 / 469, 1])
    assert found["safe_flagged"]["value"] == 0
    assert 0.05 < found["safe_flagged"]["high"] < 0.1
