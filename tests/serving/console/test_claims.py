"""Two moderators never hold the same item, and a claim ends."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from serving.console import claims
from serving.console.judgements import Judgement, save
from serving.console.queue import Filters
from serving.verdicts import Ruling, save_verdict

BOTH = pytest.mark.parametrize("desk", ["sqlite", "postgresql"], indirect=True)
NOW = datetime.now(UTC)
SOON, LATER = NOW + claims.LASTS - timedelta(seconds=1), NOW + claims.LASTS + timedelta(seconds=1)
CROWD = 8


def at_once(work):
    """What `work` returns for each of a crowd that starts together."""
    start = threading.Barrier(CROWD)

    def one(number):
        start.wait()
        return work(f"mod-{number}")

    with ThreadPoolExecutor(CROWD) as pool:
        return list(pool.map(one, range(CROWD)))


@BOTH
@pytest.mark.parametrize("over", [False, True], ids=["free", "over"])
def test_of_a_crowd_one_gets_the_item(desk, over):
    database, item = desk.stores.database, desk.put()
    for _ in range(5):
        if over:
            assert claims.take(database, item, "before", NOW - 2 * claims.LASTS)
        won = at_once(lambda name: claims.take(database, item, name, NOW) and name)
        [winner] = filter(None, won)
        assert claims.holder(database, item, NOW).moderator == winner
        assert claims.release(database, item, winner)


@BOTH
def test_each_of_a_crowd_gets_another_item_and_late_ones_none(desk):
    items = {desk.put() for _ in range(CROWD - 2)}
    got = at_once(lambda name: claims.take_next(desk.stores.database, name, Filters(), now=NOW))
    assert sorted(filter(None, got)) == sorted(items)
    assert got.count(None) == 2


@BOTH
def test_a_claim_keeps_others_off_until_it_is_over_or_given_back(desk):
    database, item = desk.stores.database, desk.put()
    assert claims.take(database, item, "anna", NOW)
    assert not claims.take(database, item, "bert", SOON)
    assert not claims.release(database, item, "bert")
    assert claims.take_next(database, "bert", Filters(), now=SOON) is None
    assert claims.holder(database, item, SOON).moderator == "anna"
    assert claims.holder(database, item, LATER) is None
    assert claims.take(database, item, "bert", LATER)
    assert not claims.take(database, item, "anna", LATER)
    assert claims.release(database, item, "bert")
    assert claims.take(database, item, "anna", LATER)


@BOTH
def test_work_renews_a_claim_that_is_not_over(desk):
    database, item = desk.stores.database, desk.put()
    assert not claims.renew(database, item, "anna", NOW)
    claims.take(database, item, "anna", NOW)
    assert not claims.renew(database, item, "bert", SOON)
    assert claims.renew(database, item, "anna", SOON)
    assert not claims.take(database, item, "bert", LATER)
    assert not claims.renew(database, item, "anna", LATER + claims.LASTS)
    assert claims.take(database, item, "anna", LATER + claims.LASTS)


@BOTH
def test_the_next_item_is_the_first_that_waits_and_is_free(desk):
    database = desk.stores.database
    urgent, judged, held, second = (desk.put(severity=severity) for severity in ("high", "high", "high", "low"))
    save_verdict(database, "platform", "m2", 0, "other", {"self_harm/ideation": Ruling.WRONG}, None)
    claims.take(database, held, "bert", NOW)
    assert claims.take_next(database, "anna", Filters(severity="low"), now=NOW) == second
    assert claims.release(database, second, "anna")
    assert claims.take_next(database, "anna", Filters(), skip=urgent, now=NOW) == second
    assert claims.take_next(database, "anna", Filters(), now=NOW) == urgent
    assert claims.take_next(database, "anna", Filters(), now=NOW) is None
    assert claims.holder(database, judged, NOW) is None


@BOTH
def test_an_item_that_was_judged_since_the_queue_was_read_is_not_given(desk, monkeypatch):
    database, gone, left = desk.stores.database, desk.put(severity="high"), desk.put(severity="low")
    take = claims.take

    def judged_just_before(database, item_id, moderator, now=None):
        if item_id == gone and moderator == "anna":
            take(database, gone, "bert")
            save(database, None, gone, "bert", Judgement({"self_harm/ideation": Ruling.RIGHT}))
        return take(database, item_id, moderator, now)

    monkeypatch.setattr(claims, "take", judged_just_before)
    assert claims.take_next(database, "anna", Filters()) == left
    assert claims.holder(database, gone) is None
