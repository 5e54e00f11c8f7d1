"""The pages of the queue: texts stay text, work has one owner, opinions are blind, nothing comes by itself."""

import html
import json
import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest
from sqlalchemy import update

from classifier.labels import LABEL_NAMES
from serving.console import audit, claims, judgements
from serving.console.texts import read_texts
from serving.tables import SignIn, Verdict

LABEL = "self_harm/ideation"
RIGHT = {f"label:{LABEL}": "right"}
HOSTILE = {
    "script": "<script>alert(1)</script><img src=x onerror=alert(2)>",
    "attribute": "\"' onmouseover=alert(3) x='",
    "template": "{{ 7 * 7 }} {% include 'base.html' %}",
    "bidi": "hoi \u202e\u2066txt.exe\u2069\u202c \u200f doei",
    "long": "a" * 10_000,
    "emoji": "😭🔪👩‍👩‍👧‍👦🏳️‍🌈" * 400,
    "zalgo": "h̷̡̛" * 500,
    "close": "</p></div></textarea><form action=//evil.example>",
}


@pytest.fixture
def mod(desk):
    return desk.client()


@pytest.fixture
def lead(desk):
    return desk.client("lead")


def claim(desk, client, item):
    answer = desk.post(client, f"/items/{item}/claim")
    assert answer.status_code == 200
    return answer


def judge(desk, client, item, **form):
    claim(desk, client, item)
    return desk.post(client, f"/items/{item}/verdict", **(form or RIGHT))


def messages(page):
    """Texts of all message paragraphs, as a browser reads them."""
    return [html.unescape(one) for one in re.findall(r'<p class="message[^>]*>([^<]*)</p>', page)]


def said(desk):
    return [(one.account, one.action, one.facts) for one in reversed(audit.entries(desk.stores.database, 100))]


def done(desk):
    return [action for _, action, _ in said(desk) if action != "sign_in"]


class Tags(HTMLParser):
    """Fails on an element or attribute that a template would never have."""

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        assert tag not in ("img", "iframe", "style", "svg", "object", "embed")
        assert not [name for name in given if name.startswith("on") or name == "style"], given
        assert tag != "script" or given["src"].startswith("/static/")
        assert given.get("action", "/").startswith("/")


def test_a_hostile_text_is_text_on_every_page(desk, mod):
    for text in HOSTILE.values():
        ids = {"conversation_id": text[:100], "author_id": text[:100]}
        item = desk.put(
            text, context=[("self", text), ("peer", text)], message_id=f"{len(done(desk))}{text[:100]}", **ids
        )
        desk.put(text, context=[("peer", "iets anders")], **ids)
        page = mod.get("/queue").text
        assert text[:280] in {one.removesuffix("…") for one in messages(page)}
        pages = [page, claim(desk, mod, item).text]
        assert messages(pages[-1]) == [text] * 3
        form = {"note": text[:2000], "action": text[:128]}
        pages.append(desk.post(mod, f"/items/{item}/verdict", **form).text)  # without a label: shown again
        assert html.escape(text[:2000]).replace("&#x27;", "&#39;").replace("&quot;", "&#34;") in pages[-1]
        pages.append(desk.post(mod, f"/items/{item}/verdict", **RIGHT, **form).text)
        pages.append(mod.get(f"/items/{item}").text)
        assert messages(pages[-1]) == [text] * 3 + [text[:2000].strip()]
        pages.append(mod.get("/queue", params={"conversation_id": text[:100]}).text)
        assert "Wacht op een oordeel: 1" in pages[-1]
        for page in pages:
            Tags().feed(page)
        assert text[:40] not in json.dumps([facts for *_, facts in said(desk)], ensure_ascii=False)


def test_texts_in_the_list_are_short_blurred_and_reachable_by_keyboard(desk, mod):
    desk.put("x" * 5000)
    page = mod.get("/queue").text
    assert messages(page) == ["x" * 280 + "…"]
    assert re.search(r'class="[^"]*blurred[^"]*".*<p class="message" dir="auto" tabindex="0">', page, re.DOTALL)


def test_without_text_there_is_a_way_to_the_platform(desk, mod, monkeypatch):
    item = desk.put(None, message_id="a/b?c")
    assert "niet bewaard" in mod.get("/queue").text
    monkeypatch.setattr(desk.stores.settings, "review_link", "https://forum.example/m/{message_id}")
    for path in ("/queue", f"/items/{item}"):
        assert 'href="https://forum.example/m/a%2Fb%3Fc"' in mod.get(path).text
    assert mod.get(f"/items/{item}/evidence", headers={"Accept": "application/json"}).status_code == 404
    assert judge(desk, mod, item).url.path == "/queue/done"


def neutral(page):
    """A page without what differs between any two items, and without what is shown on demand only."""
    page = re.sub(r"<details class=\"card\">.*?</details>", "", page, flags=re.DOTALL)
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d\d:\d\d|\bm\d+|Bericht \d+", "", page)


def test_an_item_of_the_audit_sample_looks_like_any_other_until_the_model_is_asked(desk, mod):
    scores = [0.4 if name == LABEL else 0.01 for name in LABEL_NAMES]
    flagged, sampled = desk.put(scores=scores), desk.put(decision="allow", scores=scores, probability=0.02)
    rows = re.findall(r"<tr>.*?</tr>", mod.get("/queue").text, re.DOTALL)[1:]
    assert len(rows) == 2
    assert neutral(rows[0]) == neutral(rows[1])
    pages = [claim(desk, mod, item).text for item in (flagged, sampled)]
    assert neutral(pages[0]) == neutral(pages[1])
    assert ["doorlaten" in page for page in pages] == [False, True]  # in what is shown on demand
    spans = [mod.get(f"/items/{item}/evidence").json() for item in (flagged, sampled)]
    assert spans[0] == spans[1]
    assert spans[0]["spans"]


def test_filters_and_pages_keep_each_other(desk, mod):
    for _ in range(27):
        desk.put(conversation_id="klas 1&2")
    desk.put()
    page = mod.get("/queue", params={"conversation_id": "klas 1&2", "label": "", "age": ""}).text
    assert "Wacht op een oordeel: 27" in page
    [more] = re.findall(r'rel="next" href="([^"]+)"', page)
    second = mod.get(html.unescape(more)).text
    assert len(messages(second)) == 2
    assert "Bladzijde 2 van 2" in second
    [action] = re.findall(r'action="(/queue/next[^"]*)"', second)
    desk.post(mod, html.unescape(action))
    assert len(messages(mod.get("/queue?mine=true").text)) == 1
    assert mod.get("/queue?severity=none").status_code == 422


def test_an_empty_queue_is_kind(desk, mod):
    assert "Alles is bekeken" in mod.get("/queue").text
    desk.put()
    assert "geen bericht" in mod.get("/queue?severity=low").text
    desk.post(mod, "/queue/next")
    answer = desk.post(mod, "/queue/next")
    assert (answer.url.path, "geen vrij bericht" in answer.text) == ("/queue", True)


def test_next_claims_the_first_free_item_and_gives_back_the_one_that_is_left(desk, mod, lead):
    urgent, other = desk.put(severity="high"), desk.put(severity="low")
    assert desk.post(mod, "/queue/next").url.path == f"/items/{urgent}"
    assert desk.post(lead, "/queue/next").url.path == f"/items/{other}"
    claims.release(desk.stores.database, other, "lead")
    assert desk.post(mod, "/queue/next", leave=urgent).url.path == f"/items/{other}"
    assert claims.holder(desk.stores.database, urgent) is None
    assert done(desk) == ["claim", "claim", "release", "claim"]


def test_an_item_is_judged_by_who_holds_it(desk, mod, lead):
    item = desk.put()
    page = mod.get(f"/items/{item}").text
    assert (f"/items/{item}/claim" in page, f"/items/{item}/verdict" in page) == (True, False)
    assert f"/items/{item}/verdict" in claim(desk, mod, item).text
    page = lead.get(f"/items/{item}").text
    assert "moderator bekijkt dit bericht nu" in page
    assert f"/items/{item}/verdict" not in page
    refused = desk.post(lead, f"/items/{item}/claim")
    assert (refused.status_code, "bij een collega" in refused.text) == (409, True)
    refused = desk.post(lead, f"/items/{item}/verdict", **RIGHT)
    assert (refused.status_code, "bij een collega" in refused.text) == (409, True)
    assert judgements.verdicts_on(desk.stores.database, item) == []
    desk.post(mod, f"/items/{item}/release")
    assert claim(desk, lead, item)
    assert done(desk) == ["claim", "release", "claim"]


def test_what_was_filled_in_stays_when_the_claim_was_over(desk, mod):
    item = desk.put()
    claims.take(desk.stores.database, item, "moderator", datetime.now(UTC) - 2 * claims.LASTS)
    form = RIGHT | {"note": "kanariegeel <b>", "action": "gebeld", "second_opinion": "true"}
    answer = desk.post(mod, f"/items/{item}/verdict", **form)
    assert (answer.status_code, "opnieuw van jou" in answer.text) == (409, True)
    assert "kanariegeel &lt;b&gt;</textarea>" in answer.text
    assert re.search(rf'name="label:{LABEL}" value="right" checked', answer.text)
    assert 'name="second_opinion" value="true" checked' in answer.text
    assert desk.post(mod, f"/items/{item}/verdict", **form).url.path == "/queue/done"
    again = desk.post(mod, f"/items/{item}/verdict", **form)
    assert (again.status_code, "al beoordeeld" in again.text) == (409, True)
    assert desk.post(mod, f"/items/{item}/claim").status_code == 409


def test_work_on_the_page_renews_the_claim_without_a_trace_in_the_log(desk, mod, lead):
    item = desk.put()
    headers = {"Accept": "application/json", "X-CSRF-Token": desk.csrf(mod)}
    assert mod.post(f"/items/{item}/claim", headers=headers).status_code == 204
    before = claims.holder(desk.stores.database, item).until
    assert mod.post(f"/items/{item}/claim", headers=headers).status_code == 204
    assert claims.holder(desk.stores.database, item).until > before
    assert done(desk) == ["claim"]


@pytest.mark.parametrize("path", ["claim", "release", "verdict", "undo", None])
def test_a_request_from_elsewhere_changes_nothing(desk, mod, lead, path):
    item = desk.put()
    if path in ("release", "verdict"):
        claim(desk, mod, item)
    if path == "undo":
        judge(desk, mod, item)
    before = done(desk)
    address = f"/items/{item}/{path}" if path else "/queue/next"
    for form in ({}, {"csrf": "x"}, {"csrf": desk.csrf(lead)}):
        assert mod.post(address, data=RIGHT | form).status_code == 403
    assert done(desk) == before
    assert len(judgements.verdicts_on(desk.stores.database, item)) == (path == "undo")
    stranger = desk.visitor()
    assert stranger.post(address, data=RIGHT).url.path == "/sign-in"
    assert stranger.get(f"/items/{item}").url.path == "/sign-in"


def test_a_second_opinion_is_asked_and_given_blind(desk, mod, lead):
    item = desk.put()
    judge(desk, mod, item, **RIGHT, second_opinion="true", action="politie-gebeld", note="kanariegeel")
    assert messages(mod.get("/queue").text) == []
    for page in (lead.get("/queue").text, claim(desk, lead, item).text):
        assert not re.search(
            "kanariegeel|politie-gebeld|moderator|tweede mening gevraagd", page.replace("/moderator", "")
        )
        assert len(messages(page)) == 1
    answer = desk.post(lead, f"/items/{item}/verdict", **{f"label:{LABEL}": "wrong"})
    assert answer.url.path == "/queue/done"
    for client in (mod, lead):
        page = client.get(f"/items/{item}").text
        assert "politie-gebeld" in page
        assert "kanariegeel" in page
        assert "lead, 2" in page
    assert [one[1] for one in said(desk) if one[0] == "moderator"][-2:] == ["verdict", "second_opinion"]


def test_nothing_holds_judges_every_label_that_was_left_open(desk, mod):
    item, other = desk.put(), desk.put(decision="allow")
    judge(desk, mod, item, nothing="true")
    judge(desk, mod, other, nothing="true", **{"label:self_harm/intent": "unsure"})
    [first] = judgements.verdicts_on(desk.stores.database, item)
    [second] = judgements.verdicts_on(desk.stores.database, other)
    assert first.labels == dict.fromkeys(LABEL_NAMES, "wrong")
    assert second.labels == dict.fromkeys(LABEL_NAMES, "wrong") | {"self_harm/intent": "unsure"}
    facts = {"item": item, "items": 1, "right": 0, "wrong": 11, "unsure": 0}
    assert ("moderator", "verdict", facts) in said(desk)


def test_a_wrong_form_saves_nothing(desk, mod):
    item = desk.put()
    claim(desk, mod, item)
    wrong = [{f"label:{LABEL}": "maybe"}, {f"label:{LABEL}": ""}, {}]
    for form in [*wrong, RIGHT | {"action": "a" * 129}, RIGHT | {"action": "a\0b"}]:
        assert desk.post(mod, f"/items/{item}/verdict", **form).status_code == 422
    assert judgements.verdicts_on(desk.stores.database, item) == []
    assert claims.holder(desk.stores.database, item).moderator == "moderator"


def test_the_longest_note_is_kept_whatever_its_line_breaks(desk, mod):
    item = desk.put()
    judge(desk, mod, item, **RIGHT, note="é\r\n" * 1000)
    [kept] = judgements.verdicts_on(desk.stores.database, item)
    assert desk.stores.sealing.open(kept.note).decode() == ("é\n" * 1000).strip()


def test_without_secrets_there_is_no_note(desk, mod, monkeypatch):
    item = desk.put(None)
    assert 'name="note"' in claim(desk, mod, item).text
    monkeypatch.setattr(desk.stores, "sealing", None)
    assert 'name="note"' not in mod.get(f"/items/{item}").text
    desk.post(mod, f"/items/{item}/verdict", **RIGHT, note="kanariegeel")
    [kept] = judgements.verdicts_on(desk.stores.database, item)
    assert kept.note is None


def test_a_verdict_is_undone_by_its_own_moderator_in_time(desk, mod, lead):
    item = desk.put()
    page = judge(desk, mod, item)
    assert page.url.path == "/queue/done"
    assert f"/items/{item}/undo" in page.text
    assert "Door jou beoordeeld sinds je inlogde: 1" in page.text
    assert "Door jou beoordeeld sinds je inlogde: 1" in mod.get("/queue").text
    assert desk.post(lead, f"/items/{item}/undo").status_code == 409
    back = desk.post(mod, f"/items/{item}/undo")
    assert (back.url.path, "teruggenomen" in back.text) == (f"/items/{item}", True)
    assert f"/items/{item}/verdict" in back.text
    assert judgements.verdicts_on(desk.stores.database, item) == []
    desk.post(mod, f"/items/{item}/verdict", **RIGHT)
    with desk.stores.database.session() as session:
        session.execute(update(Verdict).values(at=datetime.now(UTC) - judgements.UNDO - timedelta(seconds=1)))
    late = desk.post(mod, f"/items/{item}/undo")
    assert (late.status_code, "kwartier" in late.text) == (409, True)
    assert f"/items/{item}/undo" not in mod.get(f"/items/{item}").text
    assert done(desk) == ["claim", "verdict", "undo", "claim", "verdict"]


def test_a_break_is_proposed_after_an_hour_and_not_at_once(desk, mod):
    assert "pauze" not in judge(desk, mod, desk.put()).text
    with desk.stores.database.session() as session:
        hour = datetime.now(UTC) - timedelta(minutes=61)
        session.execute(update(SignIn).values(created_at=hour))
        session.execute(update(Verdict).values(at=hour + timedelta(minutes=1)))
    assert "Tijd voor een pauze" in judge(desk, mod, desk.put()).text


def test_exact_duplicates_are_judged_together_when_asked(desk, mod):
    texts = ["kopieer dit", "kopieer dit", "kopieer dit", "kopieer dit!"]
    item, same, later, other = (desk.put(text) for text in texts)
    page = claim(desk, mod, item).text
    assert "Nog 2 met precies deze tekst" in page
    assert re.findall(r'name="also" value="([^"]+)"', page) == [same, later]
    answer = desk.post(mod, f"/items/{item}/verdict", **RIGHT, together="true", also=[same, other])
    assert "Berichten die samen zijn beoordeeld: 2" in answer.text
    counts = [len(judgements.verdicts_on(desk.stores.database, one)) for one in (item, same, later, other)]
    assert counts == [1, 1, 0, 0]
    assert len(messages(desk.post(mod, "/queue/next").text)) == 1


def test_duplicates_stay_when_they_are_not_asked_for(desk, mod):
    item, same = desk.put("kopieer dit"), desk.put("kopieer dit")
    judge(desk, mod, item, **RIGHT, also=[same])
    assert judgements.verdicts_on(desk.stores.database, same) == []


def test_evidence_names_places_in_the_stored_text(desk, mod):
    text = "😭 hoi [naam], ik wil echt niet meer leven"
    item = desk.put(text)
    spans = mod.get(f"/items/{item}/evidence", headers={"Accept": "application/json"}).json()["spans"]
    assert any("leven" in text[one["start"] : one["end"]] for one in spans)
    assert all(set(one) == {"start", "end"} for one in spans)


def test_related_items_and_help_lines_stand_beside_the_message(desk, mod):
    item = desk.put(conversation_id="klas", author_id="noor", trend="rising")
    talk, author = desk.put(conversation_id="klas"), desk.put(author_id="noor")
    page = mod.get(f"/items/{item}").text
    for one in (talk, author):
        assert f'href="/items/{one}"' in page
    assert "0800-0113" in page
    assert "stijgend" in page


def test_an_unknown_item_is_not_found(desk, mod):
    for item in ("x", "%00", "0" * 36, "é" * 36):
        assert mod.get(f"/items/{item}").status_code == mod.get(f"/items/{item}/evidence").status_code == 404
        assert f"/items/{item}" not in mod.get("/queue/done", params={"item": item}).text or item == "0" * 36


def test_pages_come_in_english_and_name_each_label(desk):
    client = desk.client(language="en")
    item = desk.put()
    page = claim(desk, client, item).text
    assert "Your verdict" in page
    assert len(set(re.findall(r'name="label:([^"]+)"', page))) == len(LABEL_NAMES)
    assert re.findall(r'data-key="(.)"', page) == list("1234567890-")


def test_no_page_has_inline_code_or_style_and_each_action_has_a_text(desk, mod):
    item = desk.put()
    for page in (claim(desk, mod, item).text, mod.get("/queue").text, judge(desk, mod, item).text):
        Tags().feed(page)
    texts = read_texts()
    assert {f"queue.audit_{one}" for one in ("claim", "release", "verdict", "undo", "second_opinion")} <= set(texts)
