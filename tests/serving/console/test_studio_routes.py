"""The threshold studio, as somebody who leads uses it."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from classifier.labels import LABEL_NAMES
from classifier.policy import Mode, Policy
from serving.console import audit, references
from serving.console.alarms import alarms_a_day, distribution
from serving.console.figures import figures
from serving.console.presets import Preset, preset
from serving.console.references import ReferenceKind
from serving.console.studio_form import fields
from serving.policies import Policies, Signature
from serving.tables import ScoreSample
from serving.verdicts import Ruling, save_verdict
from tests.conftest import SHIPPED

IDEATION, INTENT = "self_harm/ideation", "self_harm/intent"
HOSTILE = "<script>alert(1)</script>"
BY = Signature("een ander", "zomaar", "test")


@pytest.fixture
def lead(desk):
    return desk.client("lead")


def add(desk, kind=ReferenceKind.UPLOAD, name="proef", model=None, rows=160):
    """A reference on whose messages scores and labels mostly agree; gives its id."""

    def row(number):
        risky = number % 4 == 0
        score = (0.05 + 0.9 * (number / rows)) if risky else 0.3 * (number / rows)
        scores = dict.fromkeys(LABEL_NAMES, 0.01) | {IDEATION: round(score, 4)}
        return {"id": f"r{number}", "kind": None, "labels": [IDEATION] if risky else [], "scores": scores}

    model = model or desk.stores.classifier.bundle.name
    return references.add(desk.stores.database, name, kind, model, [row(number) for number in range(rows)], "lead")


def log_scores(desk, share=0.2):
    """Scores of one whole day, of which a share is over every threshold."""
    day = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
    model = desk.stores.classifier.bundle.name
    with desk.stores.database.session() as session:
        for number in range(50):
            scores = [0.9 if number < 50 * share else 0.01] * len(LABEL_NAMES)
            session.add(ScoreSample(day=day, draw=number / 50, model=model, policy="p", scores=scores))


def thresholds(policy):
    return {name: dict(one) for name, one in policy.as_dict()["labels"].items()}


def typed(desk, **changed):
    """The form as the page first shows it, but for what somebody changed."""
    return fields(desk.stores.policies.active) | {"version": "", "reason": ""} | changed


def measure(desk, client, reference, draft, held_out=False):
    asked = {"reference": reference, "held_out": held_out, "thresholds": draft}
    return client.post("/studio/figures", json=asked, headers={"X-CSRF-Token": desk.csrf(client)})


def with_review_at(policy, value):
    return {name: dict(one, review_at=value) for name, one in thresholds(policy).items()}


def test_a_draft_decides_nothing_until_it_is_activated_and_can_be_taken_back(desk, lead):
    shipped = desk.stores.policies.active
    replica = Policies(desk.stores.database, shipped)
    changed = {f"review_at.{IDEATION}": "0.3", "version": "strenger-1", "reason": "te veel vals alarm"}
    saved = desk.post(lead, "/studio/drafts", **typed(desk, **changed))
    assert saved.status_code == 200
    assert "Het concept is bewaard" in saved.text
    assert f'name="review_at.{IDEATION}" value="0.3"' in saved.text
    replica.refresh()
    assert replica.active == shipped

    done = desk.post(lead, "/studio/activate", activate="strenger-1", activate_reason="afgesproken in het team")
    assert "strenger-1 is geactiveerd. Elke dienst beslist er binnen 2 seconden mee." in done.text
    replica.refresh()
    assert replica.active.version == "strenger-1"
    assert replica.active.thresholds[IDEATION].review_at == 0.3
    assert replica.active.thresholds[INTENT] == shipped.thresholds[INTENT]

    back = desk.post(lead, "/studio/roll-back", roll_back_reason="toch niet")
    assert f"{shipped.version} is weer actief" in back.text
    replica.refresh()
    assert replica.active == shipped

    log = [(one.change, one.version, one.author, one.reason) for one in desk.stores.policies.changes(10)]
    assert log == [
        ("roll_back", shipped.version, "lead", "toch niet"),
        ("activate", "strenger-1", "lead", "afgesproken in het team"),
        ("create", "strenger-1", "lead", "te veel vals alarm"),
    ]
    page = lead.get("/studio").text
    assert all(reason in page for _, _, _, reason in log)
    assert "eerder actief" in page
    actions = [(one.action, one.account) for one in audit.entries(desk.stores.database, 3)]
    assert actions == [(f"policy.{one}", "lead") for one in ("roll_back", "activate", "create")]
    assert not any(reason in str(one.facts) for one in audit.entries(desk.stores.database, 9) for *_, reason in log)


def test_nothing_is_done_without_a_reason_and_a_version(desk, lead):
    desk.stores.policies.create(desk.stores.policies.active.as_dict() | {"version": "ander-1"}, BY)
    before = desk.stores.policies.active
    for path, data in (
        ("drafts", {"version": "nieuw-1"}),
        ("drafts", {"version": "nieuw-1", "reason": " \r\n "}),
        ("drafts", {"version": "nieuw-1", "reason": "x" * 1001}),
        ("drafts", {"version": "nieuw 1", "reason": "zo"}),
        ("activate", {"activate": "ander-1"}),
        ("activate", {"activate": "", "activate_reason": "zo"}),
        ("roll-back", {"roll_back_reason": "\x00"}),
    ):
        answer = desk.post(lead, f"/studio/{path}", **typed(desk, **data))
        assert answer.status_code == 422, (path, data)
        assert 'role="alert"' in answer.text
    assert [one.version for one in desk.stores.policies.changes(10)] == ["ander-1"]
    assert desk.stores.policies.active == before


def test_what_was_typed_stays_when_something_is_refused(desk, lead):
    reference = add(desk)
    changed = {
        f"review_at.{IDEATION}": "0.4567",
        f"mode.{INTENT}": "observe",
        "reference": reference,
        "held_out": "on",
        "version": "mijn-versie",
        "activate_reason": "straks",
        "roll_back_reason": "misschien",
        "upload_name": "mijn bestand",
    }
    answer = desk.post(lead, "/studio/drafts", **typed(desk, **changed))
    assert answer.status_code == 422
    page = answer.text
    assert f'name="review_at.{IDEATION}" value="0.4567"' in page
    assert re.search(rf'name="mode.{INTENT}">.*<option value="observe" selected>', page)
    assert f'<option value="{reference}" selected>' in page
    assert 'name="held_out" checked' in page
    assert all(
        one in page for one in ('value="mijn-versie"', "straks</textarea>", "misschien</textarea>", "mijn bestand")
    )


def test_only_those_who_lead_may_and_only_from_the_page(desk, lead):
    moderator = desk.client("moderator")
    reference = add(desk)
    data = typed(desk, version="v-1", reason="zo", activate_reason="zo", roll_back_reason="zo", remove=reference)
    for path in ("", "/changes", "/drafts", "/activate", "/roll-back", "/references", "/references/remove"):
        assert lead.post(f"/studio{path}", data=data).status_code == 403, path
        assert desk.post(moderator, f"/studio{path}", **data).status_code == 403, path
    assert not desk.stores.policies.changes(10)
    assert len(references.listed(desk.stores.database)) == 2


def test_moderators_see_neither_page_nor_figures(desk):
    moderator = desk.client("moderator")
    assert moderator.get("/studio").status_code == 403
    assert moderator.get("/studio/scores", params={"label": IDEATION}).status_code == 403
    assert measure(desk, moderator, "", thresholds(desk.stores.policies.active)).status_code == 403
    assert desk.client("admin").get("/studio").status_code == 200


def test_figures_need_the_token_too(desk, lead):
    asked = {"reference": "", "thresholds": thresholds(desk.stores.policies.active)}
    assert lead.post("/studio/figures", json=asked).status_code == 403


def test_figures_are_those_of_the_data(desk, lead):
    desk.stores.settings.score_log = 0.5
    log_scores(desk)
    reference, stores, active = add(desk), desk.stores, desk.stores.policies.active
    draft = with_review_at(active, 0.6)
    draft[IDEATION]["mode"] = "observe"
    draft[INTENT]["escalate_at"] = 0.7
    policy = Policy.from_dict(
        {
            "version": "x",
            "model": active.model,
            "labels": draft | {name: dict(one, escalate_at=one["escalate_at"] and 0.7) for name, one in draft.items()},
        }
    )
    told = measure(desk, lead, reference, thresholds(policy)).json()
    scored = references.load(stores.database, reference, active.model)
    for name, one in (("active", active), ("draft", policy)):
        assert told[name]["figures"] == json.loads(json.dumps(figures(scored, one)))
        assert told[name]["alarms"] == alarms_a_day(stores.database, one, active.model, 0.5)
    assert told["active"]["figures"]["recall"]["value"] > 0
    assert told["active"]["alarms"]["per_day"]["value"] == pytest.approx(20)
    assert told["draft"]["figures"]["would_be"]["recall"]["value"] > told["draft"]["figures"]["recall"]["value"]


def test_without_a_reference_there_are_alarms_alone(desk, lead):
    told = measure(desk, lead, "", thresholds(desk.stores.policies.active)).json()
    assert told["draft"] == {
        "figures": None,
        "alarms": alarms_a_day(
            desk.stores.database, desk.stores.policies.active, desk.stores.classifier.bundle.name, 0
        ),
    }


def test_figures_of_the_half_that_nothing_was_chosen_on(desk, lead):
    reference, active = add(desk), desk.stores.policies.active
    told = measure(desk, lead, reference, thresholds(active), held_out=True).json()
    scored = references.load(desk.stores.database, reference, active.model)
    assert told["active"]["figures"] == figures(references.half(scored, choosing=False), active)
    assert told["active"]["figures"]["rows"] < len(scored.ids)


@pytest.mark.parametrize(
    ("language", "change", "problem"),
    [
        ("nl", {"review_at": 0}, "gedachten aan de dood: de drempel voor bekijken"),
        ("en", {"review_at": None}, "ideation: the threshold for review"),
        ("en", {"escalate_at": 0.9}, "ideation: the threshold for escalation"),
        ("en", {"mode": "soms"}, "ideation: there is no such mode"),
    ],
)
def test_thresholds_that_cannot_be_are_named(desk, language, change, problem):
    draft = thresholds(desk.stores.policies.active)
    draft[IDEATION] |= change
    answer = measure(desk, desk.client("lead", language), "", draft)
    assert answer.status_code == 422
    assert answer.json()["problem"].startswith(problem)


def test_a_draft_with_such_a_threshold_is_not_saved(desk, lead):
    for value in ("", "veel", "0", "1.2", "nan"):
        changed = {f"review_at.{IDEATION}": value, "version": "v-1", "reason": "zo"}
        answer = desk.post(lead, "/studio/drafts", **typed(desk, **changed))
        assert answer.status_code == 422, value
        assert "gedachten aan de dood: de drempel voor bekijken moet" in answer.text
        assert f'name="review_at.{IDEATION}" value="{value}"' in answer.text
    assert not desk.stores.policies.changes(1)


def test_missing_labels_make_no_policy(desk, lead):
    answer = measure(desk, lead, "", {IDEATION: {"review_at": 0.5}})
    assert answer.status_code == 422
    assert "geen geldige versie" in answer.json()["problem"]


def test_a_version_is_never_overwritten(desk, lead):
    shipped = desk.stores.policies.active
    answer = desk.post(lead, "/studio/drafts", **typed(desk, version=shipped.version, reason="zo"))
    assert answer.status_code == 409
    assert "bestaat al" in answer.text
    assert f'value="{shipped.version}"' in answer.text


def test_the_next_version_is_proposed(desk, lead):
    first = re.search(r'name="version" [^>]*value="([^"]+)"', lead.get("/studio").text)[1]
    desk.post(lead, "/studio/drafts", **typed(desk, version=first, reason="zo"))
    assert re.search(r'name="version" [^>]*value="([^"]+)"', lead.get("/studio").text)[1] != first


def test_a_draft_that_only_observes_changes_no_other_label(desk, lead):
    active = desk.stores.policies.active
    changed = {f"review_at.{IDEATION}": "0.05", "version": "kijk-1", "reason": "eerst kijken", "observe": "on"}
    desk.post(lead, "/studio/drafts", **typed(desk, **changed))
    made = next(Policy.from_dict(one) for one in desk.stores.policies.listed() if one["version"] == "kijk-1")
    assert made.thresholds[IDEATION].mode is Mode.OBSERVE
    assert made.thresholds[IDEATION].review_at == 0.05
    assert all(made.thresholds[name] == active.thresholds[name] for name in LABEL_NAMES if name != IDEATION)


def test_a_version_for_another_model_needs_force(desk, lead):
    other = desk.stores.policies.active.as_dict() | {"version": "oud-1", "model": "vangnet-0.0.1"}
    desk.stores.policies.create(other, BY)
    assert 'name="force"' in lead.get("/studio").text
    asked = {"activate": "oud-1", "activate_reason": "noodgeval"}
    refused = desk.post(lead, "/studio/activate", **asked)
    assert refused.status_code == 409
    assert "voor een ander model gemaakt" in refused.text
    assert "noodgeval</textarea>" in refused.text
    assert desk.stores.policies.active.version != "oud-1"
    assert desk.post(lead, "/studio/activate", **asked, force="on").status_code == 200
    assert desk.stores.policies.active.version == "oud-1"
    [entry] = audit.entries(desk.stores.database, 1)
    assert (entry.action, entry.facts) == ("policy.activate", {"version": "oud-1", "forced": True})


def test_what_is_not_there_is_told(desk, lead):
    unknown = desk.post(lead, "/studio/activate", activate="nergens-1", activate_reason="zo")
    assert unknown.status_code == lead.get("/studio?policy=nergens-1").status_code == 404
    assert "Deze versie is er niet." in unknown.text
    assert lead.get("/studio?reference=999").status_code == 404
    assert measure(desk, lead, "999", thresholds(desk.stores.policies.active)).status_code == 404
    assert desk.post(lead, "/studio/references/remove", remove="999").status_code == 404
    assert lead.get("/studio/scores", params={"label": "nergens"}).status_code == 404
    nothing = desk.post(lead, "/studio/roll-back", roll_back_reason="zo")
    assert nothing.status_code == 409
    assert "daarvoor was er geen" in nothing.text


def test_any_version_can_be_put_into_the_sliders(desk, lead):
    labels = with_review_at(desk.stores.policies.active, 0.0777)
    desk.stores.policies.create({"version": "laag-1", "model": SHIPPED.name, "labels": labels}, BY)
    assert lead.get("/studio?policy=laag-1").text.count('value="0.0777"') == 2 * len(LABEL_NAMES)
    assert 'value="0.0777"' not in lead.get("/studio").text


def test_only_labels_of_high_severity_have_a_field_for_escalation(desk, lead):
    found = set(re.findall(r'name="escalate_at\.([^"]+)"', lead.get("/studio").text))
    assert found == {
        name for name, one in desk.stores.policies.active.thresholds.items() if one.escalate_at is not None
    }


def test_scores_of_a_label_lie_as_they_were_logged(desk, lead):
    log_scores(desk)
    told = lead.get("/studio/scores", params={"label": IDEATION}).json()
    assert told == distribution(desk.stores.database, desk.stores.classifier.bundle.name, IDEATION)
    assert sum(told["counts"]) == 50


def test_a_preset_is_chosen_on_one_half_and_measured_on_the_other(desk, lead):
    reference, active = add(desk), desk.stores.policies.active
    scored = references.load(desk.stores.database, reference, active.model)
    wanted = preset(Preset.BALANCED, scored, active.model, "x", active).thresholds[IDEATION].review_at
    page = desk.post(lead, "/studio", **typed(desk, reference=reference, preset="balanced")).text
    assert f'name="review_at.{IDEATION}" value="{wanted}"' in page
    assert "gekozen op de ene helft van proef" in page
    assert 'name="held_out" checked' in page


def test_the_check_only_reports(desk, lead):
    reference = add(desk, ReferenceKind.CHECK)
    page = lead.get(f"/studio?reference={reference}").text
    buttons = re.findall(r'<button class="button" name="preset"[^>]*>', page)
    assert len(buttons) == len(Preset)
    assert all(button.endswith("disabled>") for button in buttons)
    assert "VangnetCheck rapporteert alleen" in page
    refused = desk.post(lead, "/studio", **typed(desk, reference=reference, preset="recall_first"))
    assert refused.status_code == 422
    assert fields(desk.stores.policies.active)[f"review_at.{IDEATION}"] in refused.text


def test_presets_on_reviewed_messages_say_what_they_lack(desk, lead):
    page = lead.get("/studio?reference=reviewed").text
    assert len(re.findall(r'name="preset"[^>]* disabled>', page)) == len(Preset)
    assert "Kan hier niet: Niets in deze verzameling zegt wat er gemist wordt" in page
    upload = lead.get(f"/studio?reference={add(desk)}").text
    assert not re.findall(r'name="preset" value="(?:recall_first|balanced)"[^>]* disabled>', upload)


@pytest.mark.parametrize("kind", [ReferenceKind.CHECK, ReferenceKind.UPLOAD])
def test_recall_on_written_examples_says_so(desk, lead, kind):
    reference = add(desk, kind)
    said = r"\(recall\) <span[^>]*>op geschreven voorbeelden"
    assert re.search(said, lead.get(f"/studio?reference={reference}").text)
    assert not re.search(said, lead.get("/studio?reference=reviewed").text)


def test_what_another_model_scored_is_not_measured_on(desk, lead):
    reference = add(desk, model="vangnet-0.0.1")
    page = lead.get(f"/studio?reference={reference}")
    assert page.status_code == 200
    assert "gescoord door vangnet-0.0.1" in page.text
    assert 'data-usable=""' in page.text
    assert measure(desk, lead, reference, thresholds(desk.stores.policies.active)).status_code == 422


def test_messages_that_change_are_listed_with_what_holds(desk, lead):
    reference = add(desk)
    changed = {name: "1" for name in typed(desk) if name.startswith("review_at")}
    changed |= {name: "" for name in typed(desk) if name.startswith("escalate_at")}
    page = desk.post(lead, "/studio/changes", **typed(desk, reference=reference, **changed)).text
    rows = re.findall(r'<tr><th scope="row" class="name">(r\d+)</th>(.*?)</tr>', page, re.DOTALL)
    scored = references.load(desk.stores.database, reference, desk.stores.classifier.bundle.name)
    over = {id for id, one in zip(scored.ids, scored.scores.max(axis=1), strict=True) if one >= 0.1443}
    assert {id for id, _ in rows} == over
    assert f"{len(over)} berichten krijgen een andere beslissing." in page
    assert all(re.findall(r'badge (\w+)">', cells) == ["review", "allow"] for _, cells in rows)
    assert any("gedachten aan de dood" in cells.split("</td>")[2] for _, cells in rows)
    none = desk.post(lead, "/studio/changes", **typed(desk, reference=reference)).text
    assert "Geen enkel bericht krijgt een andere beslissing." in none


def test_reviewed_messages_that_change_lead_to_their_item(desk, lead):
    item = desk.put("kanariegeel vogeltje", message_id="m1")
    save_verdict(desk.stores.database, "platform", "m1", 0, "moderator", {IDEATION: Ruling.RIGHT}, None)
    page = desk.post(
        lead, "/studio/changes", **typed(desk, reference="reviewed", **{f"review_at.{IDEATION}": "0.9"})
    ).text
    assert f'<a href="/items/{item}">' in page
    assert "kanariegeel" not in page


def upload(desk, client, content, filename="proef.csv", **data):
    sent = {"csrf": desk.csrf(client), "upload_kind": "upload"} | typed(desk) | data
    return client.post("/studio/references", data=sent, files={"file": (filename, content)})


def test_a_labelled_file_is_scored_and_its_text_dropped(desk, lead):
    content = "text,labels\nik wil niet meer leven,ideation\nhoe laat is de training,\n"
    page = upload(desk, lead, content, upload_name="nieuwe voorbeelden")
    assert page.status_code == 200
    assert "De verzameling is toegevoegd." in page.text
    assert "VangnetCheck: " not in page.text
    [_, made] = references.listed(desk.stores.database)
    assert (made.name, made.kind, made.rows) == ("nieuwe voorbeelden", ReferenceKind.UPLOAD, 2)
    assert f'<option value="{made.id}" selected>' in page.text
    assert "training" not in re.sub(r"<option.*?</option>", "", page.text)
    scored = references.load(desk.stores.database, made.id, desk.stores.classifier.bundle.name)
    assert scored.risky.tolist() == [True, False]
    [entry] = audit.entries(desk.stores.database, 1)
    assert (entry.action, entry.facts) == ("reference.add", {"id": made.id, "kind": "upload", "rows": 2})
    desk.post(lead, "/studio/references/remove", remove=made.id, reference=made.id)
    assert len(references.listed(desk.stores.database)) == 1
    [entry] = audit.entries(desk.stores.database, 1)
    assert (entry.action, entry.facts) == ("reference.remove", {"id": made.id})


def test_scored_cases_become_the_check(desk, lead):
    case = {"id": "c1", "model": desk.stores.classifier.bundle.name, "kind": "P1", "labels": [IDEATION]}
    content = json.dumps(case | {"scores": dict.fromkeys(LABEL_NAMES, 0.25)}) + "\n"
    assert upload(desk, lead, content, "check.jsonl", upload_kind="check").status_code == 200
    [_, made] = references.listed(desk.stores.database)
    assert (made.name, made.kind, made.rows) == ("check.jsonl", ReferenceKind.CHECK, 1)


def test_a_file_that_cannot_be_read_says_where(desk, lead):
    for content, filename, problem in (
        ("text,risky\nhoi,0\nhallo,misschien\n", "a.csv", "Regel 3, veld risky: moet 0 of 1 zijn."),
        ("text,labels\nhoi,geluk\n", "a.csv", "Regel 2, veld labels: noemt een label dat er niet is."),
        ('{"text": "", "labels": []}\n', "a.jsonl", "Regel 1, veld text:"),
        ("hallo\n", "a.csv", "er is geen kolom text"),
        ("", "a.csv", "geen enkel bericht"),
        ("text,risky\nhoi,0\n", "a.xlsx", "moet eindigen op .csv, .jsonl of .ndjson"),
        ("text,risky\n" + "hoi,0\n" * 2001, "a.csv", "te veel regels"),
        ("text,risky\nhoi,0\n", "a" * 130 + ".csv", "hoogstens 128 tekens"),
    ):
        answer = upload(desk, lead, content, filename, reason="nog niet klaar")
        assert answer.status_code == 422, problem
        assert problem in answer.text
        assert "nog niet klaar</textarea>" in answer.text
    assert len(references.listed(desk.stores.database)) == 1


def test_a_file_must_be_chosen(desk, lead):
    sent = {"csrf": desk.csrf(lead), "upload_kind": "upload"}
    empty = lead.post("/studio/references", data=sent, files={"file": ("", b"")})
    assert empty.status_code == 422
    assert "Kies eerst een bestand." in empty.text


def test_hostile_names_and_reasons_stay_text(desk, lead):
    reference = add(desk, name=HOSTILE)
    desk.post(lead, "/studio/drafts", **typed(desk, version="v-1", reason=HOSTILE))
    desk.post(lead, "/studio/drafts", **typed(desk, version=HOSTILE, reason=HOSTILE + "2"))
    page = lead.get(f"/studio?reference={reference}").text
    refused = desk.post(lead, "/studio/drafts", **typed(desk, version=HOSTILE, reason=HOSTILE)).text
    for one in (page, refused):
        assert HOSTILE not in one
        assert one.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 2


@pytest.mark.parametrize("desk", ["sqlite", "postgresql"], indirect=True)
@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_page_opens_in_both_languages_on_both_databases(desk, language):
    client = desk.client("lead", language)
    for kind in ReferenceKind:
        reference = "reviewed" if kind is ReferenceKind.REVIEWED else add(desk, kind)
        page = client.get(f"/studio?reference={reference}")
        assert page.status_code == 200
        assert "{" not in re.sub(r'data-[a-z-]+="[^"]*"', "", page.text)
        assert " style=" not in page.text
        assert not re.search(r"\son[a-z]+=", page.text)
