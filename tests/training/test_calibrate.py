import json

import numpy as np
import pytest

from classifier import Policy
from classifier.labels import HIGH_SEVERITY, LABEL_NAMES
from training.calibrate import (
    EVERYDAY_ALARMS,
    LOOK_ALIKE_ALARMS,
    MIX,
    CalibrationRows,
    as_policy,
    choose_thresholds,
    fit_calibration,
    mix_weights,
)
from training.errors import TrainingError

COUNT = len(LABEL_NAMES)


def rows(seed=0, separation=4.0):
    """400 risky (one label each), 400 look-alikes, 800 everyday, 2,000 real; logits are noise plus separation."""
    random = np.random.default_rng(seed)
    size = [400, 400, 800, 2000]
    truth = np.zeros((sum(size), COUNT))
    truth[np.arange(400), np.arange(400) % COUNT] = 1
    group = np.repeat(np.arange(4), size)
    logits = random.normal(-4, 1, truth.shape) + separation * truth
    logits[group == 1] += 1.0
    return CalibrationRows(logits, truth, group == 1, group == 3)


def test_weights_give_the_named_mix():
    data = rows()
    weights = mix_weights(data)
    assert weights.sum() == pytest.approx(1)
    assert weights[data.risky].sum() == pytest.approx(MIX["risky"])
    assert weights[data.look_alike].sum() == pytest.approx(MIX["look_alike"])
    assert weights[data.real].sum() == pytest.approx(weights[data.everyday & ~data.real].sum())


@pytest.mark.parametrize("seed", [5, 20, 23])
def test_labels_that_are_all_but_separable_are_calibrated_without_a_warning(seed):
    # Draws on which scikit-learn's solver with Cholesky's decomposition gave up and warned.
    random = np.random.default_rng(seed)
    size = [2 * COUNT, 10, 20, 40]
    truth = np.zeros((sum(size), COUNT))
    truth[np.arange(2 * COUNT), np.arange(2 * COUNT) % COUNT] = 1
    group = np.repeat(np.arange(4), size)
    logits = random.normal(-4, 1, truth.shape) + random.uniform(1, 9, COUNT) * truth
    data = CalibrationRows(logits, truth, group == 1, group == 3)
    scores, weights = fit_calibration(data).scores(data.logits), mix_weights(data)
    assert weights @ scores == pytest.approx(weights @ data.truth, rel=0.02)


def test_scores_are_probabilities_at_the_mix():
    data = rows()
    scores, weights = fit_calibration(data).scores(data.logits), mix_weights(data)
    for column in range(COUNT):
        assert (weights * scores[:, column]).sum() == pytest.approx((weights * data.truth[:, column]).sum(), rel=0.02)


def test_review_threshold_keeps_both_limits_and_is_the_lowest_that_does():
    data = rows()
    scores = fit_calibration(data).scores(data.logits)
    thresholds, evidence = choose_thresholds(scores, data)
    found = evidence["review_at"]
    assert found["look_alike_alarms"] <= LOOK_ALIKE_ALARMS
    assert (found["written_everyday_alarms"] + found["real_alarms"]) / 2 <= EVERYDAY_ALARMS
    highest = scores.max(axis=1)
    below = np.unique(highest[highest < thresholds[LABEL_NAMES[0]]["review_at"]])[-2]
    everyday = [(highest[part] >= below).mean() for part in (data.everyday & ~data.real, data.real)]
    assert (highest[data.look_alike] >= below).mean() > LOOK_ALIKE_ALARMS or np.mean(everyday) > EVERYDAY_ALARMS


def test_only_high_severity_escalates_and_few_false_alarms_are_not_estimable():
    data = rows()
    thresholds, evidence = choose_thresholds(fit_calibration(data).scores(data.logits), data)
    for name, entry in thresholds.items():
        assert (entry["escalate_at"] is not None) == (name in HIGH_SEVERITY)
        assert entry["escalate_at"] is None or entry["escalate_at"] >= entry["review_at"]
    escalation = evidence["escalate_at"]
    assert (escalation["lower_bound"] == "not estimable") == (escalation["false_alarms_seen"] < 10)
    document = json.loads(json.dumps(as_policy(thresholds, evidence, "klein-0.0.1")))
    assert Policy.from_dict(document).model == "klein-0.0.1"


def test_what_cannot_be_calibrated_is_refused():
    data = rows(separation=-4.0)
    with pytest.raises(TrainingError, match="higher logit does not mean more risk"):
        fit_calibration(data)
    data = rows()
    data.truth[:, 3] = 0
    with pytest.raises(TrainingError, match=LABEL_NAMES[3]):
        fit_calibration(data)
