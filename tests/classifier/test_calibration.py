import copy

import numpy as np
import pytest

from classifier.calibration import Calibration
from classifier.errors import BundleMismatch
from classifier.labels import LABEL_NAMES

COUNT = len(LABEL_NAMES)


def calibration():
    return Calibration(np.linspace(0.5, 2, COUNT), np.linspace(-4, 1, COUNT), {"risky": 0.01, "safe": 0.99})


def test_scores_are_a_sigmoid_of_slope_and_offset():
    logits = np.linspace(-3, 3, COUNT)
    expected = 1 / (1 + np.exp(-(np.linspace(0.5, 2, COUNT) * logits + np.linspace(-4, 1, COUNT))))
    assert calibration().scores(logits) == pytest.approx(expected)
    assert calibration().scores(np.full((3, COUNT), 1e9)) == pytest.approx(np.ones((3, COUNT)))


def test_round_trip():
    again = Calibration.from_dict(calibration().as_dict())
    assert again.as_dict() == calibration().as_dict()


@pytest.mark.parametrize(
    "damage",
    [
        lambda one: one.pop("labels"),
        lambda one: one.pop("mix"),
        lambda one: one["labels"].pop(LABEL_NAMES[0]),
        lambda one: one["labels"][LABEL_NAMES[3]].update(slope=-1.0),
        lambda one: one["labels"][LABEL_NAMES[3]].update(slope=float("nan")),
        lambda one: one["labels"][LABEL_NAMES[3]].update(offset="x"),
        lambda one: one.update(labels=[1]),
    ],
)
def test_damage_is_a_mismatch(damage):
    source = copy.deepcopy(calibration().as_dict())
    damage(source)
    with pytest.raises(BundleMismatch, match=r"calibration\.json"):
        Calibration.from_dict(source)
