"""Verdicts from the console: only by who holds the item, blind, undone in time; and breaks."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from serving.console import claims
from serving.console.judgements import (
    BREAK_AFTER,
    UNDO,
    AlreadyJudged,
    Judgement,
    NotHeld,
    TooLate,
    break_due,
    moments,
    save,
    undo,
    verdicts_on,
    visible_to,
)
from serving.tables import SecondOpinion
from serving.verdicts import Ruling, save_verdict

BOTH = pytest.mark.parametrize("desk", ["sqlite", "postgresql"], indirect=True)
NOW = datetime.now(UTC)
MINUTE = timedelta(minutes=1)
LABELS = {"self_harm/ideation": Ruling.WRONG, "peer_influence/pact": Ruling.UNSURE}
JUDGEMENT = Judgement(LABELS, "gebeld", "kanariegeel")


@pytest.fixture
def judge(desk):
    """A function that claims an item and judges it."""

    def judge(item_id, moderator="anna", judgement=JUDGEMENT, also=(), now=NOW):
        assert claims.take(desk.stores.database, item_id, moderator, now)
        return save(desk.stores.database, desk.stores.sealing, item_id, moderator, judgement, also, now)

    return judge


def names(desk, item_id):
    return [one.moderator for one in verdicts_on(desk.stores.database, item_id)]


@BOTH
def test_a_verdict_is_kept_as_given_with_a_sealed_note_and_frees_the_item(desk, judge):
    item = desk.put(message_id="a", revision=2, tenant="club")
    assert judge(item) == [item]
    [kept] = verdicts_on(desk.stores.database, item)
    assert (kept.tenant, kept.message_id, kept.revision, kept.moderator) == ("club", "a", 2, "anna")
    assert (kept.labels, kept.action, kept.at) == ({name: str(one) for name, one in LABELS.items()}, "gebeld", NOW)
    assert b"kanariegeel" not in kept.note
    assert desk.stores.sealing.open(kept.note) == b"kanariegeel"
    assert claims.holder(desk.stores.database, item, NOW) is None


@BOTH
def test_without_secrets_no_note_is_kept_and_a_message_without_id_is_judged_under_its_item(desk):
    database, item = desk.stores.database, desk.put()
    with database.session() as session:
        session.get(claims.queue.ReviewItem, item).message_id = None
    claims.take(database, item, "anna")
    save(database, None, item, "anna", JUDGEMENT)
    [kept] = verdicts_on(database, item)
    assert (kept.message_id, kept.note) == (item, None)
    assert undo(database, item, "anna") == [item]


@BOTH
def test_only_who_holds_a_valid_claim_may_judge(desk):
    database, item = desk.stores.database, desk.put()
    with pytest.raises(NotHeld):
        save(database, None, item, "anna", JUDGEMENT, now=NOW)
    claims.take(database, item, "bert", NOW)
    with pytest.raises(NotHeld):
        save(database, None, item, "anna", JUDGEMENT, now=NOW)
    with pytest.raises(NotHeld):
        save(database, None, item, "bert", JUDGEMENT, now=NOW + claims.LASTS)
    assert names(desk, item) == []
    assert save(database, None, item, "bert", JUDGEMENT, now=NOW + claims.LASTS - MINUTE) == [item]


@BOTH
def test_nobody_judges_twice(desk, judge):
    item = desk.put()
    judge(item)
    with pytest.raises(AlreadyJudged):
        judge(item, judgement=Judgement({"self_harm/intent": Ruling.RIGHT}))
    [kept] = verdicts_on(desk.stores.database, item)
    assert kept.labels == {name: str(one) for name, one in LABELS.items()}


@BOTH
def test_a_form_sent_twice_at_once_is_one_verdict(desk):
    database, item = desk.stores.database, desk.put()
    claims.take(database, item, "anna")
    start = threading.Barrier(4)

    def send(_):
        start.wait()
        try:
            return save(database, None, item, "anna", JUDGEMENT)
        except (NotHeld, AlreadyJudged):
            return None

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(send, range(4)), key=bool) == [None, None, None, [item]]
    assert names(desk, item) == ["anna"]


@BOTH
def test_duplicates_are_judged_together_but_those_that_others_hold_or_judged(desk, judge):
    item, other, held, judged = (desk.put() for _ in range(4))
    claims.take(desk.stores.database, held, "bert", NOW)
    judge(judged, "bert", now=NOW)
    assert judge(item, also=[other, held, judged], judgement=Judgement(LABELS, second_opinion=True)) == [item, other]
    assert [names(desk, one) for one in (item, other, held, judged)] == [["anna"], ["anna"], [], ["bert"]]
    assert claims.holder(desk.stores.database, held, NOW).moderator == "bert"
    assert claims.holder(desk.stores.database, judged, NOW) is None
    assert set(undo(desk.stores.database, other, "anna", NOW)) == {item, other}
    assert [names(desk, one) for one in (item, other, judged)] == [[], [], ["bert"]]
    assert asked(desk) == {}


@BOTH
def test_two_who_judge_each_others_duplicates_at_once_judge_each_item_once(desk):
    database = desk.stores.database
    for _ in range(5):
        items = [desk.put() for _ in range(6)]
        mine = {"anna": items[0], "bert": items[-1]}
        for name, item in mine.items():
            claims.take(database, item, name)
        start = threading.Barrier(2)

        def send(name, items=items, mine=mine, start=start):
            start.wait()
            return save(database, None, mine[name], name, JUDGEMENT, items)

        with ThreadPoolExecutor(2) as pool:
            first, second = pool.map(send, mine)
        assert sorted([*first, *second]) == items
        assert all(len(names(desk, item)) == 1 for item in items)


def asked(desk):
    with desk.stores.database.session() as session:
        return {one.item_id: one.asked_by for one in session.scalars(select(SecondOpinion))}


@BOTH
def test_undo_takes_back_ones_own_verdict_and_wish_within_a_quarter(desk, judge):
    database, item, other = desk.stores.database, desk.put(), desk.put()
    judge(item, judgement=Judgement(LABELS, second_opinion=True))
    judge(other, now=NOW + MINUTE)
    assert asked(desk) == {item: "anna"}
    with pytest.raises(TooLate):
        undo(database, item, "bert", NOW)
    with pytest.raises(TooLate):
        undo(database, item, "anna", NOW + UNDO + timedelta(seconds=1))
    assert names(desk, item) == ["anna"]
    assert undo(database, item, "anna", NOW + UNDO) == [item]
    assert (names(desk, item), names(desk, other), asked(desk)) == ([], ["anna"], {})
    with pytest.raises(TooLate):
        undo(database, item, "anna", NOW)


@BOTH
def test_a_second_opinion_is_blind_until_given(desk, judge):
    database, item = desk.stores.database, desk.put()
    judge(item, "anna", Judgement(LABELS, second_opinion=True))
    assert visible_to("bert", verdicts_on(database, item)) == []
    judge(item, "bert", now=NOW + MINUTE)
    for name in ("anna", "bert"):
        assert [one.moderator for one in visible_to(name, verdicts_on(database, item))] == ["anna", "bert"]
    assert visible_to("chris", verdicts_on(database, item)) == []


@BOTH
def test_the_session_counts_ones_own_verdicts_since_signing_in(desk, judge):
    for number in range(3):
        judge(desk.put(), now=NOW + number * MINUTE)
    judge(desk.put(), "bert")
    save_verdict(desk.stores.database, "platform", "elsewhere", 0, "anna", LABELS, None)
    found = moments(desk.stores.database, "anna", NOW + MINUTE)
    assert NOW + MINUTE in found
    assert NOW + 2 * MINUTE in found
    assert NOW not in found


def test_a_break_is_proposed_after_twenty_judgements_or_an_hour():
    def due(*minutes):
        return break_due(NOW, [NOW + minute * MINUTE for minute in minutes])

    assert not due()
    assert not due(*range(BREAK_AFTER - 1))
    assert due(*range(BREAK_AFTER))
    assert not due(*range(BREAK_AFTER + 1))
    assert due(*range(BREAK_AFTER - 1), 30, 30, 30)  # judged together
    assert due(*range(2 * BREAK_AFTER))
    assert not due(59)
    assert due(59, 61)
    assert due(61)
    assert not due(61, 119)
    assert due(61, 119, 120)
