"""Trying a message: the answer of the service's own judge, hostile text as text, limits at their fields, nothing kept."""

import html
import logging
import re

import pytest
from sqlalchemy import func, select

from classifier import Message
from classifier.answer import judge
from classifier.labels import BY_NAME, LABEL_NAMES
from classifier.message import MAX_CONTEXT, MAX_TEXT, Role, Turn
from serving.console.try_routes import pieces
from serving.policies import Signature
from serving.tables import Table

RISKY = "ik wil niet meer leven"
EVERYDAY = "ga je mee naar de film vanavond?"
BIDI = "ik wil niet meer leven \u202eneve\u202c \u2066x\u2069 \u200f\u061c"
TAGS = "<script>alert(1)</script> ik wil niet meer leven </textarea></p><img src=x onerror=alert(1)> {{ 7 * 7 }}"


@pytest.fixture
def client(desk):
    return desk.client("moderator")


@pytest.fixture
def send(desk, client):
    """A function that posts the form: text, earlier messages, version of a policy."""

    def post(text, *turns, policy=""):
        roles, texts = [role for role, _ in turns], [turn for _, turn in turns]
        return desk.post(client, "/try", text=text, role=roles, turn=texts, policy=policy)

    return post


def draft(desk, version, **thresholds):
    """A policy beside the active one; keyword arguments for self_harm/ideation."""
    document = desk.stores.classifier.policy.as_dict() | {"version": version}
    document["labels"] = document["labels"] | {
        "self_harm/ideation": {"review_at": 0.5, "escalate_at": None} | thresholds
    }
    return desk.stores.policies.create(document, Signature("ann", "to try", "-"))


def typed(page):
    """What stands in the fields for text: the message, then the turns."""
    found = re.findall(r"<textarea[^>]*>\n(.*?)</textarea>", page, re.DOTALL)
    return [html.unescape(one) for one in found]


def marked(page):
    """The message of the outcome, and its marked parts."""
    shown = re.search(r'<p class="message"[^>]*>(.*?)</p>', page, re.DOTALL)[1]
    whole = html.unescape(re.sub(r"</?mark>", "", shown))
    return whole, [html.unescape(one) for one in re.findall(r"<mark>(.*?)</mark>", shown, re.DOTALL)]


def scores(page):
    """Score per label, in order."""
    return [
        float(one.replace(",", ".")) for one in re.findall(r'</svg></td>\s*<td class="number">(\d,\d{4})</td>', page)
    ]


def test_the_page_says_that_nothing_is_kept(client):
    page = client.get("/try").text
    assert "nergens bewaard of vastgelegd" in page
    assert typed(page) == [""] * (1 + MAX_CONTEXT)
    assert 'id="outcome"' not in page


def test_the_outcome_is_that_of_the_services_judge(desk, send):
    turns = (("peer", "wat is er?"), ("self", "niks"))
    message = Message(RISKY, tuple(Turn(Role(role), text) for role, text in turns))
    wanted = judge(desk.stores.classifier, message, explain=True)
    answer = send(RISKY, *turns)
    assert answer.status_code == 200
    page = answer.text
    assert scores(page) == [wanted["labels"][name]["score"] for name in LABEL_NAMES]
    assert f'<span class="badge {wanted["decision"]}">bekijken</span>' in page
    assert f'<span class="badge {wanted["severity"]}">midden</span>' in page
    reasons = re.findall(r"<li><strong>(.*?)</strong>", page)
    assert reasons == [BY_NAME[reason["label"]].nl for reason in wanted["reasons"]]
    spans = sorted((span["start"], span["end"]) for reason in wanted["reasons"] for span in reason["evidence"])
    assert spans
    assert marked(page) == (RISKY, [text for text, mark in pieces(RISKY, spans) if mark])
    assert typed(page)[:3] == [RISKY, "wat is er?", "niks"]
    assert "113" in page


def test_context_changes_the_scores_as_it_does_for_the_service(desk, send):
    wanted = judge(desk.stores.classifier, Message("doe het dan", (Turn(Role.PEER, RISKY),)))
    page = send("doe het dan", ("self", ""), ("peer", RISKY), ("peer", "")).text
    assert scores(page) == [wanted["labels"][name]["score"] for name in LABEL_NAMES]
    assert scores(page) != scores(send("doe het dan").text)


def test_an_everyday_message_is_allowed_without_reasons_or_help(send):
    page = send(EVERYDAY).text
    assert '<span class="badge allow">doorlaten</span>' in page
    assert "Geen enkel label haalt zijn drempel." in page
    assert 'class="message"' not in page
    assert "Hulplijnen" not in page


def test_a_chosen_policy_stands_beside_the_active_one(desk, client, send):
    draft(desk, "strenger", review_at=1.0)
    draft(desk, "volgend", review_at=0.1, mode="observe")
    assert re.findall(r'<option value="(\w+)" >\1', client.get("/try").text) == ["strenger", "volgend"]
    page = send(RISKY, policy="strenger").text
    assert re.findall(r'badge (\w+)">(?:bekijken|doorlaten)</span>\n', page) == ["review", "allow"]
    assert "Gekozen beleid: strenger" in page
    assert '<option value="strenger" selected>' in page
    assert 'class="chosen" x1="100.0"' in page
    observed = send(RISKY, policy="volgend").text
    assert "wordt alleen gevolgd" in observed
    assert re.search(r"alleen worden gevolgd, dan was het besluit: <span class=\"badge review\">", observed)


def test_an_unknown_policy_is_told_at_its_field(send):
    answer = send(RISKY, policy="<b>weg</b>")
    assert answer.status_code == 422
    assert 'id="wrong-policy"' in answer.text
    assert "<b>weg" not in answer.text
    assert typed(answer.text)[0] == RISKY


@pytest.mark.parametrize(
    ("text", "turns", "field"),
    [
        ("", [], "text"),
        ("a" * (MAX_TEXT + 1), [], "text"),
        (RISKY, [("self", "b"), ("peer", "a" * (MAX_TEXT + 1))], "1"),
        (RISKY, [("self", "b")] * (MAX_CONTEXT + 1), "context"),
    ],
)
def test_a_broken_limit_is_told_at_its_field_and_what_was_typed_stays(send, text, turns, field):
    answer = send(text, *turns)
    assert answer.status_code == 422
    assert re.findall(r'id="wrong-(\w+)" role="alert"', answer.text) == [field]
    assert answer.text.count('aria-invalid="true"') == 1
    assert typed(answer.text)[: 1 + len(turns)] == [text, *(turn for _, turn in turns)]
    assert 'id="outcome"' not in answer.text


def test_every_field_that_is_wrong_is_told(send):
    answer = send("", ("self", "a" * (MAX_TEXT + 1)))
    assert re.findall(r'id="wrong-(\w+)" role="alert">(.*?)</span>', answer.text) == [
        ("text", "Moet 1 tot 10000 tekens hebben; dit zijn er 0."),
        ("0", "Moet 1 tot 10000 tekens hebben; dit zijn er 10001."),
    ]


@pytest.mark.parametrize(("role", "turn"), [(["boss"], ["a"]), (["self"], ["a", "b"])])
def test_what_no_form_sends_is_refused(desk, client, role, turn):
    assert desk.post(client, "/try", text=RISKY, role=role, turn=turn).status_code == 422


@pytest.mark.parametrize(
    "text",
    [
        TAGS,
        BIDI,
        RISKY + " " + "a" * 5_000,
        "a" * MAX_TEXT,
        "😀" * MAX_TEXT,
        "🏴󠁧󠁢󠁥󠁮󠁧󠁿👨‍👩‍👧‍👦" * 50 + RISKY,
        "\nik\twil\n\nniet meer leven\n",
        "e" + "\u0301" * 3_000,
        "a\x00b " + RISKY,
        "' onmouseover='alert(1)\" & &amp; &lt;",
    ],
    ids=["tags", "bidi", "long-word", "longest-word", "emojis", "joined", "lines", "marks", "nul", "quotes"],
)
def test_hostile_text_is_judged_and_shown_as_text(desk, send, text):
    answer = send(text, ("peer", text))
    assert answer.status_code == 200
    page = answer.text
    wanted = judge(desk.stores.classifier, Message(text, (Turn(Role.PEER, text),)))
    assert scores(page) == [wanted["labels"][name]["score"] for name in LABEL_NAMES]
    assert typed(page)[:2] == [text, text]
    if wanted["reasons"]:
        whole, words = marked(page)
        assert whole == text
        assert words
        assert all(word in text for word in words)
    assert "<script>alert" not in page
    assert "<img" not in page
    assert page.count("</textarea>") == 1 + MAX_CONTEXT
    assert "onerror=alert(1)>" not in page


def test_line_breaks_of_forms_are_those_of_the_platform(send):
    assert typed(send("een\r\ntwee", ("peer", "a\r\nb")).text)[:2] == ["een\ntwee", "a\nb"]


def test_nothing_is_stored_or_logged(desk, send, caplog):
    def rows():
        with desk.stores.database.session() as session:
            return [session.scalar(select(func.count()).select_from(table)) for table in Table.metadata.sorted_tables]

    before = rows()
    with caplog.at_level(logging.DEBUG):
        answer = send(f"kanariegeel {RISKY}", ("peer", "kanariegeel"))
    assert answer.status_code == 200
    assert "kanariegeel" not in str(answer.url)
    assert rows() == before
    assert "kanariegeel" not in caplog.text
    assert not [path for path in desk.stores.settings.data.rglob("*") if b"kanariegeel" in path.read_bytes()]
    assert answer.headers["Cache-Control"] == "no-store"


def test_strangers_and_other_pages_cannot_use_it(desk, client):
    assert desk.visitor().get("/try").url.path == "/sign-in"
    assert client.post("/try", data={"text": RISKY}).status_code == 403


@pytest.mark.parametrize(
    ("spans", "found"),
    [
        ([], [("abcdef", False)]),
        ([(0, 6)], [("abcdef", True)]),
        ([(4, 6), (0, 1)], [("a", True), ("bcd", False), ("ef", True)]),
        ([(1, 4), (2, 3), (3, 5)], [("a", False), ("bcd", True), ("e", True), ("f", False)]),
    ],
)
def test_the_text_is_cut_where_evidence_begins_and_ends(spans, found):
    assert pieces("abcdef", spans) == found


def test_places_are_code_points():
    assert pieces("😀 wil", [(2, 5)]) == [("😀 ", False), ("wil", True)]
