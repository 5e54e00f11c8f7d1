"""Against scikit-learn, and worked by hand at the edges."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

from classifier import metrics

ROWS = st.lists(
    st.tuples(st.booleans(), st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.5001, 0.9, 1.0])), min_size=2, max_size=60
)


@given(ROWS)
@settings(max_examples=200)
def test_ranking_equals_scikit_learn(rows):
    truth, scores = np.array([one for one, _ in rows]), np.array([score for _, score in rows])
    if not truth.any():
        assert math.isnan(metrics.average_precision(truth, scores))
        return
    assert metrics.average_precision(truth, scores) == pytest.approx(reference.average_precision_score(truth, scores))
    if truth.all():
        assert math.isnan(metrics.auroc(truth, scores))
    else:
        assert metrics.auroc(truth, scores) == pytest.approx(reference.roc_auc_score(truth, scores))


@given(ROWS)
@settings(max_examples=200)
def test_decision_metrics_equal_scikit_learn(rows):
    truth, flagged = np.array([one for one, _ in rows]), np.array([score >= 0.5 for _, score in rows])
    for ours, theirs in (
        (metrics.precision, reference.precision_score),
        (metrics.recall, reference.recall_score),
        (metrics.f1, reference.f1_score),
    ):
        expected = theirs(truth, flagged, zero_division=np.nan)
        assert ours(truth, flagged) == pytest.approx(expected, nan_ok=True)


def test_false_alarm_rate_by_hand():
    assert metrics.false_alarm_rate([0, 0, 0, 0, 1], [1, 0, 0, 0, 1]) == 0.25
    assert math.isnan(metrics.false_alarm_rate([1], [1]))


def test_interval_draws_whole_clusters():
    truth, scores = np.array([1, 1, 1, 1, 0, 0, 0, 0]), np.array([1, 1, 1, 1, 0, 0, 0, 0])
    by_row = metrics.bootstrap_interval(lambda a, b: float(np.mean(b)), (truth, scores), draws=300)
    by_cluster = metrics.bootstrap_interval(
        lambda a, b: float(np.mean(b)), (truth, scores), clusters=["a"] * 4 + ["b"] * 4, draws=300
    )
    assert by_cluster == (0.0, 1.0)
    assert 0.0 < by_row[0] < 0.5 < by_row[1] < 1.0


def test_interval_covers_the_true_share():
    random = np.random.default_rng(0)
    inside = 0
    for seed in range(100):
        sample = random.random(200) < 0.3
        low, high = metrics.bootstrap_interval(lambda x: float(x.mean()), (sample,), draws=200, seed=seed)
        inside += low <= 0.3 <= high
    assert 85 <= inside <= 100


def test_undefined_metric_has_no_interval():
    assert all(math.isnan(one) for one in metrics.bootstrap_interval(metrics.recall, ([0, 0], [0, 1]), draws=100))
    assert all(math.isnan(one) for one in metrics.bootstrap_interval(metrics.recall, ([], []), draws=100))


def test_threshold_leaves_at_most_the_share_of_safe_scores_above():
    safe = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
    assert metrics.threshold_at(0.2, safe) == 0.8
    assert metrics.threshold_at(0.0, safe) == 1.0
    assert metrics.threshold_at(1.0, safe) == -math.inf
    assert metrics.threshold_at(0.2, []) == math.inf
    assert metrics.threshold_at(0.5, [0.5, 0.5, 0.5, 0.1]) == 0.5  # ties stay unflagged


def test_recall_at_a_rate_of_false_alarms():
    truth = [True, True, True, True, False, False, False, False]
    scores = [0.9, 0.7, 0.4, 0.1, 0.8, 0.3, 0.2, 0.1]
    assert metrics.recall_at(0.25, truth, scores) == 0.75
    assert metrics.recall_at(0.0, truth, scores) == 0.25
    assert math.isnan(metrics.recall_at(0.1, [True], [0.5]))
