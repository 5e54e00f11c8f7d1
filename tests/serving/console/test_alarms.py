"""Alarms a day: from random scores, whole days, and days that have reached their most."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import insert

from classifier.labels import LABEL_NAMES
from classifier.policy import Mode, Policy, Thresholds
from serving import score_log
from serving.console import alarms
from serving.console.alarms import alarms_a_day, distribution
from serving.tables import ScoreSample

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def policy(review_at=0.5, **modes):
    thresholds = {name: Thresholds(review_at, None, Mode(modes.get(name[-4:], "on"))) for name in LABEL_NAMES}
    return Policy("v", "m", thresholds)


def log(database, scores, days_ago=1, model="m", draws=None, column=0):
    day = (NOW - timedelta(days=days_ago)).date().isoformat()
    rows = [
        {"day": day, "draw": 0.5 if draws is None else draws[number], "model": model, "policy": "p"}
        | {"scores": [score if place == column else 0.0 for place in range(11)]}
        for number, score in enumerate(scores)
    ]
    with database.session() as session:
        session.execute(insert(ScoreSample), rows)


def test_alarms_of_whole_days_are_counted_for_all_messages(database):
    log(database, [0.9] * 30 + [0.1] * 70, days_ago=1)
    log(database, [0.9] * 10 + [0.1] * 90, days_ago=3, column=4)
    log(database, [0.9] * 5 + [0.1] * 5, days_ago=0)
    log(database, [0.9] * 1000, model="other")
    found = alarms_a_day(database, policy(), "m", 0.25, NOW)
    assert (found["days"], found["messages_logged"]) == (2, 210)
    assert found["share"]["value"] == 45 / 210
    # 100 samples a day are a quarter of 400 messages.
    for bound in ("value", "low", "high"):
        assert found["per_day"][bound] == pytest.approx(found["share"][bound] * 400)
    assert found["share"]["low"] < 45 / 210 < found["share"]["high"]
    assert alarms_a_day(database, policy(0.95), "m", 0.25, NOW)["share"]["value"] == 0
    assert alarms_a_day(database, policy(tion="observe"), "m", 0.25, NOW)["share"]["value"] == 10 / 210


def test_what_the_log_does_not_tell_has_a_reason(database):
    nothing = {"not_estimable": "no_score_log"}
    assert alarms_a_day(database, policy(), "m", 1.0, NOW) == {
        "days": 0,
        "messages_logged": 0,
        "share": nothing,
        "per_day": nothing,
    }
    log(database, [0.9], days_ago=0, model="new")
    found = alarms_a_day(database, policy(), "new", 1.0, NOW)
    assert (found["days"], found["messages_logged"], found["per_day"]) == (0, 1, {"not_estimable": "no_whole_day"})
    assert found["share"]["value"] == 1.0
    assert alarms_a_day(database, policy(), "new", 0.0, NOW)["per_day"] == nothing


def test_a_full_day_counts_for_what_it_could_not_keep(database, monkeypatch):
    monkeypatch.setattr(score_log, "DAILY", 200)
    # Of 1,000 messages the 200 with the lowest draws stayed, a quarter of them of another model.
    draws = np.sort(np.random.default_rng(0).random(1_000))[:200]
    log(database, [0.9] * 75 + [0.1] * 75, draws=draws[50:].tolist())
    log(database, [0.1] * 50, draws=draws[:50].tolist(), model="other")
    found = alarms_a_day(database, policy(), "m", 0.5, NOW)
    assert found["messages_logged"] == 150
    # 750 logged messages of this model, half of all, half of them flagged.
    assert found["per_day"]["value"] == pytest.approx(750, rel=0.15)


def test_the_newest_samples_are_read(database, monkeypatch):
    monkeypatch.setattr(alarms, "MOST", 100)
    log(database, [0.9] * 50)
    log(database, [0.1] * 100)
    found = alarms_a_day(database, policy(), "m", 1.0, NOW)
    assert (found["share"]["value"], found["messages_logged"]) == (0.0, 150)
    assert sum(distribution(database, "m", LABEL_NAMES[0])["counts"]) == 100


def test_the_distribution_counts_every_score_once(database):
    log(database, [0.0, 0.1, 0.3, 1.0], column=2)
    found = distribution(database, "m", LABEL_NAMES[2], bins=4)
    assert found == {"edges": [0, 0.25, 0.5, 0.75, 1.0], "counts": [2, 1, 0, 1]}
    assert distribution(database, "m", LABEL_NAMES[0], bins=2)["counts"] == [4, 0]
    empty = distribution(database, "other", LABEL_NAMES[0])
    assert (len(empty["edges"]), sum(empty["counts"])) == (41, 0)
