"""Presets: each is the best threshold of its kind, on the half that chooses."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier.labels import HIGH_SEVERITY, LABEL_NAMES
from classifier.policy import Mode, Policy, Thresholds
from serving.console.presets import Preset, preset
from serving.console.references import ReferenceKind, Scored, UnusableReference, half

GRID = np.arange(1, 10_001) / 10_000


def active(**modes):
    thresholds = {
        name: Thresholds(0.1, 0.3 if name in HIGH_SEVERITY else None, Mode(modes.get(name[-4:], "on")))
        for name in LABEL_NAMES
    }
    return Policy("a", "m", thresholds)


def scored(seed, kind=ReferenceKind.UPLOAD, size=400, spread=0.25):
    random = np.random.default_rng(seed)
    truth = random.random((size, 11)) < 0.04
    scores = np.clip(truth * 0.5 + random.normal(0.2, spread, (size, 11)), 0, 1).round(4)
    weights = np.where(random.random(size) < 0.3, 5.0, 1.0) if kind is ReferenceKind.REVIEWED else np.ones(size)
    every = np.ones((size, 11), bool)
    return Scored(
        "x", kind, "m", tuple(map(str, range(size))), scores, truth, every, weights, ~every[:, 0], weights > 1
    )


def place(threshold):
    return round(threshold * 10_000) - 1


def chosen(name, data, policy=None):
    made = preset(name, data, "m", "v", policy or active())
    [threshold] = {one.review_at for one in made.thresholds.values()}
    return threshold


@settings(deadline=None, max_examples=15)
@given(
    st.integers(0, 2**32),
    st.sampled_from([ReferenceKind.UPLOAD, ReferenceKind.REVIEWED]),
    st.sampled_from([0.05, 0.25]),
)
def test_each_is_the_best_of_its_kind(seed, kind, spread):
    data = scored(seed, kind, spread=spread)
    chooses = half(data, True)
    highest, weights = chooses.scores.max(axis=1), chooses.weights
    over = highest >= GRID[:, np.newaxis]
    flagged, found = over @ weights, over @ (weights * chooses.risky)
    total = weights[chooses.risky].sum()
    recall_first, balanced = chosen(Preset.RECALL_FIRST, data), chosen(Preset.BALANCED, data)
    assert recall_first == GRID[found >= 0.95 * total - 1e-9].max()
    f1 = 2 * found / (total + flagged)
    assert f1[place(balanced)] == pytest.approx(f1.max())
    good = GRID[(found > 0) & (found >= 0.95 * flagged - 1e-9)]
    if len(good):
        threshold = chosen(Preset.PRECISION_FIRST, data)
        # Any threshold between two scores flags the same: the one that stands is a score.
        assert flagged[place(threshold)] == flagged[place(good.min())]
    else:
        with pytest.raises(UnusableReference) as raised:
            chosen(Preset.PRECISION_FIRST, data)
        assert raised.value.reason == "out_of_reach"


def test_the_reporting_half_and_labels_that_do_not_decide_choose_nothing():
    data = scored(1, spread=0.05)
    reports = np.array([one not in half(data, True).ids for one in data.ids])
    for name in Preset:
        other = replace(data, scores=np.where(reports[:, np.newaxis], 0.5, data.scores))
        assert chosen(name, other) == chosen(name, data)
    silent = np.array([name.endswith("tion") for name in LABEL_NAMES])
    policy = active(tion="observe")
    without = replace(data, scores=np.where(silent, 1.0, data.scores))
    assert chosen(Preset.BALANCED, without, policy) == chosen(Preset.BALANCED, data, policy)
    assert chosen(Preset.BALANCED, without) != chosen(Preset.BALANCED, data)


def test_escalation_and_modes_stay_as_they_are():
    policy = active(pact="off", tion="observe")
    low = preset(Preset.RECALL_FIRST, scored(1), "n", "v", active())
    high = preset(Preset.PRECISION_FIRST, scored(1, spread=0.05), "n", "v", policy)
    assert (low.version, low.model) == ("v", "n")
    assert {low.thresholds[name].escalate_at for name in HIGH_SEVERITY} == {
        max(0.3, low.thresholds[LABEL_NAMES[0]].review_at)
    }
    assert high.thresholds[LABEL_NAMES[0]].review_at > 0.3
    assert {high.thresholds[name].escalate_at for name in HIGH_SEVERITY} == {high.thresholds[LABEL_NAMES[0]].review_at}
    for made in (low, high):
        assert {one.escalate_at for name, one in made.thresholds.items() if name not in HIGH_SEVERITY} == {None}
        assert Policy.from_dict(made.as_dict()) == made
    assert [one.mode for one in high.thresholds.values()] == [one.mode for one in policy.thresholds.values()]


def test_what_cannot_choose_has_a_reason():
    data = scored(1)
    few = replace(data, truth=np.arange(400)[:, np.newaxis] < np.where(np.arange(11) == 0, 10, 0))
    unaudited = replace(scored(1, ReferenceKind.REVIEWED), audited=np.zeros(400, bool))
    useless = replace(data, scores=np.where(data.risky[:, np.newaxis], 0.0, np.full((400, 11), 0.5)))
    for wrong, reason in (
        (replace(data, kind=ReferenceKind.CHECK), "only_reports"),
        (unaudited, "no_audit_sample"),
        (few, "too_few"),
        (useless, "out_of_reach"),
    ):
        with pytest.raises(UnusableReference) as raised:
            chosen(Preset.RECALL_FIRST, wrong)
        assert raised.value.reason == reason
