"""Files of reviewed messages: what is in them and what is not, the two halves, and that they can be read again."""

import csv
import json
import re
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta

import pytest

from classifier.labels import LABEL_NAMES
from classifier.message import Role
from eval.rows import read_rows
from eval.suite import adhoc_suite
from serving.console import export
from serving.console.export import FileForm, Purpose, counts, portions, written
from serving.sealing import Sealing
from serving.tables import ReviewItem, Verdict

RECEIVED = datetime(2025, 3, 30, 22, 30, tzinfo=UTC)
IDEATION, PACT = "self_harm/ideation", "peer_influence/pact"
SAFE = dict.fromkeys(LABEL_NAMES, "wrong")
PSEUDONYM = re.compile(r"[0-9a-f]{64}")


@pytest.fixture(scope="module")
def sealing():
    return Sealing.ephemeral()


@pytest.fixture
def put(database, sealing):
    """A function that stores an item with one verdict of each of the rulings; without rulings nobody judged it."""
    made = []

    def store(*rulings, text="kanariegeel", context=(), within=None, **columns):
        made.append(f"{len(made):036}")
        row = {
            "id": made[-1],
            "tenant": "kanarie-club",
            "message_id": f"kanarie-{len(made)}",
            "revision": 0,
            "received_at": RECEIVED + timedelta(seconds=len(made)),
            "decision": "review",
            "severity": "medium",
            "reasons": [],
            "scores": [index / 100 for index in range(11)],
            "versions": {"model": "vangnet-1", "policy": "strict"},
            "probability": 0.16,
            "sealed": None if text is None else sealing.pack({"text": text, "context": list(context)}),
        } | columns
        with nullcontext(within) if within else database.session() as session:
            session.add(ReviewItem(**row))
            place = {"tenant": row["tenant"], "message_id": row["message_id"] or row["id"], "revision": row["revision"]}
            for number, labels in enumerate(rulings):
                session.add(Verdict(**place, moderator=f"kanarie-mod-{number}", labels=labels, at=RECEIVED))

    return store


def both(database, sealing, with_text=False):
    """Rows of both files."""
    return [row for purpose in Purpose for some in portions(database, sealing, purpose, with_text) for row in some]


def file(path, database, sealing, with_text=True):
    """Both halves in one file."""
    form = FileForm(path.suffix[1:])
    path.write_text(
        "".join(written([both(database, sealing, with_text)], form, with_text)), encoding="utf-8", newline=""
    )
    return path


def test_a_row_has_what_is_known_and_pseudonyms_instead_of_names(database, sealing, put):
    put(
        {IDEATION: "right", PACT: "wrong"},
        {IDEATION: "right", PACT: "unsure", "self_harm/intent": "right"},
        {IDEATION: "wrong", "self_harm/intent": "wrong"},
        conversation_id="kanarie-c",
        author_id="kanarie-a",
    )
    [row] = both(database, sealing)
    assert row["day"] == "2025-03-31"  # half past midnight in Amsterdam
    assert (row["decision"], row["model"], row["policy"], row["probability"]) == ("review", "vangnet-1", "strict", 0.16)
    assert (row["judged_by"], row["any"], row["labels"]) == (3, True, [IDEATION])
    assert (row[IDEATION], row[PACT], row["self_harm/intent"], row["self_harm/injury"]) == (True, False, None, None)
    assert list(row["scores"].items())[1] == (LABEL_NAMES[1], 0.01)
    names = [row["id"], row["conversation"], row["author"], *row["moderators"]]
    assert all(map(PSEUDONYM.fullmatch, names))
    assert len(set(names)) == 6
    assert "kanarie" not in json.dumps(row)
    assert "22:30" not in json.dumps(row)


def test_names_need_the_key(database, sealing, put):
    put(SAFE, message_id=None)
    [row], [other] = both(database, sealing), both(database, Sealing.ephemeral())
    assert (row["any"], row["labels"]) == (False, [])
    assert row["id"] != other["id"]
    assert (row["conversation"], row["author"]) == (None, None)


def test_what_was_judged_in_part_is_not_called_safe(database, sealing, put):
    put({IDEATION: "wrong"})
    [row] = both(database, sealing)
    assert (row["any"], row["labels"], row[IDEATION]) == (None, None, False)


def test_texts_come_only_when_asked_for_and_what_has_none_is_left_out_then(database, sealing, put):
    put(SAFE, context=[["peer", "eerder"]])
    put(SAFE, text=None)
    put(SAFE, sealed=Sealing.ephemeral().pack({"text": "x", "context": []}))
    put()
    assert sum(counts(database, sealing).values()) == 3
    assert not {"text", "context"} & {name for row in both(database, sealing) for name in row}
    [row] = both(database, sealing, with_text=True)
    assert (row["text"], row["context"]) == ("kanariegeel", [{"role": "peer", "text": "eerder"}])


def test_no_conversation_is_in_both_halves_and_they_are_about_as_large(database, sealing, put, monkeypatch):
    monkeypatch.setattr(export, "PORTION", 7)
    with database.session() as within:
        for number in range(40):
            for turn in range(3):
                put(SAFE, conversation_id=f"c{number}", author_id=f"a{turn}", within=within)
        for number in range(40):
            put(SAFE, author_id=f"lone{number // 2}", within=within)
    files = {purpose: [row for some in portions(database, sealing, purpose) for row in some] for purpose in Purpose}
    assert {purpose: len(rows) for purpose, rows in files.items()} == counts(database, sealing)
    assert len({row["id"] for rows in files.values() for row in rows}) == 160
    evaluation, training = ({row["conversation"] or row["author"] for row in rows} for rows in files.values())
    assert not evaluation & training
    assert 10 < len(evaluation) < 50
    again = [row["id"] for some in portions(database, sealing, Purpose.EVALUATION) for row in some]
    assert again == [row["id"] for row in files[Purpose.EVALUATION]]


def test_the_same_conversation_of_two_tenants_is_two(database, sealing, put):
    with database.session() as within:
        for number in range(5):
            for tenant in ("club", "school"):
                put(SAFE, conversation_id=f"c{number}", tenant=tenant, within=within)
    assert len({row["conversation"] for row in both(database, sealing)}) == 10


@pytest.mark.parametrize("name", ["file.csv", "file.jsonl"])
def test_the_evaluation_reads_it_back(database, sealing, put, tmp_path, name):
    hostile = 'zeg "hoi",\r\n;niet\u2028meer\x00 \u202edoor 🏳️‍🌈'
    put({IDEATION: "right"}, text=hostile, context=[["self", hostile], ["peer", "b"]], conversation_id="c")
    put(SAFE, text="gewoon", conversation_id="c")
    put({IDEATION: "wrong"}, text="deels")
    path = file(tmp_path / name, database, sealing)
    columns = {"context": "context", "conversation": "conversation", "id": "id"}
    rows = {row.message.text: row for row in read_rows(adhoc_suite(path, "text", "any", **columns))}
    assert {text: row.truth["any"] for text, row in rows.items()} == {hostile: True, "gewoon": False, "deels": None}
    assert [(turn.role, turn.text) for turn in rows[hostile].message.context] == [
        (Role.SELF, hostile),
        (Role.PEER, "b"),
    ]
    assert rows[hostile].conversation == rows["gewoon"].conversation
    assert PSEUDONYM.fullmatch(rows["deels"].id)
    of_label = read_rows(adhoc_suite(path, "text", f"{IDEATION} == 1", **columns))
    assert {row.message.text: row.truth["any"] for row in of_label} == {hostile: True, "gewoon": False, "deels": False}


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_cell_that_a_spreadsheet_could_run_is_text(database, sealing, put, tmp_path, start):
    put(SAFE, text=f"{start}1+1", versions={"model": f"{start}m", "policy": "p"})
    with file(tmp_path / "file.csv", database, sealing).open(encoding="utf-8", newline="") as lines:
        [row] = csv.DictReader(lines)
    assert (row["text"], row["model"], row["policy"]) == (f"'{start}1+1", f"'{start}m", "p")
    [line] = file(tmp_path / "file.jsonl", database, sealing).read_text(encoding="utf-8").split("\n")[:-1]
    assert json.loads(line)["text"] == f"{start}1+1"


def test_the_largest_message_and_context_fit_in_a_cell(database, sealing, put, tmp_path):
    put(SAFE, text='"' * 10_000, context=[["peer", '"' * 10_000]] * 5)
    path = file(tmp_path / "file.csv", database, sealing)
    [row] = read_rows(adhoc_suite(path, "text", "any", context="context"))
    assert [len(turn.text) for turn in row.message.context] == [10_000] * 5


def test_a_table_has_a_head_even_without_rows(database, sealing):
    [head] = "".join(written(portions(database, sealing, Purpose.TRAINING), FileForm.CSV)).splitlines()
    assert {"id", "any", *LABEL_NAMES, "score self_harm/intent"} <= set(head.split(","))
    assert "text" not in head.split(",")
