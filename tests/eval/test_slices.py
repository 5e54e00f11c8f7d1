"""Slices on a set worked by hand."""

import numpy as np

from classifier import Message, Role, Turn
from classifier.labels import LABEL_NAMES
from eval.data import Case
from eval.slices import slices


def case(text, *, risky, context=False, register=None):
    turns = (Turn(Role.PEER, "wat?"),) if context else ()
    labels = frozenset(LABEL_NAMES[:1]) if risky else frozenset()
    return Case(text, Message(text, turns), labels, None, None, "stem", register)


CASES = [
    case("een twee drie vier", risky=True, register="formal"),
    case("een twee drie vier vijf", risky=True, context=True, register="informal"),
    case(" ".join(["woord"] * 30), risky=False, register="informal"),
    case(" ".join(["woord"] * 31), risky=False, context=True),
]
FLAGGED = np.array([True, False, False, True])


def plain(metric, rows, *columns):
    return metric(*(column[rows] for column in columns))


def test_every_message_stands_in_one_slice_of_each_way_that_it_has():
    found = slices(CASES, FLAGGED, plain)
    assert {way: {name: entry["messages"] for name, entry in members.items()} for way, members in found.items()} == {
        "register": {"formal": 1, "informal": 2},
        "length": {"1 to 4 words": 1, "5 to 12 words": 1, "13 to 30 words": 1, "31 words and more": 1},
        "context": {"without context": 2, "with context": 2},
    }


def test_figures_are_those_of_the_slice():
    found = slices(CASES, FLAGGED, plain)
    assert found["context"]["without context"] == {"messages": 2, "risky": 1, "recall": 1.0, "false_alarm_rate": 0.0}
    assert found["context"]["with context"] == {"messages": 2, "risky": 1, "recall": 0.0, "false_alarm_rate": 1.0}


def test_data_without_registers_has_no_such_slices():
    assert slices(CASES[3:], FLAGGED[3:], plain)["register"] == {}
