"""Calibration figures beside scikit-learn, and on scores that are right or wrong by construction."""

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss

from eval.reliability import Judged, mix_figures, reliability, shifted


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


MIX = {"risky": 0.01, "look_alike": 0.09, "everyday": 0.9}


def judged(groups, scores):
    return Judged(np.array(scores), *(np.array([one == name for one in groups]) for name in ("risky", "like", "real")))


def test_groups_get_their_shares_and_everyday_talk_is_half_written_half_real():
    groups = ["risky", "risky", "like", "written", "real", "real", "real"]
    found = mix_figures(judged(groups, [0.9, 0.8, 0.3, 0.2, 0.1, 0.1, 0.1]), MIX)
    base = 0.01
    brier = 0.005 * (0.01 + 0.04) + 0.09 * 0.09 + 0.45 * 0.04 + 0.45 * 0.01
    assert found["mix"]["brier_skill"] == pytest.approx(1 - brier / (base * (1 - base)), abs=1e-3)
    assert found["share_of_risk_in_data"] == round(2 / 7, 4)


def test_without_real_sentences_written_talk_stands_for_everyday_and_an_empty_group_gives_nothing():
    found = mix_figures(judged(["risky", "like", "written"], [0.9, 0.3, 0.2]), MIX)
    brier = 0.01 * 0.01 + 0.09 * 0.09 + 0.9 * 0.04
    assert found["mix"]["brier_skill"] == pytest.approx(1 - brier / (0.01 * 0.99), abs=1e-3)
    assert mix_figures(judged(["risky", "written"], [0.9, 0.3]), MIX) == {}
    assert mix_figures(judged(["risky", "like"], [0.9, 0.3]), MIX) == {}


def test_scores_calibrated_for_the_mix_stay_so_at_another_share_of_risk():
    random = np.random.default_rng(1)
    groups = random.choice(["risky", "like", "written", "real"], 40_000, p=[0.3, 0.3, 0.2, 0.2])
    signal = random.normal(size=40_000) + np.select([groups == "risky", groups == "like"], [3.0, 1.0], 0.0)

    def density(mean):
        return np.exp(-((signal - mean) ** 2) / 2)

    risky = 0.01 * density(3.0)
    data = Judged(
        risky / (risky + 0.09 * density(1.0) + 0.9 * density(0.0)),
        groups == "risky",
        groups == "like",
        groups == "real",
    )
    for figures in (mix_figures(data, MIX)["mix"], mix_figures(data, MIX)["data"]):
        assert figures["slope"] == pytest.approx(1, abs=0.08)
        assert figures["calibration_error"] < 0.01
