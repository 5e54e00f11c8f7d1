"""Agreement between moderators, by examples worked by hand."""

import math

import numpy as np
import pytest

from classifier.labels import LABEL_NAMES
from eval import agreement as for_evaluation
from serving.console.moderator_agreement import LEAST, agreement, krippendorff, majority, together
from serving.verdicts import Ruling

IDEATION, PACT = "self_harm/ideation", "peer_influence/pact"


def test_alpha_by_hand():
    # The binary example of Krippendorff (2011): two judges, ten messages, the same on 1 + 5 of them, apart on 4.
    # Values: 6 of one kind, 14 of the other. Observed: 4 * 2 pairs. Expected: (400 - 36 - 196) / 19.
    alpha = krippendorff([[2, 0]] + [[0, 2]] * 5 + [[1, 1]] * 4)
    assert alpha == pytest.approx(1 - 8 * 19 / 168)
    assert alpha == pytest.approx(0.095, abs=5e-4)


def test_alpha_of_three_judges_and_one_by_hand():
    # Three judges on two messages, two on one; the fourth message has one judge and does not count.
    # Values: 3 right, 5 wrong of 8. Observed: 2 * 2 * 1 / 2 + 0 + 2 * 1 * 1 / 1 = 4. Expected: (64 - 9 - 25) / 7.
    assert krippendorff([[2, 1], [0, 3], [1, 1], [1, 0]]) == pytest.approx(1 - 4 * 7 / 30)


def test_alpha_at_its_ends():
    assert krippendorff([[2, 0], [0, 2]]) == 1
    assert krippendorff([[1, 1], [1, 1]]) < 0
    assert math.isnan(krippendorff([[2, 0], [2, 0]]))
    assert math.isnan(krippendorff([[1, 0], [0, 1]]))


def test_alpha_is_that_of_the_evaluation():
    random = np.random.default_rng(3)
    values = random.choice([0.0, 1.0, np.nan], size=(4, 40))
    counts = [[(column == 1).sum(), (column == 0).sum()] for column in values.T]
    assert krippendorff(counts) == pytest.approx(for_evaluation.krippendorff(values))


@pytest.mark.parametrize(
    ("rulings", "found"),
    [
        (["right"], Ruling.RIGHT),
        (["right", "wrong"], Ruling.UNSURE),
        (["right", "wrong", "wrong"], Ruling.WRONG),
        (["unsure", "unsure", "right"], Ruling.RIGHT),
        (["unsure"], Ruling.UNSURE),
        ([], Ruling.UNSURE),
    ],
)
def test_the_majority_is_of_those_who_took_a_side(rulings, found):
    assert majority(rulings) is found


def test_labels_that_nobody_ruled_on_are_left_out_of_what_moderators_say_together():
    said = together([{PACT: "wrong", IDEATION: "right"}, {IDEATION: "unsure"}])
    assert list(said.items()) == [(IDEATION, Ruling.RIGHT), (PACT, Ruling.WRONG)]


def test_agreement_is_given_per_label_from_enough_messages_on():
    same, apart = [{IDEATION: "right"}] * 2, [{IDEATION: "right"}, {IDEATION: "wrong"}]
    alone = [{IDEATION: "right"}, {IDEATION: "unsure"}, {PACT: "right"}]
    found = {one.label: one for one in agreement([same] * 6 + [apart] * 3 + [alone] * 5)}
    assert list(found) == list(LABEL_NAMES)
    assert (found[IDEATION].messages, found[IDEATION].same, found[IDEATION].alpha) == (LEAST - 1, None, None)
    assert found[PACT].messages == 0
    enough = agreement([same] * 6 + [apart] * 3 + [[{IDEATION: "wrong"}] * 2])[0]
    # Values: 15 right, 5 wrong. Observed: 3 * 2. Expected: (400 - 225 - 25) / 19. alpha = 1 - 6 * 19 / 150 = 0.24.
    assert (enough.messages, enough.same, enough.alpha) == (10, 0.7, pytest.approx(0.24))


def test_alpha_is_undefined_where_everybody_always_says_the_same():
    found = agreement([[{IDEATION: "right"}] * 2] * LEAST)[0]
    assert (found.same, found.alpha) == (1.0, None)
