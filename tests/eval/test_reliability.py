"""Calibration figures beside scikit-learn, and on scores that are right or wrong by construction."""

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss

from eval.reliability import mix_figures, reliability, shifted


@pytest.fixture(scope="module")
def drawn():
    random = np.random.default_rng(0)
    chance = random.beta(0.5, 2, 20_000)
    return (random.random(20_000) < chance).astype(float), chance, random.uniform(0.5, 2, 20_000)


def test_true_chances_are_calibrated(drawn):
    truth, chance, weights = drawn
    found = reliability(truth, chance, weights)
    assert found["slope"] == pytest.approx(1, abs=0.05)
    assert found["intercept"] == pytest.approx(0, abs=0.05)
    assert found["calibration_error"] < 0.02
    assert found["brier_skill"] > 0


def test_overconfident_scores_show_in_slope_and_error(drawn):
    truth, chance, weights = drawn
    sharp = chance**3 / (chance**3 + (1 - chance) ** 3)
    found = reliability(truth, sharp, weights)
    assert found["slope"] == pytest.approx(1 / 3, abs=0.03)
    assert found["calibration_error"] > reliability(truth, chance, weights)["calibration_error"]


def test_brier_skill_is_scikit_learns(drawn):
    truth, chance, weights = drawn
    base = np.average(truth, weights=weights)
    brier = brier_score_loss(truth, chance**1.5, sample_weight=weights)
    expected = 1 - brier / (base * (1 - base))
    assert reliability(truth, chance**1.5, weights)["brier_skill"] == pytest.approx(expected, abs=1e-4)


def test_shift_of_the_share_of_risk_follows_bayes():
    # A score of 0.5 at 1 in 100 means odds 99 times the prior's; at half risky that is 99 to 1.
    assert shifted(np.array([0.5]), 0.01, 0.5) == pytest.approx([0.99])
    assert shifted(shifted(np.array([0.3, 0.9]), 0.01, 0.4), 0.4, 0.01) == pytest.approx([0.3, 0.9])


def test_groups_get_their_shares_and_an_empty_one_gives_nothing():
    truth = np.array([1.0, 1.0, 0.0, 0.0, 0.0])
    scores = np.array([0.9, 0.8, 0.3, 0.1, 0.2])
    look_alike = np.array([False, False, True, False, False])
    everyday = np.array([False, False, False, True, True])
    mix = {"risky": 0.01, "look_alike": 0.09, "everyday": 0.9}
    found = mix_figures(truth, scores, look_alike, everyday, mix)
    assert found["share_of_risk_in_data"] == 0.4
    base = 0.01
    brier = 0.005 * (0.01 + 0.04) + 0.09 * 0.09 + 0.45 * (0.01 + 0.04)
    assert found["mix"]["brier_skill"] == pytest.approx(1 - brier / (base * (1 - base)), abs=1e-3)
    assert mix_figures(truth, scores, look_alike & False, everyday, mix) == {}
