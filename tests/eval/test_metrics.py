"""Metrics beside scikit-learn and beside examples worked by hand."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import precision_score, roc_curve

from eval.metrics import (
    both_right,
    calibration_error,
    estimable,
    false_alarms_at_recall,
    mcnemar,
    precision_at_prevalence,
    reliability_curve,
)

TRUTH = [1, 1, 1, 1, 0, 0, 0, 0, 0]
SCORES = [0.9, 0.8, 0.4, 0.2, 0.85, 0.5, 0.4, 0.3, 0.1]
SAMPLES = st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=2, max_size=40).map(
    lambda rows: (np.array([one for one, _ in rows]), np.array([one / 6 for _, one in rows]))
)


@pytest.mark.parametrize(("wanted", "expected"), [(0.5, 0.2), (0.51, 0.6), (0.75, 0.6), (0.95, 0.8), (1, 0.8), (0, 0)])
def test_false_alarms_at_recall(wanted, expected):
    assert false_alarms_at_recall(wanted, TRUTH, SCORES) == pytest.approx(expected)


@given(SAMPLES, st.sampled_from([0.1, 0.5, 0.8, 0.95, 1.0]))
@settings(max_examples=200, deadline=None)
def test_false_alarms_at_recall_are_scikit_learns(sample, wanted):
    truth, scores = sample
    if truth.all() or not truth.any():
        assert math.isnan(false_alarms_at_recall(wanted, truth, scores))
        return
    alarms, found, _ = roc_curve(truth, scores, drop_intermediate=False)
    expected = alarms[found >= wanted - 1e-9].min()
    assert false_alarms_at_recall(wanted, truth, scores) == pytest.approx(expected)


def test_precision_at_prevalence_is_bayes_rule():
    truth, flagged = [1, 1, *[0] * 10], [1, 0, 1, *[0] * 9]
    assert precision_at_prevalence(0.01, truth, flagged) == pytest.approx(0.005 / (0.005 + 0.099))
    assert precision_at_prevalence(0.5, truth, flagged) == pytest.approx(0.25 / (0.25 + 0.05))


@given(SAMPLES)
@settings(max_examples=200, deadline=None)
def test_precision_at_its_own_prevalence_is_precision(sample):
    truth, scores = sample
    flagged = scores >= 0.5
    found = precision_at_prevalence(truth.mean(), truth, flagged)
    if truth.all() or not truth.any() or not flagged.any():
        assert math.isnan(found)
    else:
        assert found == pytest.approx(precision_score(truth, flagged))


def test_calibration_error_by_hand():
    # Halves: means 0.15 and 0.85, shares 0.5 and 1.
    assert calibration_error([0, 1, 1, 1], [0.1, 0.2, 0.8, 0.9], bins=2) == pytest.approx((0.35 + 0.15) / 2)
    # Bins of three and two: gaps of 0.2 and 0.05.
    assert calibration_error([0, 0, 0, 1, 1], [0.1, 0.2, 0.3, 0.9, 1.0], bins=2) == pytest.approx(
        (3 * 0.2 + 2 * 0.05) / 5
    )
    assert calibration_error([1, 0], [1.0, 0.0]) == 0
    assert math.isnan(calibration_error([], []))


def test_a_gap_in_both_directions_within_a_bin_is_one_mean():
    assert calibration_error([1, 0], [0.5, 0.5], bins=1) == 0


def test_reliability_curve_is_scikit_learns():
    random = np.random.default_rng(0)
    scores = random.permutation(np.linspace(0.01, 0.99, 500))
    truth = random.random(500) < scores**2
    shares, means = calibration_curve(truth, scores, n_bins=10, strategy="quantile")
    found_means, found_shares = reliability_curve(truth, scores)
    assert found_means == pytest.approx(means)
    assert found_shares == pytest.approx(shares)
    weighted = np.abs(shares - means).mean()  # every bin has fifty rows
    assert calibration_error(truth, scores) == pytest.approx(weighted)


def test_fewer_rows_than_bins_are_a_bin_each_and_none_are_no_error():
    means, shares = reliability_curve([1, 0, 1], [0.9, 0.2, 0.4])
    assert (means.tolist(), shares.tolist()) == ([0.2, 0.4, 0.9], [0, 1, 1])


def test_reliability_curve_of_nothing_is_undefined():
    means, shares = reliability_curve([], [])
    assert np.isnan(means).all()
    assert np.isnan(shares).all()


@pytest.mark.parametrize(
    ("rate", "rows", "expected"),
    [
        (0.05, 200, True),
        (0.05, 199, False),
        (0.001, 10_000, True),
        (0.001, 9_999, False),
        (0.1, 100, True),
        (0.01, 0, False),
    ],
)
def test_a_rate_needs_ten_alarms(rate, rows, expected):
    assert estimable(rate, rows) is expected


def test_both_of_a_pair_must_be_right():
    truth, flagged = [1, 0, 1, 0, 1, 0], [1, 0, 1, 1, 0, 1]
    assert both_right(truth, flagged, [(0, 1), (2, 3), (4, 5), (0, 3), (4, 1)]).tolist() == [1, 0, 0, 0, 0]


def test_mcnemar_by_hand():
    # Ten messages on which they differ, two of them for the one: twice the chance of at most two heads of ten.
    right, other = [1, 1, *[0] * 8, 1, 0], [0, 0, *[1] * 8, 1, 0]
    assert mcnemar(right, other) == pytest.approx(2 * (1 + 10 + 45) / 1024)
    assert mcnemar(other, right) == mcnemar(right, other)
    assert mcnemar(right, right) == mcnemar([], []) == 1
    assert mcnemar([1] * 6, [0] * 6) == pytest.approx(2 / 64)
