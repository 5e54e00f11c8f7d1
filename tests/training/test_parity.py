import numpy as np
import pytest

from classifier.labels import LABEL_NAMES
from training.errors import TrainingError
from training.parity import parity_report, require_parity

COUNT = len(LABEL_NAMES)


def logits():
    return np.random.default_rng(0).normal(0, 3, (200, COUNT))


def test_equal_logits_pass_and_gaps_are_counted_per_label():
    plain = logits()
    int8 = plain.copy()
    int8[0, 2] += 5.0
    report = parity_report(plain, plain, int8, [[0.0] * COUNT, [9.0] * COUNT])
    require_parity(report)
    assert report["labels"][LABEL_NAMES[2]]["largest_gap"] == pytest.approx(5.0)
    assert report["labels"][LABEL_NAMES[2]]["changed_decisions"] == int(plain[0, 2] < 0 <= plain[0, 2] + 5)
    assert report["labels"][LABEL_NAMES[3]]["largest_gap"] == 0.0


def test_a_message_that_stops_escalating_is_a_changed_decision():
    plain = np.full((200, COUNT), 5.0)
    int8 = plain.copy()
    int8[:50] = 3.0
    report = parity_report(plain, plain, int8, [[0.0] * COUNT, [4.0] * COUNT])
    assert report["changed_decisions"] == 0.25


@pytest.mark.parametrize(
    ("fp32_shift", "int8_shift", "review"),
    [(0.01, 0.0, 0.0), (0.0, 0.6, 100.0), (0.0, 0.25, 6.0)],
)
def test_each_limit_can_fail_the_run(fp32_shift, int8_shift, review):
    plain = logits()
    fp32 = plain + fp32_shift
    report = parity_report(plain, fp32, fp32 + int8_shift, [[review] * COUNT, [100.0] * COUNT])
    with pytest.raises(TrainingError, match="parity"):
        require_parity(report)
