"""Figures of one target beside scikit-learn, and when they are withheld."""

import math

import numpy as np
import pytest
from sklearn.metrics import (
    average_precision_score,
    f1_score,
    precision_score,
    recall_score,
    roc_auc_score,
)

from eval.target_figures import BRIEF, DECIDING, RANKING, target_figures

NAMES = {*RANKING, *DECIDING}


def made(truth, scores, flagged=None, clusters=None, **options):
    truth, scores = np.asarray(truth, float), np.asarray(scores, float)
    flagged = (scores >= 0.5).astype(float) if flagged is None else np.asarray(flagged, float)
    clusters = np.arange(len(truth)).astype(str) if clusters is None else np.asarray(clusters)
    return target_figures(truth, scores, flagged, clusters, 100, **options)


def withheld(found):
    return {name for name, figure in found["figures"].items() if "not_estimable" in figure}


@pytest.fixture(scope="module")
def sample():
    random = np.random.default_rng(1)
    truth = (random.random(1500) < 0.2).astype(float)
    return truth, np.clip(random.normal(0.3 + 0.35 * truth, 0.2), 0, 1).round(2)


def test_figures_are_scikit_learns(sample):
    truth, scores = sample
    found = made(truth, scores)
    assert (found["rows"], found["positives"]) == (1500, truth.sum())
    assert found["prevalence"] == round(truth.mean(), 4)
    flagged = scores >= 0.5
    expected = {
        "auroc": roc_auc_score(truth, scores),
        "ap": average_precision_score(truth, scores),
        "precision": precision_score(truth, flagged),
        "recall": recall_score(truth, flagged),
        "f1": f1_score(truth, flagged),
        "false_alarm_rate": 1 - recall_score(1 - truth, ~flagged),
    }
    for name, value in expected.items():
        figure = found["figures"][name]
        assert figure["value"] == pytest.approx(value, abs=5.1e-5)
        assert figure["low"] <= figure["value"] <= figure["high"]
    assert set(found["figures"]) == NAMES
    assert withheld(found) == {"recall_at_0_1_percent"}


def test_rows_that_nobody_labelled_are_left_out(sample):
    truth, scores = (one[:600] for one in sample)
    more = np.r_[truth, np.full(50, math.nan)], np.r_[scores, np.full(50, math.nan)]
    assert made(*more) == made(truth, scores)


def test_clusters_are_drawn_as_wholes(sample):
    truth, scores = (np.repeat(one[:60], 10) for one in sample)
    apart, together = made(truth, scores), made(truth, scores, clusters=np.repeat(np.arange(60), 10))
    widths = [one["figures"]["recall"]["high"] - one["figures"]["recall"]["low"] for one in (apart, together)]
    assert widths[1] > 1.5 * widths[0]


@pytest.mark.parametrize(("safe", "expected"), [(199, True), (200, False)])
def test_recall_at_a_rate_needs_enough_safe_rows(safe, expected):
    found = made([1, *[0] * safe], np.linspace(1, 0, safe + 1))
    assert ("recall_at_5_percent" in withheld(found)) is expected
    if expected:
        assert "199 safe rows" in found["figures"]["recall_at_5_percent"]["not_estimable"]


@pytest.mark.parametrize(("alarms", "expected"), [(0, True), (9, True), (10, False)])
def test_the_rate_of_false_alarms_needs_ten(alarms, expected):
    found = made([1, *[0] * 100], [0.9, *[0.9] * alarms, *[0.1] * (100 - alarms)])
    assert ("false_alarm_rate" in withheld(found)) is expected


@pytest.mark.parametrize("alarms", [0, 1])
def test_precision_on_real_traffic_needs_false_alarms_as_well(alarms):
    """It rests on the same rate: without an alarm on a hundred safe rows it would be a perfect 1 in 1."""
    found = made([1] * 10 + [0] * 100, [0.9] * 10 + [0.9] * alarms + [0.1] * (100 - alarms))
    assert "precision_at_1_in_100" in withheld(found)


def test_a_system_without_scores_or_decisions_has_the_other_figures(sample):
    truth, scores = (one[:800] for one in sample)
    nothing = np.full(800, math.nan)
    assert withheld(made(truth, nothing, scores >= 0.5)) == set(RANKING)
    assert withheld(made(truth, scores, nothing)) >= set(DECIDING)
    assert "auroc" not in withheld(made(truth, scores, nothing))


def test_one_missing_score_withholds_what_needs_it(sample):
    truth, scores = (one[:300].copy() for one in sample)
    flagged = (scores >= 0.5).astype(float)
    scores[7] = math.nan
    assert withheld(made(truth, scores, flagged)) >= set(RANKING)
    assert "recall" not in withheld(made(truth, scores, flagged))


def test_without_any_labelled_row_nothing_is_estimable():
    found = made([math.nan] * 3, [0.1, 0.2, 0.3])
    assert (found["rows"], found["positives"], found["prevalence"]) == (0, 0, None)
    assert withheld(found) == NAMES
    assert {figure["not_estimable"] for figure in found["figures"].values()} == {"no labelled row"}


def test_of_safe_rows_alone_false_alarms_are_all_that_is_known():
    found = made([0] * 400, [0.9] * 20 + [0.1] * 380)["figures"]
    assert found["false_alarm_rate"]["value"] == 0.05
    for name in ("auroc", "ap", "recall", "recall_at_5_percent", "false_alarms_at_recall_95", "precision_at_1_in_100"):
        assert found[name] == {"value": None, "low": None, "high": None}


def test_of_risky_rows_alone_recall_is_all_that_is_known():
    found = made([1] * 20, [0.9] * 15 + [0.1] * 5)["figures"]
    assert (found["recall"]["value"], found["precision"]["value"]) == (0.75, 1)
    assert found["auroc"]["value"] is found["false_alarm_rate"].get("value") is None


def test_scores_that_are_no_probabilities_have_no_calibration_error():
    """A decision function or a count ranks, but it says no share of risky messages."""
    found = made([1, 0, 1, 0] * 50, [3.5, -2.0, 1.5, -0.5] * 50)
    assert found["figures"]["auroc"]["value"] == 1
    assert "calibration_error" in withheld(found)


def test_only_the_figures_that_are_wanted_are_made(sample):
    assert tuple(made(*sample, wanted=BRIEF)["figures"]) == BRIEF
