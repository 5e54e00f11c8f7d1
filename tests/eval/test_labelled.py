"""Rows in columns."""

import numpy as np
import pytest

from classifier import Message, Role, Turn
from eval.errors import EvaluationError
from eval.labelled import Gathering
from eval.rows import Row
from eval.targets import TARGETS

PEER = (Turn(Role.PEER, "hoi"),)
ROWS = [
    Row(
        "1",
        Message("een twee  drie", PEER),
        {"any": True, "self_harm": None},
        "v1",
        {"bron": "a"},
        "P1",
        "2",
        "g",
        3,
        2,
    ),
    Row("2", Message("een"), {"any": False, "self_harm": None}, "v1", {"bron": ""}),
    Row("drie", Message(" "), {"any": None, "self_harm": None}, "v2", {"bron": "b"}, "N1", "", "h", 0),
]


def gathered(rows):
    gathering = Gathering()
    for row in rows:
        gathering.add(row)
    return gathering.labelled()


def test_columns_hold_what_the_rows_hold():
    known = gathered(ROWS)
    assert known.ids == ("1", "2", "drie")
    truth = dict(zip(TARGETS, known.truth.T, strict=True))
    assert np.array_equal(truth.pop("any"), [1, 0, np.nan], equal_nan=True)
    assert all(np.isnan(column).all() for column in truth.values())
    assert known.known == ("any",)
    assert known.clusters.tolist() == ["v1", "v1", "v2"]
    assert {name: values.tolist() for name, values in known.slices.items()} == {"bron": ["a", "", "b"]}
    assert known.kinds.tolist() == ["P1", "", "N1"]
    assert known.pairs.tolist() == ["2", "", ""]
    assert known.conversations.tolist() == ["g", "", "h"]
    assert np.array_equal(known.turns, [3, np.nan, 0], equal_nan=True)
    assert np.array_equal(known.onsets, [2, np.nan, np.nan], equal_nan=True)
    assert known.words.tolist() == [3, 1, 0]
    assert known.context.tolist() == [True, False, False]


def test_no_text_is_kept():
    gathering = Gathering()
    gathering.add(Row("1", Message("kanarie", (Turn(Role.PEER, "kanarie"),)), {"any": True}, "1", {}))
    assert "kanarie" not in repr(vars(gathering))
    assert "kanarie" not in repr(gathering.labelled())


def test_an_id_stands_once_and_is_named_when_it_does_not():
    with pytest.raises(EvaluationError, match="drie"):
        gathered([*ROWS, ROWS[-1]])


def test_there_must_be_a_row():
    with pytest.raises(EvaluationError, match="no row"):
        Gathering().labelled()
