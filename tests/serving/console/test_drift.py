"""Drift of scores: the index by hand, which samples count, and when nothing can be said."""

import math
from datetime import date, timedelta

import pytest
from sqlalchemy import insert

from classifier.labels import LABEL_NAMES
from serving.console import drift as drifts
from serving.console.drift import LEAST, Shift, drift, shift, stability_index
from serving.tables import ScoreSample

TODAY = date(2025, 3, 31)
MODEL = "vangnet-1"


def log(database, back, count, score, model=MODEL, draw=0.5):
    """Samples of a day `back` days ago; the first label has the score, the others 0."""
    scores = [score, *[0.0] * (len(LABEL_NAMES) - 1)]
    day = (TODAY - timedelta(days=back)).isoformat()
    row = {"day": day, "draw": draw, "model": model, "policy": "p", "scores": scores}
    with database.session() as session:
        session.execute(insert(ScoreSample), [row] * count)


def test_the_index_by_hand():
    # With half a sample more in each bin the shares are 0.5, 0.5 and 0.25, 0.75.
    index = stability_index([49.5, 49.5], [24.5, 74.5])
    assert index == pytest.approx(-0.25 * math.log(0.5) + 0.25 * math.log(1.5))
    assert index == pytest.approx(0.2747, abs=1e-4)


def test_the_index_is_nothing_where_shares_are_equal_and_finite_where_a_bin_is_empty():
    assert stability_index([49.5, 149.5], [99.5, 299.5]) == pytest.approx(0)
    assert 1 < stability_index([1000, 0], [0, 1000]) < math.inf


@pytest.mark.parametrize(
    ("index", "reading"), [(0.0999, Shift.NONE), (0.1, Shift.SOME), (0.2499, Shift.SOME), (0.25, Shift.LARGE)]
)
def test_the_usual_reading(index, reading):
    assert shift(index) is reading


def test_a_label_whose_scores_moved_is_told_from_those_that_stayed(database):
    log(database, 0, LEAST, 0.7)
    log(database, 7, LEAST, 0.05)
    found = drift(database, MODEL, TODAY)
    assert (found.recent, found.before, found.estimable) == (LEAST, LEAST, True)
    assert [one.label for one in found.labels] == list(LABEL_NAMES)
    moved, *stayed = found.labels
    assert moved.shift is Shift.LARGE
    assert {(one.index, one.shift) for one in stayed} == {(0.0, Shift.NONE)}


def test_the_weeks_begin_and_end_where_they_should_and_other_models_do_not_count(database):
    for back in (6, 30):
        log(database, back, LEAST, 0.0)
    for back in (31, -1):
        log(database, back, 10, 0.0)
    log(database, 3, 10, 0.0, model="vangnet-2")
    found = drift(database, MODEL, TODAY)
    assert (found.recent, found.before) == (LEAST, LEAST)


def test_nothing_is_estimated_from_too_few_samples(database):
    log(database, 0, LEAST, 0.0)
    log(database, 8, LEAST - 1, 0.0)
    found = drift(database, MODEL, TODAY)
    assert not found.estimable
    assert {(one.index, one.shift) for one in found.labels} == {(None, None)}


def test_of_a_busy_day_those_with_the_lowest_draws_are_read(database, monkeypatch):
    monkeypatch.setattr(drifts, "DAILY", LEAST)
    log(database, 0, LEAST, 0.7, draw=0.9)
    log(database, 0, LEAST, 0.05, draw=0.1)
    log(database, 9, LEAST, 0.05)
    found = drift(database, MODEL, TODAY)
    assert (found.recent, found.labels[0].index) == (LEAST, 0.0)
