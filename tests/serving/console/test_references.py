"""References: what is stored comes back, verdicts become truth with weights, and files are read or clearly refused."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from classifier import Message
from classifier.labels import LABEL_NAMES
from serving.console.reference_files import ReferenceFileError, read_labelled, read_scored_cases, score_rows
from serving.console.references import ReferenceKind, UnusableReference, add, half, listed, load, remove
from serving.tables import ReviewItem, Verdict

IDEATION, INTENT, INJURY = LABEL_NAMES[:3]
NOW = datetime.now(UTC)


def case(id_, labels=(), kind=None, score=0.25, **fields):
    return {"id": id_, "kind": kind, "labels": list(labels), "scores": dict.fromkeys(LABEL_NAMES, score)} | fields


def put(database, number, *verdicts, decision="review", probability=1.0, model="m", age=0, message_id="m", **columns):
    """A review item, and a verdict on it by each of some moderators."""
    row = {
        "id": f"00000000-0000-4000-8000-{number:012}",
        "tenant": "school",
        "message_id": message_id and f"{message_id}{number}",
        "revision": 0,
        "received_at": NOW - timedelta(hours=age),
        "decision": decision,
        "severity": "none" if decision == "allow" else "medium",
        "reasons": [],
        "scores": [number / 1000, *[0.0] * 10],
        "versions": {"model": model, "policy": "p"},
        "probability": probability,
    } | columns
    with database.session() as session:
        session.add(ReviewItem(**row))
        for moderator, labels in enumerate(verdicts):
            place = {name: row[name] for name in ("tenant", "revision")}
            name = row["message_id"] or row["id"]
            session.add(Verdict(message_id=name, moderator=f"mod-{moderator}", labels=labels, at=NOW, **place))
    return row["id"]


def names(row):
    return [name for name, one in zip(LABEL_NAMES, row, strict=True) if one]


def test_what_is_stored_comes_back_in_order(database):
    rows = [
        case("a", [INTENT], "P1"),
        case("b", kind="N3", score=0.5),
        case("c", kind="N9"),
        case("d", [INJURY], "N3", judged=[INJURY, INTENT]),
        case("e", kind="N3", judged=[], risky=True),
    ]
    assert [(one.id, one.kind, one.rows) for one in listed(database)] == [("reviewed", "reviewed", 0)]
    first = add(database, "check", ReferenceKind.CHECK, "m", rows, "lead")
    second = add(database, "é" * 128, ReferenceKind.UPLOAD, "other", rows[:1], "lead")
    assert [(one.id, one.name, one.kind, one.model, one.rows) for one in listed(database)][1:] == [
        (first, "check", ReferenceKind.CHECK, "m", 5),
        (second, "é" * 128, ReferenceKind.UPLOAD, "other", 1),
    ]
    scored = load(database, first, "m")
    assert (scored.name, scored.kind, scored.model, scored.ids) == ("check", ReferenceKind.CHECK, "m", tuple("abcde"))
    assert scored.scores.tolist() == [[score] * 11 for score in (0.25, 0.5, 0.25, 0.25, 0.25)]
    assert [names(row) for row in scored.truth] == [[INTENT], [], [], [INJURY], list(LABEL_NAMES)]
    assert [names(row) for row in scored.known] == [list(LABEL_NAMES)] * 3 + [[INTENT, INJURY], []]
    assert scored.risky.tolist() == [True, False, False, True, True]
    assert scored.support.tolist() == [False, True, False, False, False]
    assert scored.weights.tolist() == [1] * 5
    assert scored.shows_misses


def test_what_cannot_be_loaded_or_removed_has_a_reason(database):
    id_ = add(database, "check", ReferenceKind.CHECK, "m", [case("a")], "lead")
    for wrong, reason in (
        ("0", "unknown"),
        ("x", "unknown"),
        ("²", "unknown"),
        ("9" * 30, "unknown"),
        (id_, "other_model"),
    ):
        with pytest.raises(UnusableReference) as raised:
            load(database, wrong, "n")
        assert raised.value.reason == reason
    with pytest.raises(UnusableReference):
        remove(database, "reviewed")
    remove(database, id_)
    assert len(listed(database)) == 1
    with pytest.raises(UnusableReference):
        remove(database, id_)


def test_halves_are_whole_together_always_the_same_and_check_cases_never_choose(database):
    rows = [case(str(number), [INTENT] if number % 3 else (), score=number / 1000) for number in range(400)]
    upload = load(database, add(database, "x", ReferenceKind.UPLOAD, "m", rows, "lead"), "m")
    chooses, reports = half(upload, True), half(upload, False)
    assert sorted(chooses.ids + reports.ids) == sorted(upload.ids)
    assert 150 < len(chooses.ids) < 250
    assert half(chooses, True).ids == chooses.ids
    assert not half(chooses, False).ids
    for part in (chooses, reports):
        assert part.scores[:, 0].tolist() == [int(one) / 1000 for one in part.ids]
        assert part.risky.tolist() == [int(one) % 3 > 0 for one in part.ids]
        assert {len(column) for column in (part.known, part.weights, part.support, part.audited)} == {len(part.ids)}
        assert part.weights.tolist() == [1] * len(part.ids)
    check = load(database, add(database, "x", ReferenceKind.CHECK, "m", rows, "lead"), "m")
    assert half(check, False) is check
    with pytest.raises(UnusableReference) as raised:
        half(check, True)
    assert raised.value.reason == "only_reports"


def test_verdicts_are_joined_by_majority(database):
    right, wrong = {IDEATION: "right"}, {IDEATION: "wrong"}
    put(database, 1, right | {INTENT: "wrong"})
    put(database, 2, right, wrong, right, age=1)
    put(database, 3, right, wrong, age=2)
    put(database, 4, {IDEATION: "unsure", INTENT: "wrong"}, message_id=None, age=3)
    put(database, 5, {IDEATION: "unsure"}, age=4)
    put(database, 6, right, model="n")
    put(database, 7)
    with database.session() as session:  # of another tenant, and of another revision
        for tenant, revision in (("club", 0), ("school", 1)):
            session.add(Verdict(tenant=tenant, message_id="m7", revision=revision, moderator="x", labels=right, at=NOW))
    scored = load(database, "reviewed", "m")
    assert [int(one[-2:]) for one in scored.ids] == [4, 2, 1]
    assert [names(row) for row in scored.truth] == [[], [IDEATION], [IDEATION]]
    assert [names(row) for row in scored.known] == [[INTENT], [IDEATION], [IDEATION, INTENT]]
    assert scored.scores[:, 0].tolist() == [0.004, 0.002, 0.001]
    assert (scored.kind, scored.shows_misses) == (ReferenceKind.REVIEWED, False)
    assert not scored.support.any()
    assert listed(database)[0].rows == 6
    assert load(database, "reviewed", "nobody").scores.shape == (0, 11)


def test_reviewed_messages_stand_for_those_that_were_not_drawn_or_not_judged(database):
    safe = {IDEATION: "wrong"}
    for number in range(10):  # four of ten flagged ones are judged, two of three of the sample
        put(database, number, *([safe] if number < 4 else []))
    for number in range(10, 13):
        put(database, number, *([safe] if number < 12 else []), decision="allow", probability=0.02)
    put(database, 13, safe, decision="allow", probability=0.32)
    put(database, 14, safe, decision="escalate", severity="high")
    scored = load(database, "reviewed", "m")
    assert scored.weights == pytest.approx([2.5] * 4 + [75] * 2 + [1 / 0.32, 1])
    assert scored.audited.tolist() == [False] * 4 + [True] * 3 + [False]
    assert scored.weights[scored.audited].sum() + scored.weights[~scored.audited].sum() == pytest.approx(
        11 + 150 + 1 / 0.32
    )
    for choosing in (True, False):
        part = half(scored, choosing)
        weights = dict(zip(scored.ids, scored.weights, strict=True))
        assert part.weights.tolist() == [2 * weights[one] for one in part.ids]


def test_flagged_messages_of_before_the_audit_do_not_make_recall_look_better(database):
    ruled = {IDEATION: "right"}
    put(database, 1, ruled, age=50)
    put(database, 2, ruled, age=5)
    assert len(load(database, "reviewed", "m").ids) == 2
    put(database, 3, decision="allow", probability=0.1, age=20)
    assert len(load(database, "reviewed", "m").ids) == 2
    put(database, 4, ruled, decision="allow", probability=0.1, age=10)
    assert [int(one[-2:]) for one in load(database, "reviewed", "m").ids] == [4, 2]


def lines(*rows):
    return "\n".join(json.dumps(row) for row in rows).encode()


def table(*rows, delimiter=",", start=""):
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter).writerows(rows)
    return (start + file.getvalue()).encode()


def test_scored_cases_are_read():
    rows = [case("a", [INTENT], "P1"), case("é", kind="N3")]
    content = lines(*(row | {"model": "vangnet-9.9.9", "text": "x"} for row in rows))
    assert read_scored_cases(b"\xef\xbb\xbf" + content + b"\n") == ("vangnet-9.9.9", rows)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"id": ""}, "id"),
        ({"id": 5}, "id"),
        ({"id": "a"}, "id"),
        ({"id": "x" * 129}, "id"),
        ({"labels": ["kanarie"]}, "label"),
        ({"labels": None}, "label"),
        ({"labels": [["kanarie"]]}, "label"),
        ({"kind": 5}, "kind"),
        ({"kind": "kanariekanariekanarie"}, "kind"),
        ({"model": "kanarie"}, "model"),
        ({"model": None}, "model"),
        ({"scores": [0.5] * 11}, "scores"),
        ({"scores": {IDEATION: 0.5}}, "scores"),
        ({"scores": dict.fromkeys(LABEL_NAMES, 1.01)}, "scores"),
        ({"scores": dict.fromkeys(LABEL_NAMES, float("nan"))}, "scores"),
        ({"scores": dict.fromkeys(LABEL_NAMES, True)}, "scores"),
        ({"scores": dict.fromkeys(LABEL_NAMES, "kanarie")}, "scores"),
    ],
)
def test_scored_cases_of_another_form_name_line_and_field(change, problem):
    good = case("a", model="m")
    with pytest.raises(ReferenceFileError, match=r"^line 2: ") as raised:
        read_scored_cases(lines(good, good | {"id": "b"} | change))
    assert raised.value.problem == problem
    assert "kanarie" not in str(raised.value)


SAID = [
    ({"labels": "ideation, self_harm/intent"}, ([IDEATION, INTENT], None, False)),
    ({"labels": ""}, ([], None, False)),
    ({"labels": "intent intent"}, ([INTENT], None, False)),
    ({"intent": "1", IDEATION: "0"}, ([INTENT], [INTENT, IDEATION], False)),
    ({"risky": "1"}, ([], [], True)),
    ({"risky": " 0"}, ([], None, False)),
    ({"risky": "1", "labels": ""}, ([], None, False)),
]


@pytest.mark.parametrize(("columns", "said"), SAID)
@pytest.mark.parametrize("form", ["comma", "semicolon", "tab", "json"])
def test_labels_are_read_from_each_form(columns, said, form):
    row = {"text": 'hoi, "jij";\nen ik', "kind": "N3"} | columns
    if form == "json":
        content, name = lines(row), "x.NDJSON"
    else:
        delimiter = {"comma": ",", "semicolon": ";", "tab": "\t"}[form]
        content, name = table(row, row.values(), delimiter=delimiter, start="\ufeff"), "x.csv"
    [found] = read_labelled(content, name)
    assert found["message"] == Message(row["text"])
    assert (found["labels"], found["judged"], found["risky"]) == said
    assert (found["id"], found["kind"]) == ("1" if form == "json" else "2", "N3")


def test_json_lines_may_bring_context_lists_and_plain_values():
    context = [{"role": "peer", "text": "hoe gaat het"}]
    rows = [
        {"text": "hoi", "context": context, "labels": ["intent"]},
        {"text": "hoi", "risky": True},
        {"text": "hoi", "pact": 0},
    ]
    found = read_labelled(b"\n\n" + lines(*rows), "x.jsonl")
    assert [one["id"] for one in found] == ["3", "4", "5"]
    assert found[0]["message"] == Message.from_mapping(rows[0])
    assert [one["judged"] for one in found] == [None, [], ["peer_influence/pact"]]


def test_rows_of_a_table_are_named_by_their_first_line():
    content = table(["text", "risky"], ["een\ntwee", "0"], [], ["drie", "1"])
    assert [one["id"] for one in read_labelled(content, "x.csv")] == ["2", "5"]


@pytest.mark.parametrize(
    ("content", "name", "problem", "line", "field"),
    [
        (b"", "x.csv", "empty", None, "file"),
        (b"text,risky\n", "x.csv", "empty", None, "file"),
        (b"kanarie", "x.xlsx", "ending", None, "file"),
        (b"bericht,risky\nkanarie,1", "x.csv", "no_text", 1, "text"),
        (b"text\nkanarie", "x.csv", "no_labels", 2, "labels"),
        (b"text,risky\nkanarie,ja", "x.csv", "bit", 2, "risky"),
        (b"text,intent\nhoi,1\nkanarie,", "x.csv", "bit", 3, "intent"),
        (b"text,labels\nkanarie,kanarie", "x.csv", "label", 2, "labels"),
        (b"text,labels\n,intent", "x.csv", "message", 2, "text"),
        (b"text,labels\nkanarie", "x.csv", "not_csv", 2, "line"),
        (b'text,labels\nhoi,intent\n"kanarie" x,intent', "x.csv", "not_csv", 3, "line"),
        (b"text,risky\nhoi,1\nkanarie\xff,1", "x.csv", "not_utf8", 3, "file"),
        (b'{"text": "hoi", "risky": 1}\nkanarie', "x.jsonl", "not_json", 2, "line"),
        (b"[" * 100_000, "x.jsonl", "not_json", 1, "line"),
        (b'["kanarie"]', "x.jsonl", "not_json", 1, "line"),
        (b'{"text": "kanarie", "risky": null}', "x.jsonl", "bit", 1, "risky"),
        (b'{"text": "kanarie", "risky": 2}', "x.jsonl", "bit", 1, "risky"),
        (b'{"text": "kanarie", "labels": 5}', "x.jsonl", "label", 1, "labels"),
        (b'{"text": "kanarie", "labels": "", "kind": 5}', "x.jsonl", "kind", 1, "kind"),
        (b'{"text": "kanarie", "labels": "", "context": "kanarie"}', "x.jsonl", "message", 1, "context"),
    ],
)
def test_a_labelled_file_that_is_wrong_names_line_and_field_and_no_text(content, name, problem, line, field):
    with pytest.raises(ReferenceFileError) as raised:
        read_labelled(content, name)
    assert (raised.value.problem, raised.value.line, raised.value.field) == (problem, line, field)
    assert "kanarie" not in str(raised.value)


def test_files_have_a_most():
    row = b'{"text": "hoi", "risky": 0}\n'
    assert len(read_labelled(row * 2_000, "x.jsonl")) == 2_000
    for content, problem in ((row * 2_001, "too_many"), (row + b" " * 1_000_000, "too_large")):
        with pytest.raises(ReferenceFileError) as raised:
            read_labelled(content, "x.jsonl")
        assert raised.value.problem == problem
    with pytest.raises(ReferenceFileError) as raised:
        read_scored_cases(lines(*({**case(str(number)), "model": "m"} for number in range(10_001))))
    assert raised.value.problem == "too_many"


def test_scored_rows_hold_scores_and_no_text_and_can_be_stored(classifier, database):
    rows = read_labelled(lines({"text": "ik wil niet meer leven", "labels": ["ideation"]}), "x.jsonl")
    scored = score_rows(classifier, rows)
    assert "leven" not in json.dumps(scored)
    assert scored[0].keys() == {"id", "kind", "labels", "judged", "risky", "scores"}
    loaded = load(database, add(database, "x", ReferenceKind.UPLOAD, "m", scored, "lead"), "m")
    expected = list(classifier.predict(Message("ik wil niet meer leven")).scores.values())
    assert np.abs(loaded.scores[0] - expected).max() <= 0.00005
    assert names(loaded.truth[0]) == [IDEATION]
