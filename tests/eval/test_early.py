"""Early risk figures, worked by hand."""

import math

import numpy as np
import pytest

from eval.early import Course, courses, erde, false_alarms, found_within, latency_f1

NONE = math.nan


def made(*rows):
    names, turns, onsets, flagged = zip(*rows, strict=True)
    return courses(np.array(names), np.array(turns, float), np.array(onsets, float), np.array(flagged, bool))


def test_messages_are_put_in_order_and_conversations_stand_apart():
    late, early = [("b", 2, 2, 1), ("a", 10, 20, 0), ("b", 1, 2, 0)], [("a", 30, 20, 1), ("a", 20, 20, 0)]
    found = made(*late, ("", 1, NONE, 1), *early, ("c", 1, NONE, 0))
    assert found == [Course(1, 1, 2), Course(1, 2, 3), Course(None, None, 1)]
    assert [one.delay for one in found] == [0, 1, None]


def test_turns_may_start_anywhere_and_leave_some_out():
    assert made(("a", 5, 7, 0), ("a", 6, 7, 1), ("a", 9, 7, 1)) == [Course(2, 1, 3)]
    assert made(("a", 0, 0, 1)) == [Course(0, 0, 1)]


def test_an_onset_after_the_last_message_is_not_reached():
    assert made(("a", 0, 5, 0), ("a", 1, 5, 1)) == [Course(None, 1, 2)]


def test_without_turns_the_order_of_the_data_counts():
    assert made(("a", NONE, NONE, 0), ("a", NONE, NONE, 1)) == [Course(None, 1, 2)]


def test_a_risky_conversation_without_turns_does_not_count_as_safe():
    """Its onset is known, so an alarm at the end must not be a false alarm."""
    [found] = made(("a", NONE, 1, 0), ("a", NONE, 1, 1))
    assert found.onset is not None
    assert not found.false_alarm


def test_delay_and_false_alarm():
    assert (Course(2, 5, 9).delay, Course(2, 5, 9).false_alarm) == (3, False)
    assert (Course(2, 1, 9).delay, Course(2, 1, 9).false_alarm) == (None, True)
    assert (Course(2, None, 9).delay, Course(2, None, 9).false_alarm) == (None, False)
    assert (Course(None, 0, 9).delay, Course(None, 0, 9).false_alarm) == (None, True)
    assert (Course(None, None, 9).delay, Course(None, None, 9).false_alarm) == (None, False)


COURSES = [
    Course(2, 2, 6),  # found at once
    Course(0, 3, 6),  # three messages later
    Course(4, None, 6),  # missed
    Course(3, 1, 6),  # too early: a false alarm, and missed
    Course(None, None, 6),
    Course(None, 5, 6),  # false alarm
    Course(None, None, 1),
    Course(None, None, 1),
]


def test_shares():
    assert [found_within(COURSES, messages) for messages in (0, 1, 2, 3)] == [0.25, 0.25, 0.25, 0.5]
    assert false_alarms(COURSES) == 0.25
    assert math.isnan(found_within(COURSES[4:], 3))
    assert math.isnan(false_alarms([]))


def test_erde():
    at_once, later = 1 - 1 / (1 + math.exp(1 - 5)), 1 - 1 / (1 + math.exp(4 - 5))
    assert erde(COURSES, 5) == pytest.approx((at_once + later + 1 + 1 + 0.5) / 8)
    assert at_once == pytest.approx(0.01798621)
    assert later == pytest.approx(0.26894142)
    assert erde([Course(0, 4, 9)], 5) == pytest.approx(0.5)  # found at the deadline
    assert erde([Course(None, None, 9)], 5) == 0
    assert erde([Course(0, None, 9)], 5) == 1
    assert math.isnan(erde([], 5))


def test_a_late_alarm_costs_as_much_as_none_however_long_the_conversation_is():
    assert erde([Course(0, 5_000, 6_000)], 5) == pytest.approx(1)


def test_latency_f1():
    # Two of four found, two false alarms: 4 / (4 + 2 + 2). Delays 0 and 3: the median penalty is half of the latter's.
    penalty = -1 + 2 / (1 + math.exp(-math.log(3) / 8 * 3))
    assert latency_f1(COURSES) == pytest.approx(0.5 * (1 - penalty / 2))
    assert latency_f1([Course(0, 0, 9)]) == 1
    assert latency_f1([Course(0, 8, 9)]) == pytest.approx(0.5)
    assert latency_f1([Course(0, 8, 9)], half=4) == pytest.approx(0.2)  # 1 - (-1 + 2 / (1 + 1/9))
    assert latency_f1([Course(0, None, 9)]) == 0
    assert math.isnan(latency_f1([Course(None, 0, 9)]))
