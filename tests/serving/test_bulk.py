"""Archives scored in bulk: every row once, as `judge` scores it, whatever interrupts the run."""

import csv
import gzip
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from classifier import Message
from classifier.answer import judge
from classifier.labels import LABEL_NAMES
from serving import bulk as runs
from serving.bulk import bulk, in_order
from serving.bulk_files import FLAT
from serving.bulk_formats import BulkError, Columns
from serving.cli_bulk import bulk as command

ROOT = Path(__file__).parents[2]
COLUMNS = Columns()
CANARY = "kanariegeel"
CONTEXT = [{"role": "self", "text": "wat is er"}, {"role": "peer", "text": "ik wil er echt niet meer zijn"}]
MESSAGES = [
    {"message_id": "a", "text": "hoe laat eten we?"},
    {"message_id": "b", "text": 'ik wil niet meer leven\nsorry, "echt";'},
    {"message_id": "c", "text": "doe het dan gewoon", "context": CONTEXT},
    {"text": "a\x00b\u2028c"},
]
SMALL_PARTS = """
import sys, serving.bulk
serving.bulk.PART = 8
from serving.cli_bulk import bulk
"""
BAD = [
    {"text": ""},
    {"text": "x" * 10_001},
    {"message_id": "x"},
    {"text": 5},
    {"text": CANARY, "context": [{"role": CANARY, "text": CANARY}]},
    {"text": CANARY, "context": CANARY},
    {"text": CANARY, "message_id": CANARY * 20},
    {"text": CANARY, "message_id": True},
    {"text": "\ud800" + CANARY},
]


def save(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def load(path):
    content = path.read_bytes()
    return [json.loads(line) for line in (gzip.decompress(content) if path.suffix == ".gz" else content).splitlines()]


def run(classifier, path, out, **options):
    return bulk(classifier, path, out, COLUMNS, 2, **options)


def expected(classifier, rows):
    """What `vangnet score --json` says of each row, with its number and id."""
    return [
        {"row": number, "message_id": row.get("message_id")} | judge(classifier, Message.from_mapping(row))
        for number, row in enumerate(rows, 1)
    ]


def many(count):
    return [{"message_id": f"m{number}", "text": f"bericht {number}"} for number in range(count)]


def process(code, *arguments):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    command_line = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(
        command_line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environment
    )


def finished(code, *arguments):
    done = process(code, *arguments)
    out, err = done.communicate(timeout=120)
    return done.returncode, out, err


def test_every_format_that_is_read_gives_what_judge_gives(classifier, tmp_path):
    save(tmp_path / "a.jsonl", MESSAGES)
    (tmp_path / "b.ndjson.gz").write_bytes(gzip.compress((tmp_path / "a.jsonl").read_bytes()))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, ["message_id", "context", "text"])
    writer.writeheader()
    for row in MESSAGES:
        writer.writerow(row | ({"context": json.dumps(row["context"])} if "context" in row else {}))
    (tmp_path / "c.csv").write_bytes(text.getvalue().encode())
    (tmp_path / "d.csv.gz").write_bytes(gzip.compress(text.getvalue().encode()))
    columns = {name: [row.get(name) for row in MESSAGES] for name in ("message_id", "text", "context")}
    pq.write_table(pa.table(columns), tmp_path / "e.parquet")
    answers = expected(classifier, MESSAGES)
    assert {answer["decision"] for answer in answers} > {"allow"}
    for path in sorted(tmp_path.iterdir()):
        out = tmp_path / f"{path.name}.out.jsonl"
        counted = run(classifier, path, out)
        assert load(out) == answers, path.name
        assert (counted.results, counted.errors, counted.scored) == (4, 0, 4)
        assert not out.with_name(f"{out.name}.errors.jsonl").exists()
        assert not out.with_name(f"{out.name}.parts").exists()


def test_every_format_that_is_written_has_the_same_figures(classifier, tmp_path):
    path = save(tmp_path / "in.jsonl", MESSAGES)
    answers = expected(classifier, MESSAGES)
    flat = [
        {name: answer[name] for name in ("row", "message_id", "decision", "severity")}
        | answer["areas"]
        | {name: answer["labels"][name]["score"] for name in LABEL_NAMES}
        | answer["versions"]
        for answer in answers
    ]
    for name in ("o.jsonl", "o.jsonl.gz", "o.csv", "o.csv.gz", "o.parquet"):
        run(classifier, path, tmp_path / name)
    assert load(tmp_path / "o.jsonl") == load(tmp_path / "o.jsonl.gz") == answers
    assert pq.read_table(tmp_path / "o.parquet").to_pylist() == flat
    text = (tmp_path / "o.csv").read_bytes()
    assert gzip.decompress((tmp_path / "o.csv.gz").read_bytes()) == text
    cells = list(csv.DictReader(io.StringIO(text.decode(), newline="")))
    assert cells == [{name: "" if row[name] is None else str(row[name]) for name in FLAT} for row in flat]


def test_bad_rows_are_told_apart_without_their_text_and_cost_no_other_its_result(classifier, tmp_path):
    rows = [row for bad in BAD for row in (MESSAGES[0], bad)]
    path = save(tmp_path / "in.jsonl", rows)
    counted = run(classifier, path, tmp_path / "out.jsonl")
    assert (counted.results, counted.errors) == (9, 9)
    errors = load(tmp_path / "out.jsonl.errors.jsonl")
    assert [error["row"] for error in errors] == list(range(2, 19, 2))
    assert [error["field"] for error in errors] == [
        *["text"] * 4,
        "context[0].role",
        "context",
        "message_id",
        "message_id",
        "text",
    ]
    assert {frozenset(error) for error in errors} == {frozenset({"row", "field", "problem"})}
    assert CANARY not in json.dumps(errors)
    answers = load(tmp_path / "out.jsonl")
    assert [answer["row"] for answer in answers] == list(range(1, 18, 2))
    assert all(answer["labels"] == answers[0]["labels"] for answer in answers)


def test_a_message_on_which_judging_breaks_costs_only_itself(classifier, tmp_path, monkeypatch):
    def breaks(classifier, message):
        if message.text == CANARY:
            raise RuntimeError(message.text)
        return judge(classifier, message)

    monkeypatch.setattr(runs, "judge", breaks)
    path = save(tmp_path / "in.jsonl", [{"text": "hoi"}, {"text": CANARY}, {"text": "hoi"}])
    run(classifier, path, tmp_path / "out.jsonl")
    assert [answer["row"] for answer in load(tmp_path / "out.jsonl")] == [1, 3]
    [error] = load(tmp_path / "out.jsonl.errors.jsonl")
    assert error == {"row": 2, "field": "row", "problem": "cannot be judged: RuntimeError"}


def test_whole_numbers_are_ids(classifier, tmp_path):
    path = save(tmp_path / "in.jsonl", [{"text": "hoi", "message_id": 12}])
    run(classifier, path, tmp_path / "out.parquet")
    assert pq.read_table(tmp_path / "out.parquet")["message_id"].to_pylist() == ["12"]


@pytest.mark.parametrize("line", [20, 43])
def test_a_killed_run_goes_on_without_a_lost_or_doubled_row(classifier, tmp_path, monkeypatch, line):
    """Killed while other messages are scored; `test_bulk_parts.py` kills at every write."""
    rows = [*many(45), {"text": ""}]
    path, out = save(tmp_path / "in.jsonl", rows), tmp_path / "out.jsonl"
    kill = f"""
import os, signal
whole = serving.bulk._json
def until(values):
    if values["row"] == {line}:
        os.kill(os.getpid(), signal.SIGKILL)
    return whole(values)
serving.bulk._json = until
serving.bulk.AHEAD = 4
"""
    assert finished(SMALL_PARTS + kill + "bulk()", path, out, "--threads", 2)[0] == -signal.SIGKILL
    assert not out.exists()
    monkeypatch.setattr(runs, "PART", 8)
    # The part of the killed line is missing, and at most one before it, whose rows were still on their way.
    assert 46 - 8 * (line // 8) <= run(classifier, path, out).scored <= 46 - 8 * (line // 8 - 1)
    assert load(out) == expected(classifier, rows[:45])
    assert [error["row"] for error in load(tmp_path / "out.jsonl.errors.jsonl")] == [46]
    run(classifier, path, tmp_path / "other.jsonl")
    assert out.read_bytes() == (tmp_path / "other.jsonl").read_bytes()


def test_an_interrupted_run_says_how_to_go_on(classifier, tmp_path, monkeypatch):
    path, out = save(tmp_path / "in.jsonl", many(30)), tmp_path / "out.csv"
    interrupt = """
import os, signal
told = serving.bulk.Parts.put
def put(parts, *lines):
    told(parts, *lines)
    os.kill(os.getpid(), signal.SIGINT)
serving.bulk.Parts.put = put
"""
    status, _, said = finished(SMALL_PARTS + interrupt + "bulk()", path, out)
    assert (status, out.exists()) == (130, False)
    assert "the same command goes on from here" in said
    assert "Traceback" not in said
    monkeypatch.setattr(runs, "PART", 8)
    assert run(classifier, path, out).scored == 22
    with out.open(newline="") as lines:
        assert [row["row"] for row in csv.DictReader(lines)] == [str(number) for number in range(1, 31)]


def interrupted(classifier, path, out):
    """A run that ends after its first part."""

    def told(rows, share):
        if rows > runs.PART:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(classifier, path, out, told=told)


@pytest.mark.parametrize("changed", ["input file", "text or id column", "bundle"])
def test_a_run_does_not_go_on_with_something_else(classifier, tmp_path, monkeypatch, changed):
    monkeypatch.setattr(runs, "PART", 2)
    path, out = save(tmp_path / "in.jsonl", many(6)), tmp_path / "out.jsonl"
    interrupted(classifier, path, out)
    columns = COLUMNS
    if changed == "input file":
        save(path, [*many(5), {"message_id": "m5", "text": "bericht 6"}])
    elif changed == "text or id column":
        columns = Columns("text", "nr")
    else:
        files = classifier.bundle.manifest["files"]
        monkeypatch.setitem(files, "policy.json", files["policy.json"] | {"sha256": "0" * 64})
    with pytest.raises(BulkError, match=f"was begun with another {changed}; --restart"):
        bulk(classifier, path, out, columns, 2)
    assert not out.exists()
    assert bulk(classifier, path, out, columns, 2, restart=True).scored == 6
    assert len(load(out)) == 6


def test_what_is_there_is_not_overwritten_unless_asked(classifier, tmp_path):
    path, out = save(tmp_path / "in.jsonl", [{"text": "hoi"}, {}]), tmp_path / "out.jsonl"
    run(classifier, path, out)
    first = out.read_bytes()
    with pytest.raises(BulkError, match=r"out\.jsonl: is there already; --restart"):
        run(classifier, path, out)
    assert out.read_bytes() == first
    assert not (tmp_path / "out.jsonl.parts").exists()
    save(path, [{"text": "hoi"}])
    run(classifier, path, out, restart=True)
    assert not (tmp_path / "out.jsonl.errors.jsonl").exists()
    with pytest.raises(BulkError, match="take the place of what is read"):
        run(classifier, out, out, restart=True)
    assert out.read_bytes() == first


def test_a_full_disk_is_said_and_what_is_done_stays(classifier, tmp_path, monkeypatch):
    """A limit on the size of files fails as a full disk does: here the parts fit and all of OUT does not."""
    path, out = save(tmp_path / "in.jsonl", many(24)), tmp_path / "out.jsonl"
    limit = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (20_000, -1))\n"
    status, _, said = finished(SMALL_PARTS + limit + "bulk()", path, out)
    assert (status, out.exists()) == (1, False)
    assert f"File too large; what is done of {out} stays" in said
    assert "Traceback" not in said
    monkeypatch.setattr(runs, "PART", 8)
    assert run(classifier, path, out).scored == 0
    assert [answer["row"] for answer in load(out)] == list(range(1, 25))


def test_without_pyarrow_parquet_says_what_to_install_and_the_rest_works(tmp_path):
    save(tmp_path / "a.jsonl", [{"text": "hoi"}])
    (tmp_path / "a.parquet").write_bytes(b"")
    without = """
import sys
sys.modules["pyarrow"] = None
from click.testing import CliRunner
from serving.cli_bulk import bulk
for names in ("a.parquet b.jsonl", "a.jsonl b.parquet", "a.jsonl b.csv.gz"):
    done = CliRunner().invoke(bulk, [f"{sys.argv[1]}/{name}" for name in names.split()])
    print(done.exit_code, done.output)
"""
    status, said, err = finished(without, tmp_path)
    assert (status, err) == (0, "")
    told = "1 Error: Parquet needs pyarrow: pip install 'vangnet[serve,bulk]'\n"
    assert said.startswith(f"{told}\n{told}\n0 ")
    assert {path.name for path in tmp_path.iterdir()} == {"a.jsonl", "a.parquet", "b.csv.gz"}


def test_the_command_takes_columns_counts_and_ends_with_1_for_bad_rows(tmp_path, bundle_folder):
    path, out = tmp_path / "in.csv", tmp_path / "out.jsonl"
    path.write_text("nr;bericht\n1;hoi\n2;\n", encoding="utf-8")
    options = ["--text", "bericht", "--id", "nr", "--threads", "1", "--bundle", str(bundle_folder)]
    done = CliRunner().invoke(command, [str(path), str(out), *options])
    assert done.exit_code == 1
    assert "out.jsonl: 1 rows" in done.output
    assert "out.jsonl.errors.jsonl: 1 rows" in done.output
    assert "this run: 2 rows" in done.output
    assert "processor seconds" in done.output
    assert [(answer["row"], answer["message_id"]) for answer in load(out)] == [(1, "1")]
    again = CliRunner().invoke(command, [str(path), str(out), *options])
    assert "is there already; --restart" in again.output
    assert again.exit_code == 1
    save(tmp_path / "goed.jsonl", [{"text": "hoi"}])
    assert CliRunner().invoke(command, [str(tmp_path / "goed.jsonl"), str(tmp_path / "goed.csv")]).exit_code == 0


@pytest.mark.parametrize(("threads", "ahead"), [(1, 1), (2, 5), (4, 64)])
def test_reading_is_never_further_ahead_of_writing_than_said_and_order_stays(threads, ahead):
    taken = 0

    def items():
        nonlocal taken
        while taken < 300:
            taken += 1
            yield taken

    def slow_at_first(number):
        time.sleep(0.02 if number % 50 == 1 else 0)
        return number

    for given, number in enumerate(in_order(slow_at_first, items(), threads, ahead), 1):
        assert number == given
        assert taken - (given - 1) <= ahead
    assert given == 300


def test_rows_are_read_as_they_are_needed(classifier, tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "AHEAD", 2)
    path = save(tmp_path / "in.jsonl", [{"text": "hoi", "x": "x" * 50_000} for _ in range(40)])
    shares = []
    run(classifier, path, tmp_path / "out.jsonl", told=lambda rows, share: shares.append((rows, share)))
    assert all(40 * share <= rows + 2 * 2 + 1 for rows, share in shares)
    assert shares[-1] == (40, 1.0)
