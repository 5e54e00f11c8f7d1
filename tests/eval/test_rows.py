"""Rows of real files, usual and hostile. Errors name the file and the row, never a text."""

import contextlib
import csv
import gc
import gzip
import io
import json
import logging
import warnings

import pyarrow
import pytest
from pyarrow import parquet

from classifier import Role, Turn
from eval.conditions import Condition
from eval.errors import EvaluationError
from eval.rows import read_rows
from eval.suite import Columns, Suite, adhoc_suite

HOSTILE = ["NA", "null", "NaN", "007", "1e5", "true", "a\0b", "x\u2028y\u2029z\x85w", "a\r\nb", "a\rb", 'zei "dag", ja',
           " spatie ", "\ufeffhoi", "\U0001f469\u200d\U0001f467", "2024-01-01", "é" * 10_000, "=1+1", "#"]  # fmt: skip
SECRET = "kanarie"
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # one test alone is about files that stay open


@pytest.fixture(autouse=True)
def tidy():
    yield
    gc.collect()


def lines(*rows):
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def table(header, *rows):
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerows([header, *rows])
    return file.getvalue().encode()


@pytest.fixture
def read(tmp_path):
    def made(name, content, label="label", **columns):
        (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
        return list(read_rows(adhoc_suite(tmp_path / name, "text", label, **columns)))

    return made


def refused(read, name, content, *arguments, **columns):
    with pytest.raises(EvaluationError) as raised:
        read(name, content, *arguments, **columns)
    assert SECRET not in str(raised.value)
    assert name in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize("packed", [False, True])
def test_hostile_texts_come_through_csv_as_they_are(read, packed):
    content = table(["label", "text"], *([number % 2, text] for number, text in enumerate(HOSTILE)))
    rows = read("a.csv.gz" if packed else "a.csv", gzip.compress(content) if packed else content)
    assert [row.message.text for row in rows] == HOSTILE
    assert [row.truth["any"] for row in rows] == [bool(number % 2) for number in range(len(HOSTILE))]


@pytest.mark.parametrize("packed", [False, True])
def test_hostile_texts_come_through_json_lines_as_they_are(read, packed):
    content = lines(*({"text": text, "label": number % 2} for number, text in enumerate(HOSTILE)))
    rows = read("a.jsonl.gz" if packed else "a.ndjson", gzip.compress(content) if packed else content)
    assert [row.message.text for row in rows] == HOSTILE
    assert [row.id for row in rows] == [str(number) for number in range(1, len(HOSTILE) + 1)]


def test_hostile_texts_come_through_parquet_as_they_are(tmp_path):
    columns = {
        "text": HOSTILE,
        "label": [True] * len(HOSTILE),
        "context": [[{"role": "self", "text": "hoi"}]] * len(HOSTILE),
    }
    parquet.write_table(pyarrow.table(columns), tmp_path / "a.parquet")
    rows = list(read_rows(adhoc_suite(tmp_path / "a.parquet", "text", "label", context="context")))
    assert [row.message.text for row in rows] == HOSTILE
    assert rows[0].message.context == (Turn(Role.SELF, "hoi"),)


def test_all_columns_are_taken(tmp_path):
    row = {"m": {"text": "hoi"}, "nr": 7, "stem": "s1", "gesprek": "g", "beurt": 3, "begin": "2", "soort": "P1", "paar": "p",
           "bron": "forum", "labels": ["x"], "score": 2.5}  # fmt: skip
    (tmp_path / "a.jsonl").write_bytes(lines(row, {"m": {"text": "dag"}}))
    columns = Columns("m.text", "nr", None, "stem", "gesprek", "beurt", "begin", "soort", "paar")
    conditions = {"any": Condition.parse("labels has any"), "self_harm": Condition.parse("score >= 2.5")}
    suite = Suite("s", "1", tmp_path / "a.jsonl", "json", conditions, columns=columns, slices=("bron",))
    one, other = read_rows(suite)
    assert (one.id, one.message.text, one.cluster, one.conversation) == ("7", "hoi", "s1", "g")
    assert (one.turn, one.onset, one.kind, one.pair, one.slices) == (3, 2, "P1", "p", {"bron": "forum"})
    assert one.truth == {"any": True, "self_harm": True}
    assert (other.id, other.cluster, other.conversation, other.kind, other.pair) == ("2", "2", "", "", "")
    assert (other.turn, other.onset, other.slices, other.truth) == (None, None, {"bron": ""}, dict.fromkeys(conditions))


def test_without_a_cluster_the_conversation_is_drawn_together(read):
    rows = read("a.csv", "text,label,g\na,1,x\nb,0,x\nc,0,\n", conversation="g")
    assert [row.cluster for row in rows] == ["x", "x", "3"]


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        ([{"role": "peer", "text": "a"}, {"role": "self", "text": "b"}], [(Role.PEER, "a"), (Role.SELF, "b")]),
        (["a", "b"], [(Role.PEER, "a"), (Role.PEER, "b")]),
        ('[{"role": "self", "text": "a"}]', [(Role.SELF, "a")]),
        ('["a"]', [(Role.PEER, "a")]),
        ("[]", []),
        ("", []),
        ([], []),
        (None, []),
        (list("abcdefg"), [(Role.PEER, one) for one in "cdefg"]),
    ],
)
def test_context_has_several_forms(read, context, expected):
    [row] = read("a.jsonl", lines({"text": "hoi", "label": 1, "context": context}), context="context")
    assert [(turn.role, turn.text) for turn in row.message.context] == expected


@pytest.mark.parametrize(
    "context",
    [SECRET, "{", "5", 5, {"role": "peer"}, [{"role": "baas", "text": SECRET}], [{"text": SECRET}], [""], [[SECRET]]],
)
def test_context_of_another_form_is_refused(read, context):
    content = lines({"text": "hoi", "label": 1, "context": context})
    assert "row 1: " in refused(read, "a.jsonl", content, context="context")


@pytest.mark.parametrize("text", [None, 5, True, [SECRET], {"a": SECRET}, "", SECRET * 2000])
def test_texts_of_another_type_or_length_are_refused(read, text):
    content = lines({"text": "hoi", "label": 1}, {"text": text, "label": 1})
    assert "row 2: text" in refused(read, "a.jsonl", content)


def test_a_text_that_is_missing_is_refused(read):
    assert "row 2: text" in refused(read, "a.jsonl", lines({"text": "hoi", "label": 1}, {"label": 1, "tekst": SECRET}))
    assert "row 1: text" in refused(read, "a.csv", f"tekst,label\n{SECRET},1\n")
    assert "row 2: text" in refused(read, "a.csv", "text,label\nhoi,1\n,1\n")


def test_labels_that_are_empty_or_missing_are_unknown(read):
    assert [row.truth["any"] for row in read("a.csv", "text,label\na,\nb,1\nc\n")] == [None, True, None]
    content = lines(
        {"text": "a"}, {"text": "b", "label": None}, {"text": "c", "label": ""}, {"text": "d", "label": "nee"}
    )
    assert [row.truth["any"] for row in read("a.jsonl", content)] == [None, None, None, False]


def test_labels_of_another_form_are_refused(read):
    assert "row 2: label" in refused(read, "a.csv", f"text,label\na,1\nb,{SECRET}\n")
    assert "row 1: score" in refused(read, "a.csv", f"text,score\na,{SECRET}\n", "score >= 2")
    assert "row 1: label" in refused(read, "a.jsonl", lines({"text": "a", "label": [SECRET]}))


def test_numbers_as_text_and_as_number_are_the_same(read):
    values = ("1.5", "1.50", "2", "1")
    expected = [True, True, True, False]
    as_text = read("a.csv", "text,score\n" + "".join(f"t,{value}\n" for value in values), "score >= 1.5")
    as_number = read("a.jsonl", lines(*({"text": "t", "score": float(value)} for value in values)), "score >= 1.5")
    assert [row.truth["any"] for row in as_text] == [row.truth["any"] for row in as_number] == expected


@pytest.mark.parametrize("number", [SECRET, "1,5", "nan"])
def test_turns_that_are_no_number_are_refused(read, number):
    content = table(["text", "label", "beurt"], ["a", 1, number])
    assert "row 1: beurt" in refused(read, "a.csv", content, turn="beurt")


@pytest.mark.parametrize("number", ["inf", "1e999"])
def test_turns_without_end_are_refused(read, number):
    content = table(["text", "label", "beurt"], ["a", 1, number])
    assert "row 1: beurt" in refused(read, "a.csv", content, turn="beurt")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", b'{"text": "a", "label": 1}\n{"text": "kanarie'),
        ("a.jsonl", b'{"text": "a", "label": 1}\nkanarie\n'),
        ("a.jsonl", b'["kanarie"]\n5\n'),
        ("a.jsonl", b'{"text": "kanarie\\ud800", "label": 1}\n'),
        ("a.jsonl", b'{"text": "kanarie\xff", "label": 1}\n'),
        ("a.csv", b"text,label\nkanarie,1\nkanarie,1,2,3\n"),
        ("a.csv", b'text,label\n"kanarie,1\n'),
        ("a.csv", b"text,label\nkanarie\xff,1\n"),
        ("a.csv", b""),
        ("a.parquet", b"kanarie"),
        ("a.jsonl.gz", b"kanarie"),
        ("a.csv.gz", b"kanarie"),
    ],
)
def test_files_that_cannot_be_read_are_refused(read, name, content):
    assert "cannot be read" in refused(read, name, content)


@pytest.mark.parametrize("end", [40, -10])
@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.csv.gz"])
def test_gzip_that_breaks_off_is_refused(read, name, end):
    rows = [{"text": f"bericht {number * 7919 % 1000}", "label": number % 2} for number in range(2000)]
    content = table(["text", "label"], *(row.values() for row in rows)) if "csv" in name else lines(*rows)
    assert "cannot be read" in refused(read, name, gzip.compress(content)[:end])


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.csv.gz"])
def test_gzip_that_is_damaged_is_refused(read, name):
    assert "cannot be read" in refused(read, name, b"\x1f\x8b\x08\x00" + SECRET.encode() * 9)


def test_an_empty_file_of_json_lines_has_no_rows_or_is_named(read):
    with contextlib.suppress(EvaluationError):
        assert read("a.jsonl", b"") == []


def test_the_file_is_closed_when_a_row_is_refused(read):
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        refused(read, "a.csv", f"text,label\na,1\nb,{SECRET}\n")
        gc.collect()
    assert [str(one.message) for one in found if one.category is ResourceWarning] == []


def test_a_table_with_a_header_alone_has_no_rows(read):
    assert read("a.csv", "text,label\n") == []


@pytest.mark.parametrize("name", ["set [1].jsonl", "set {a}.jsonl", "wat?.jsonl", "a*b.jsonl", "a b%20c#.jsonl"])
def test_a_files_name_is_taken_as_it_is(read, tmp_path, name):
    for other in ("set 1.jsonl", "set a.jsonl", "watt.jsonl", "axb.jsonl"):
        (tmp_path / other).write_bytes(lines({"text": "ander bestand", "label": 0}))
    assert [row.message.text for row in read(name, lines({"text": "hoi", "label": 1}))] == ["hoi"]


def test_dates_stay_the_texts_that_they_are(read):
    days = ("2024-01-01", "2024-02-02")
    rows = read("a.jsonl", lines(*({"text": "hoi", "label": 1, "dag": day} for day in days)), id="dag")
    assert [row.id for row in rows] == list(days)
    assert [row.message.text for row in read("b.jsonl", lines(*({"text": day, "label": 1} for day in days)))] == list(
        days
    )


def test_many_rows_come_in_order_and_late_columns_too(read):
    late = [{"text": f"bericht {number}", "id": number} for number in range(30_000)]
    rows = read("a.jsonl", lines(*late, {"text": "laatste", "id": "x", "label": 1}), id="id")
    assert [row.id for row in rows] == [*map(str, range(30_000)), "x"]
    assert [row.truth["any"] for row in rows[-2:]] == [None, True]
    many = read("a.csv", table(["text", "label"], *([f"t{number}", number % 2] for number in range(30_000))))
    assert [row.message.text for row in many[9_998:10_002]] == ["t9998", "t9999", "t10000", "t10001"]


def test_nothing_is_logged_of_what_cannot_be_read(read, caplog, capfd):
    with caplog.at_level(logging.DEBUG):
        refused(read, "a.jsonl", f'{{"text": "a"}}\n{{"text": "{SECRET}'.encode())
        refused(read, "a.csv", f"text,label\n{SECRET},1\n{SECRET},1,2\n")
    assert SECRET not in caplog.text + "".join(capfd.readouterr())
