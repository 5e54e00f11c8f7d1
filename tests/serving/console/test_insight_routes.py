"""Pages of insight and files of reviewed messages: who gets them, what they say, and what the audit log keeps."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert

from classifier.labels import LABEL_NAMES
from serving.console import audit
from serving.tables import ReviewItem, ScoreSample, Verdict

IDEATION = "self_harm/ideation"
BOTH = pytest.mark.parametrize("desk", ["sqlite", "postgresql"], indirect=True)
SAFE = dict.fromkeys(LABEL_NAMES, "wrong")


def judge(desk, item_id, *moderators, labels=None):
    """A verdict of each of the moderators."""
    with desk.stores.database.session() as session:
        item = session.get(ReviewItem, item_id)
        for moderator in moderators:
            place = {"tenant": item.tenant, "message_id": item.message_id, "revision": 0}
            said = labels or {IDEATION: "right"}
            session.add(Verdict(**place, moderator=moderator, labels=said, at=datetime.now(UTC)))


def exports(desk):
    return [entry.facts for entry in audit.entries(desk.stores.database, 100) if entry.action == "export"]


def words(page):
    """What the page's main part says."""
    main = page[page.index("<main") : page.index("</main>")]
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())


@BOTH
def test_the_page_of_an_empty_console_says_what_cannot_be_estimated(desk):
    page = desk.client("lead").get("/insight").text
    assert words(page).count("niet te schatten: minder dan 10") == 12 + 11
    assert "Steekproeven: 0 van de laatste dagen, 0 van daarvoor. Niet te schatten" in words(page)
    assert "In deze periode is nog niets beoordeeld." in words(page)
    assert "Van deze berichten is geen tekst bewaard." in words(page)


@BOTH
def test_the_page_shows_the_figures(desk):
    for _ in range(12):
        judge(desk, desk.put(), "ann", "bob")
    desk.put(age=timedelta(days=3), severity="high")
    days = [(datetime.now(UTC).date() - timedelta(days=back)).isoformat() for back in (0, 10)]
    row = {"draw": 0.5, "model": desk.stores.classifier.bundle.name, "policy": "p"}
    with desk.stores.database.session() as session:
        for day, score in zip(days, (0.7, 0.05), strict=True):
            session.execute(insert(ScoreSample), [row | {"day": day, "scores": [score] + [0.0] * 10}] * 500)
    page = words(desk.client("lead", "en").get("/insight?days=7").text)
    assert "All alarms 12 12 100 % 76 % to 100 %" in page
    assert "ideation 12 12 100 % 76 % to 100 %" in page
    assert "ideation 12 100 % undefined: the same verdict everywhere" in page
    assert re.search(r"ideation \d+\.\d{3} large shift", page)
    assert "intent 0.000 stable" in page
    assert "ann 12 1 12 5" in page
    assert "Judged by nobody yet 1" in page
    assert re.search(r"evaluation \(\d+ messages\)", page)
    dutch = words(desk.client("lead").get("/insight?days=7").text)
    assert re.search(r"gedachten aan de dood \d+,\d{3} grote verschuiving", dutch)
    assert "Totaal" not in dutch


def test_a_moderator_gets_neither_page_nor_file(desk):
    judge(desk, desk.put(), "ann")
    client = desk.client("moderator")
    assert client.get("/insight").status_code == 403
    assert client.get("/insight/export?form=csv&purpose=training").status_code == 403
    assert desk.post(client, "/insight/export", form="csv", purpose="training", text="true").status_code == 403
    assert desk.visitor().get("/insight/export?form=csv&purpose=training").url.path == "/sign-in"
    assert exports(desk) == []


@pytest.mark.parametrize("days", ["8", "0", "-7", "1e9"])
def test_only_the_periods_offered_can_be_asked_for(desk, days):
    assert desk.client("lead").get(f"/insight?days={days}").status_code in (404, 422)


@BOTH
def test_a_file_without_texts_is_for_a_link_and_one_with_texts_for_the_form(desk):
    for _ in range(8):
        judge(desk, desk.put("kanariegeel", context=[("peer", "vogeltje")]), "ann", labels=SAFE)
    client = desk.client("lead")
    linked = [client.get(f"/insight/export?form=jsonl&purpose={one}&text=true") for one in ("evaluation", "training")]
    rows = [json.loads(line) for answer in linked for line in answer.text.splitlines()]
    assert len(rows) == 8
    assert not any(name in row for row in rows for name in ("text", "context"))
    asked = desk.post(client, "/insight/export", form="csv", purpose="training", text="true")
    assert asked.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert re.fullmatch(
        r'attachment; filename="vangnet-training-\d{4}-\d\d-\d\d\.csv"', asked.headers["Content-Disposition"]
    )
    training = len(linked[1].text.splitlines())
    assert asked.text.count("kanariegeel") == training
    plain = desk.post(client, "/insight/export", form="csv", purpose="training")
    assert "kanariegeel" not in plain.text
    facts = {"form": "csv", "purpose": "training", "messages": training}
    assert exports(desk) == [
        facts | {"with_text": False},
        facts | {"with_text": True},
        {"form": "jsonl", "purpose": "training", "messages": training, "with_text": False},
        {"form": "jsonl", "purpose": "evaluation", "messages": 8 - training, "with_text": False},
    ]
    assert {entry.account for entry in audit.entries(desk.stores.database, 4)} == {"lead"}


def test_a_form_from_elsewhere_gets_no_file(desk):
    judge(desk, desk.put("kanariegeel"), "ann")
    answer = desk.client("lead").post("/insight/export", data={"form": "csv", "purpose": "training", "text": "true"})
    assert (answer.status_code, exports(desk)) == (403, [])


@pytest.mark.parametrize("query", ["form=xlsx&purpose=training", "form=csv&purpose=all", "form=csv", ""])
def test_only_the_forms_and_purposes_offered_can_be_asked_for(desk, query):
    assert desk.client("lead").get(f"/insight/export?{query}").status_code == 422
    assert exports(desk) == []


def test_without_keys_there_is_no_file_and_the_page_says_so(desk):
    judge(desk, desk.put(), "ann")
    desk.stores.sealing = None
    client = desk.client("lead")
    assert "daarom ook geen bestand" in client.get("/insight").text
    assert client.get("/insight/export?form=csv&purpose=training").status_code == 404
    assert exports(desk) == []


def test_hostile_names_of_moderators_are_text(desk):
    judge(desk, desk.put(), "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>')
    page = desk.client("lead").get("/insight").text
    assert "<script>alert" not in page
    assert "<img" not in page
    assert page.count("&lt;script&gt;alert(1)") == 2


def test_every_chart_has_its_table(desk):
    page = desk.client("lead").get("/insight").text
    charts = re.findall(r'id="(\w+)" data-table="(\w+)"', page)
    assert charts == [("alarms", "days"), ("verdicts", "days")]
    for chart, table in charts:
        assert f'<table id="{table}">' in page
        assert f'data-chart="{chart}"' in page
    assert "style=" not in page
