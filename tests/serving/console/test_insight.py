"""Figures of a period, counted by hand."""

from datetime import UTC, date, datetime, timedelta

import pytest

from classifier.labels import LABEL_NAMES, Severity
from serving.console.insight import look
from serving.masking_check import wilson
from serving.tables import ReviewItem, Verdict

NOW = datetime(2025, 3, 31, 12, 0, tzinfo=UTC)
IDEATION, PACT = "self_harm/ideation", "peer_influence/pact"


@pytest.fixture
def put(database):
    """A function that stores an item, received some time before NOW, and verdicts on it: (moderator, labels, minutes after)."""
    made = []

    def store(age, *verdicts, severity="medium", labels=(IDEATION,), message_id="", tenant="club"):
        made.append(f"{len(made):036}")
        given = message_id if message_id != "" else f"m{len(made)}"
        received = NOW - age
        with database.session() as session:
            session.add(
                ReviewItem(
                    id=made[-1],
                    tenant=tenant,
                    message_id=given,
                    revision=0,
                    received_at=received,
                    decision="review" if labels else "allow",
                    severity=severity if labels else "none",
                    reasons=[{"label": name} for name in labels],
                    scores=[0.0] * 11,
                    versions={},
                    probability=1.0,
                )
            )
            for moderator, said, minutes in verdicts:
                at = received + timedelta(minutes=minutes)
                place = {"tenant": tenant, "message_id": given or made[-1], "revision": 0}
                session.add(Verdict(**place, moderator=moderator, labels=said, at=at))

    return store


def hours(number):
    return timedelta(hours=number)


def test_an_empty_database_gives_days_without_anything(database):
    found = look(database, 7, NOW)
    assert [one.date for one in found.days] == [date(2025, 3, 25) + timedelta(days=day) for day in range(7)]
    assert {(*one.alarms.values(), one.verdicts) for one in found.days} == {(0, 0, 0, 0)}
    assert (found.overall.judged, found.overall.estimable) == (0, False)
    assert (found.loads, found.minutes, found.open, found.oldest) == ([], None, 0, None)


def test_alarms_and_verdicts_are_counted_by_day_on_the_moderators_clocks(database, put):
    put(hours(1), severity="high")
    put(hours(2), ("ann", {IDEATION: "right"}, 10), ("bob", {IDEATION: "wrong"}, 10))
    put(hours(3), labels=())  # the audit sample is no alarm
    # 13:30 hours ago it was 22:30 UTC, in summer 00:30 in Amsterdam: the same day as NOW.
    put(hours(13.5), severity="low")
    put(hours(14.5), severity="low")
    put(timedelta(days=8), ("ann", {IDEATION: "right"}, 1))
    *_, before, today = look(database, 7, NOW).days
    assert today.alarms == {Severity.HIGH: 1, Severity.MEDIUM: 1, Severity.LOW: 1}
    assert today.verdicts == 2
    assert (before.date, before.alarms[Severity.LOW]) == (date(2025, 3, 30), 1)
    assert sum(sum(one.alarms.values()) for one in look(database, 30, NOW).days) == 5


def test_precision_goes_by_the_majority_and_leaves_out_what_is_undecided(database, put):
    right, wrong = {IDEATION: "right"}, {IDEATION: "wrong"}
    for _ in range(8):
        put(hours(1), ("ann", right, 1))
    put(hours(1), ("ann", wrong, 1), ("bob", wrong, 1), ("cor", right, 1))
    put(hours(1), ("ann", {IDEATION: "wrong", PACT: "right"}, 1), labels=(IDEATION, PACT))
    put(hours(1), ("ann", right, 1), ("bob", wrong, 1))  # divided
    put(hours(1), ("ann", {IDEATION: "unsure"}, 1))
    put(hours(1), ("ann", {PACT: "right"}, 1))  # says nothing of the reason
    put(hours(1), ("ann", {IDEATION: "right"}, 1), labels=())  # no alarm
    put(hours(1), ("ann", wrong, 1), labels=(IDEATION, PACT))  # its other reason was not judged
    put(hours(1))
    found = look(database, 7, NOW)
    assert (found.overall.judged, found.overall.right, found.overall.share) == (10, 9, 0.9)
    assert found.overall.interval == wilson(9, 10)
    by_label = {one.label: (one.judged, one.right, one.estimable) for one in found.labels}
    assert list(by_label) == list(LABEL_NAMES)
    assert by_label[IDEATION] == (11, 8, True)
    assert by_label[PACT] == (1, 1, False)


def test_agreement_is_of_messages_that_two_judged(database, put):
    for _ in range(10):
        put(hours(1), ("ann", {IDEATION: "right"}, 1), ("bob", {IDEATION: "right"}, 1))
    put(hours(1), ("ann", {IDEATION: "wrong"}, 1), ("bob", {IDEATION: "wrong"}, 1), labels=())
    put(hours(1), ("ann", {IDEATION: "wrong"}, 1))
    found = look(database, 7, NOW).agreement[0]
    assert (found.label, found.messages, found.same, found.alpha) == (IDEATION, 11, 1.0, 1.0)


def test_the_load_of_each_moderator(database, put):
    said = {IDEATION: "right"}
    put(hours(1), ("ann", said, 5), ("bob", said, 20))
    put(hours(25), ("ann", said, 15))
    put(hours(26), ("ann", said, 40))
    put(timedelta(days=10), ("bob", said, 9 * 24 * 60))
    found = look(database, 7, NOW)
    ann, bob = found.loads
    assert (ann.moderator, dict(ann.judged)) == ("ann", {date(2025, 3, 31): 1, date(2025, 3, 30): 2})
    assert (ann.minutes, found.minutes) == (15, 15)
    # What arrived before the period counts as work, but not for how long messages of the period waited.
    assert (sum(bob.judged.values()), bob.minutes) == (2, 20)


def test_open_ones_are_of_any_age_and_a_verdict_finds_a_message_without_id(database, put):
    put(hours(1), ("ann", {IDEATION: "right"}, 1), message_id=None)
    put(hours(1), message_id=None)
    put(hours(1), ("ann", {IDEATION: "right"}, 1), message_id="same")
    put(timedelta(days=100), message_id="same", tenant="school")
    found = look(database, 7, NOW)
    assert (found.open, found.oldest) == (2, NOW - timedelta(days=100))
    assert found.overall.judged == 2
