"""Targets and the labels that they take together."""

import pytest

from classifier.labels import LABEL_NAMES
from eval.targets import TARGETS, columns_of


def test_targets_are_any_risk_the_areas_and_the_labels_in_order():
    assert TARGETS[:3] == ("any", "self_harm", "peer_influence")
    assert TARGETS[3:] == LABEL_NAMES
    assert len(set(TARGETS)) == 14


def test_a_target_takes_its_labels():
    assert columns_of("any") == list(range(11))
    assert columns_of("self_harm") == [0, 1, 2, 3, 4]
    assert columns_of("peer_influence") == [5, 6, 7, 8, 9, 10]
    assert [columns_of(name) for name in LABEL_NAMES] == [[index] for index in range(11)]


@pytest.mark.parametrize("name", ["", "self", "self_harm/", "Any", "ideation"])
def test_there_is_no_other_target(name):
    with pytest.raises(KeyError):
        columns_of(name)
