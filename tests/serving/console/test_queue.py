"""What waits for whom and in which order; the audit sample cannot be told from the rest."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from classifier.labels import LABEL_NAMES, Severity
from serving.console import claims, queue
from serving.console.judgements import Judgement, save
from serving.console.queue import PAGE, Filters
from serving.sealing import Sealing
from serving.verdicts import Ruling, save_verdict

BOTH = pytest.mark.parametrize("desk", ["sqlite", "postgresql"], indirect=True)
WRONG = {"self_harm/ideation": Ruling.WRONG}


def hours(number):
    return timedelta(hours=number)


def shown(desk, moderator="anna", **filters):
    rows, total = queue.listed(desk.stores.database, moderator, Filters(**filters), datetime.now(UTC))
    assert total == len(rows) or filters.get("page")
    return [item.id for item, _ in rows]


def judge(desk, item_id, moderator, second_opinion=False):
    assert claims.take(desk.stores.database, item_id, moderator)
    save(desk.stores.database, desk.stores.sealing, item_id, moderator, Judgement(WRONG, second_opinion=second_opinion))


@BOTH
def test_the_most_severe_come_first_then_the_oldest_and_the_sample_is_spread_among_them(desk):
    kinds = [("low", 9), ("high", 1), ("medium", 3), ("high", 2)]
    low, high, medium, older = (desk.put(severity=severity, age=hours(age)) for severity, age in kinds)
    # The ids of the sample end in 5 to 9 and 0: spread over high and medium.
    sample = [desk.put(decision="allow", probability=0.02, age=hours(age)) for age in (1.5, 2.5, 9, 8, 7, 6)]
    *second, first = sample
    assert [one[-1] for one in sample] == list("567890")
    assert shown(desk) == [first, older, high, *second[2:], medium, second[1], second[0], low]


@BOTH
def test_an_item_waits_until_judged_or_until_a_second_opinion_is_there(desk):
    plain, doubted = desk.put(message_id="a"), desk.put(message_id="b")
    assert set(shown(desk)) == {plain, doubted}
    judge(desk, plain, "anna")
    judge(desk, doubted, "anna", second_opinion=True)
    assert (shown(desk, "anna"), shown(desk, "bert")) == ([], [doubted])
    assert not queue.waits(desk.stores.database, doubted, "anna")
    judge(desk, doubted, "bert")
    assert shown(desk, "chris") == []


@BOTH
def test_verdicts_from_other_tools_count_for_their_message_tenant_and_revision_alone(desk):
    a, other_revision = desk.put(message_id="a"), desk.put(message_id="a", revision=1)
    other_tenant, nameless = desk.put(message_id="a", tenant="club"), desk.put(message_id="x")
    with desk.stores.database.session() as session:
        session.get(queue.ReviewItem, nameless).message_id = None
    save_verdict(desk.stores.database, "platform", "a", 0, "someone", WRONG, None)
    assert set(shown(desk)) == {other_revision, other_tenant, nameless}
    save_verdict(desk.stores.database, "platform", nameless, 0, "someone", WRONG, None)
    assert set(shown(desk)) == {other_revision, other_tenant}
    assert queue.find(desk.stores.database, a).id == a


@BOTH
def test_each_filter_narrows_the_list(desk):
    old = desk.put(severity="high", labels=["peer_influence/pact"], age=hours(30))
    klas = desk.put(conversation_id="klas", trend="rising", labels=["self_harm/intent", "peer_influence/pact"])
    steady = desk.put(trend="steady", severity="low", labels=["peer_influence/glorification"])
    sample = desk.put(decision="allow", trend="steady", age=hours(25))
    assert shown(desk, label="peer_influence/pact") == [old, klas]
    assert shown(desk, severity="low") == [steady]
    assert set(shown(desk, age=24)) == {old, sample}
    assert shown(desk, conversation_id="klas") == [klas]
    assert set(shown(desk, trend="steady")) == {steady, sample}
    claims.take(desk.stores.database, klas, "anna")
    assert (shown(desk, "anna", mine=True), shown(desk, "bert", mine=True)) == ([klas], [])
    # Neither "%" nor "_" of a label stands for other letters.
    assert shown(desk, label="self_harm/ideation") == []


@pytest.mark.parametrize("wrong", [{"severity": "none"}, {"label": "x\0"}, {"age": -1}, {"page": 0}, {"trend": "up"}])
def test_a_filter_that_would_show_the_sample_alone_or_is_wrong_is_refused(wrong):
    with pytest.raises(ValidationError):
        Filters(**wrong)


def test_empty_fields_of_the_form_are_no_filter():
    assert Filters(**dict.fromkeys(["label", "severity", "age", "conversation_id", "trend", "mine"], "")) == Filters()
    assert Filters(age="3", mine="true", page=2).query() == {"age": 3, "mine": True}


@BOTH
def test_pages_hold_all_items_once(desk):
    ids = [desk.put(age=timedelta(minutes=number)) for number in range(PAGE + 3)]
    rows, total = queue.listed(desk.stores.database, "anna", Filters(page=2), datetime.now(UTC))
    first, second = shown(desk, page=1), shown(desk, page=2)
    assert (len(rows), total, len(first), second) == (3, PAGE + 3, PAGE, [ids[2], ids[1], ids[0]])
    assert set(first + second) == set(ids)


def test_a_text_is_opened_unless_it_is_not_there_or_no_key_fits(desk):
    text, ids = desk.put("hoi", context=[("peer", "dag")]), desk.put(None)
    item = queue.find(desk.stores.database, text)
    assert queue.opened(desk.stores.sealing, item) == queue.Content("hoi", (("peer", "dag"),))
    assert queue.opened(None, item) is queue.opened(Sealing.ephemeral(), item) is None
    assert queue.opened(desk.stores.sealing, queue.find(desk.stores.database, ids)) is None


@BOTH
def test_duplicates_have_exactly_the_same_text_and_are_free_and_of_the_same_tenant(desk):
    own = desk.put("doe het dan", context=[("peer", "hoi")])
    same, elsewhere = desk.put("doe het dan", context=[("peer", "hoi")]), desk.put("doe het dan")
    desk.put("doe het dan "), desk.put(None), desk.put("doe het dan", tenant="club")
    held, judged, mine = (desk.put("doe het dan") for _ in range(3))
    claims.take(desk.stores.database, held, "bert")
    claims.take(desk.stores.database, mine, "anna")
    judge(desk, judged, "bert")
    stores, item = desk.stores, queue.find(desk.stores.database, own)
    found = queue.duplicates(stores.database, stores.sealing, item, "anna", datetime.now(UTC))
    assert {(one.item_id, one.same_context) for one in found} == {(same, True), (elsewhere, False), (mine, False)}
    assert queue.duplicates(stores.database, None, item, "anna", datetime.now(UTC)) == []


@BOTH
def test_related_items_are_of_the_same_conversation_or_author_and_tenant(desk):
    item = desk.put(conversation_id="klas", author_id="noor")
    talk, author = desk.put(conversation_id="klas", age=hours(1)), desk.put(author_id="noor")
    desk.put(conversation_id="klas", author_id="noor", tenant="club"), desk.put()
    found = queue.find(desk.stores.database, item)
    assert [one.id for one in queue.related(desk.stores.database, found, "conversation_id")] == [talk]
    assert [one.id for one in queue.related(desk.stores.database, found, "author_id")] == [author]
    nobody = queue.find(desk.stores.database, desk.put())
    assert queue.related(desk.stores.database, nobody, "author_id") == []


def test_labels_stand_by_reason_then_score_and_the_sample_is_about_its_highest_score(desk):
    scores = [number / 100 for number in range(len(LABEL_NAMES))]
    flagged = queue.find(desk.stores.database, desk.put(labels=["self_harm/intent"], severity="high", scores=scores))
    sample = queue.find(desk.stores.database, desk.put(decision="allow", scores=scores))
    order = queue.label_order(flagged)
    assert (order[0], order[1], set(order)) == ("self_harm/intent", LABEL_NAMES[-1], set(LABEL_NAMES))
    assert queue.label_order(sample) == list(reversed(LABEL_NAMES))
    assert queue.concerns(flagged) == (["self_harm/intent"], Severity.HIGH)
    assert queue.concerns(sample) == ([LABEL_NAMES[-1]], Severity.MEDIUM)


@pytest.mark.parametrize(("minutes", "found"), [(-1, ("minutes", 0)), (119, ("minutes", 119)), (121, ("hours", 2))])
def test_an_age_is_told_in_the_unit_that_fits(minutes, found):
    now = datetime.now(UTC)
    assert queue.age(now - timedelta(minutes=minutes), now) == found
    assert queue.age(now - timedelta(hours=49), now) == ("days", 2)
