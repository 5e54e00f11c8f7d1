"""Rows of every format: what is hostile in one costs no other its place, and what cannot be read is said without the text."""

import csv
import gzip
import io
import json
import os
import tracemalloc

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from classifier import MessageError
from serving.bulk_files import Source
from serving.bulk_formats import BulkError, Columns, format_of
from serving.bulk_rows import LONGEST

COLUMNS = Columns()
CANARY = "kanariegeel"
HOSTILE = ["a\x00b", "regel\u2028scheiding", "w" * 10_000, 'hij zei "hoi",\nen ging; weg\r\n', "\ufeffhoi", "😀\u0301"]


def read(path, content, columns=COLUMNS):
    path.write_bytes(content)
    source = Source(path, columns)
    try:
        return [(number, str(row) if isinstance(row, MessageError) else row) for number, row in source.rows()]
    finally:
        source.close()


def as_csv(rows, delimiter=","):
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode()


def as_parquet(**columns):
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


def test_hostile_texts_come_through_every_format_unchanged(tmp_path):
    lines = "".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in HOSTILE).encode()
    contents = {
        "a.jsonl": lines,
        "a.NDJSON": lines,
        "a.jsonl.gz": gzip.compress(lines),
        "a.csv": as_csv([["text"], *([text] for text in HOSTILE)]),
        "b.csv.gz": gzip.compress(as_csv([["message_id", "text"], *([1, text] for text in HOSTILE)], ";")),
        "c.csv": b"\xef\xbb\xbf" + as_csv([["text", "x"], *([text, 2] for text in HOSTILE)], "\t"),
        "a.parquet": as_parquet(text=HOSTILE),
    }
    for name, content in contents.items():
        rows = read(tmp_path / name, content)
        assert [(number, row["text"]) for number, row in rows] == list(enumerate(HOSTILE, 1)), name


def test_a_wrong_line_of_json_lines_costs_only_itself(tmp_path):
    lines = [
        b'\xef\xbb\xbf{"text": "een"}',
        b"",
        b"{",
        b'{"text": "\xff"}',
        b'"\x00"',
        b"[" * 100_000,
        b"x" * (LONGEST + 1),
    ]
    rows = read(tmp_path / "a.jsonl", b"\n".join([*lines, b'{"text": "acht", "x": 1}']))
    assert rows == [
        (1, {"text": "een"}),
        (3, "row: is not JSON"),
        (4, "row: is not UTF-8"),
        (5, "row: is not JSON"),
        (6, "row: is not JSON"),
        (7, "row: has a line of more than 1,048,576 bytes"),
        (8, {"text": "acht"}),
    ]


def test_a_wrong_record_of_csv_costs_only_itself(tmp_path):
    records = [
        b"text,message_id,context,x",
        b'"twee\nregels",1,"[{""role"": ""self"", ""text"": ""h\\u00e9""}]",',
        b'"aanhaling zonder einde,2,,',
        b"",
        b"te weinig,3",
        b"goed,,,",
        b"\xff,5,,",
        b"goed,6,,\xff",
        b"goed,7,{,",
        b'"zo" niet,8,,',
        b"x" * (LONGEST + 1),
        b'"' + b"y" * (LONGEST - 10) + b"\n" + b"y" * 20 + b'",9,,',
        b"laatste,10,,",
        b'"niet gesloten,11,,',
    ]
    rows = read(tmp_path / "a.csv", b"\n".join(records))
    assert rows == [
        (1, {"text": "twee\nregels", "message_id": "1", "context": [{"role": "self", "text": "hé"}]}),
        (2, "row: is not well-formed CSV"),
        (3, "row: has 2 columns, the header has 4"),
        (4, {"text": "goed"}),
        (5, "text: is not UTF-8"),
        (6, {"text": "goed", "message_id": "6"}),
        (7, "context: is not JSON"),
        (8, "row: is not well-formed CSV"),
        (9, "row: has a line of more than 1,048,576 bytes"),
        (10, "row: is not well-formed CSV"),
        (11, "row: is not well-formed CSV"),
        (12, {"text": "laatste", "message_id": "10"}),
        (13, "row: is not well-formed CSV"),
    ]


def test_the_longest_message_with_its_context_fits_a_row_of_csv(tmp_path):
    context = json.dumps([{"role": "self", "text": "😀" * 10_000}] * 5)
    [(_, row)] = read(tmp_path / "a.csv", as_csv([["text", "context"], ["😀" * 10_000, context]]))
    assert row == {"text": "😀" * 10_000, "context": json.loads(context)}


def test_bytes_that_are_no_text_cost_only_their_row_of_parquet(tmp_path):
    texts = pa.array([b"een", b"\xff\xfe", b"drie"]).cast(pa.binary())
    wrong = pa.Array.from_buffers(pa.string(), 3, texts.buffers())
    rows = read(tmp_path / "a.parquet", as_parquet(text=wrong, message_id=[1, 2, None]))
    assert rows == [
        (1, {"text": "een", "message_id": 1}),
        (2, "row: is not UTF-8"),
        (3, {"text": "drie", "message_id": None}),
    ]


def test_columns_have_the_names_that_are_given(tmp_path):
    columns = Columns("body", "nr")
    expected = [(1, {"text": "hoi", "message_id": "7"})]
    assert read(tmp_path / "a.csv", b"text,nr,body\nniet,7,hoi\n", columns) == expected
    assert read(tmp_path / "a.jsonl", b'{"text": "niet", "nr": "7", "body": "hoi"}', columns) == expected
    assert read(tmp_path / "a.parquet", as_parquet(text=["niet"], nr=["7"], body=["hoi"]), columns) == expected


@pytest.mark.parametrize(
    ("name", "content", "columns", "message"),
    [
        ("a.csv", f"{CANARY}\nhoi\n".encode(), COLUMNS, "the first line names no column text; --text"),
        ("a.csv", b"", COLUMNS, "the first line names no column text"),
        ("a.csv", b"text\nhoi\n", Columns("text", "nr"), "there is no column nr, which --id names"),
        ("a.parquet", as_parquet(x=[CANARY]), COLUMNS, "there is no column text; --text"),
        ("a.parquet", as_parquet(text=["a"]), Columns("text", "nr"), "there is no column nr"),
        ("a.parquet", CANARY.encode() * 10, COLUMNS, "is damaged, or not parquet"),
        ("a.jsonl.gz", CANARY.encode(), COLUMNS, "is damaged, or not gzip"),
        ("a.csv.gz", gzip.compress(b"text\n" + b"hoi\n" * 1000, mtime=0)[:-9], COLUMNS, "is damaged, or not gzip"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_without_its_content(tmp_path, name, content, columns, message):
    with pytest.raises(BulkError, match=message) as told:
        read(tmp_path / name, content, columns)
    assert name in str(told.value)
    assert CANARY not in str(told.value)


@pytest.mark.parametrize("name", ["a", "a.txt", "a.gz", "a.parquet.gz", "jsonl"])
def test_an_unknown_ending_is_refused(tmp_path, name):
    with pytest.raises(BulkError, match=r"must end in \.jsonl"):
        format_of(tmp_path / name)


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "hoi"}\n')
    source = Source(path, COLUMNS)
    rows = source.rows()
    assert next(rows)[0] == 1
    with path.open("a") as file:
        file.write('{"text": "nog een"}\n')
    with pytest.raises(BulkError, match="was changed while it was read"):
        list(rows)
    source.close()


def test_a_line_without_an_end_is_never_whole_in_memory(tmp_path):
    (tmp_path / "a.csv").write_bytes(b'text\n"' + b"x" * 40 * LONGEST)
    source = Source(tmp_path / "a.csv", COLUMNS)
    tracemalloc.start()
    try:
        assert [number for number, _ in source.rows()] == [1]
        assert tracemalloc.get_traced_memory()[1] < 10 * LONGEST
    finally:
        tracemalloc.stop()
        source.close()


def test_a_row_group_of_parquet_is_never_whole_in_memory(tmp_path):
    texts = [os.urandom(1000).hex() for _ in range(20_000)]
    (tmp_path / "a.parquet").write_bytes(as_parquet(text=texts))
    source = Source(tmp_path / "a.parquet", COLUMNS)
    tracemalloc.start()
    try:
        assert all(row["text"] == text for (_, row), text in zip(source.rows(), texts, strict=True))
        # What pyarrow reads, it reads through a file of Python's; what it makes of that, it holds itself.
        assert tracemalloc.get_traced_memory()[1] + pa.default_memory_pool().bytes_allocated() < 10 * 2**20
    finally:
        tracemalloc.stop()
        source.close()
