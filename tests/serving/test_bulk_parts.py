"""Parts of a run: whole or not there, joined once, and put in their place however often that is interrupted."""

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from serving.bulk_formats import BulkError
from serving.bulk_parts import Parts

ROOT = Path(__file__).parents[2]
FACTS = {"input file": "a", "bundle": {"b": [1]}}


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out.jsonl"


def begun(out, **options):
    return closing(Parts(out, FACTS, **options))


def plainly(lines, path, stream):
    stream.writelines(lines)


def published(out):
    return out.read_bytes(), out.with_name("out.jsonl.errors.jsonl").read_bytes()


def fill(parts):
    parts.put([b"1\n", b"2\n"], [b"x\n"])
    parts.put([], [b"y\n"])
    parts.put([b"3\n"], [])


def test_parts_are_joined_in_order_and_nothing_else_is_left(out):
    with begun(out) as parts:
        fill(parts)
        parts.join(plainly)
        assert not out.exists()
        assert parts.publish() == (3, 2)
    assert published(out) == (b"1\n2\n3\n", b"x\ny\n")
    assert len(list(out.parent.iterdir())) == 2


def test_a_part_that_could_not_be_written_is_not_there(out):
    def failing():
        yield b"1\n"
        raise OSError(28, "No space left on device")

    with begun(out) as parts:
        parts.put([b"0\n"], [])
        with pytest.raises(OSError, match="No space"):
            parts.put(failing(), [])
        assert parts.done == 1
    with begun(out) as parts:
        assert parts.done == 1
        parts.put([b"1\n"], [])
        parts.join(plainly)
        assert parts.publish() == (2, 0)
    assert out.read_bytes() == b"0\n1\n"
    assert [path.name for path in out.parent.iterdir()] == ["out.jsonl"]


def test_a_kill_at_any_write_costs_nothing(tmp_path):
    """Runs that are killed at their first write to the disk, their second and so on, each then done again to its end."""
    script = """
import os, signal, sys
from pathlib import Path
from serving.bulk_parts import Parts
fsync = os.fsync
def work(out, fatal):
    calls = iter(range(1, 1000))
    def sync(file):
        if next(calls) == fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        fsync(file)
    os.fsync = sync
    parts = Parts(out, {"input file": "a"})
    if not parts.joined:
        for n in range(parts.done, 3):
            parts.put([b"%d " % n], [b"x%d " % n])
        parts.join(lambda lines, path, stream: stream.writelines(lines))
    parts.publish()
    os._exit(0)
fatal, killed = 1, True
while killed:
    out = Path(sys.argv[1], f"{fatal}.jsonl")
    for last in (fatal, 0):
        child = os.fork()
        if child == 0:
            work(out, last)
        status = os.waitpid(child, 0)[1]
        if last:
            killed = status == signal.SIGKILL
            if not killed:
                break
    print(fatal, status)
    fatal += 1
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", script, tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, check=True)
    runs = done.stdout.splitlines()
    assert len(runs) > 20
    assert runs == [f"{number} 0" for number in range(1, len(runs) + 1)]
    assert {path.read_bytes() for path in tmp_path.glob("*.errors.jsonl")} == {b"x0 x1 x2 "}
    assert {path.read_bytes() for path in tmp_path.glob("*.jsonl") if path.stem.isdigit()} == {b"0 1 2 "}
    assert len(list(tmp_path.iterdir())) == 2 * len(runs)


@pytest.mark.parametrize("moved", [[], ["errors"], ["errors", "out"]])
def test_a_kill_while_publishing_costs_nothing(out, moved):
    with begun(out) as parts:
        fill(parts)
        parts.join(plainly)
    targets = {"errors": out.with_name("out.jsonl.errors.jsonl"), "out": out}
    for name in moved:
        (out.parent / "out.jsonl.parts" / name).replace(targets[name])
    with begun(out) as parts:
        assert parts.joined
        assert parts.publish() == (3, 2)
    assert published(out) == (b"1\n2\n3\n", b"x\ny\n")
    assert len(list(out.parent.iterdir())) == 2


def test_a_kill_while_clearing_up_leaves_what_can_go_on(out):
    with begun(out) as parts:
        fill(parts)
        parts.join(plainly)
        left = [path.name for path in (out.parent / "out.jsonl.parts").iterdir()]
        parts.publish()
    (out.parent / "out.jsonl.parts").mkdir()
    assert {"facts.json", "joined.json"} < set(left)
    (out.parent / "out.jsonl.parts" / "joined.json").write_text('{"results": 3, "errors": 2}')
    with begun(out) as parts:
        assert parts.publish() == (3, 2)
    assert len(list(out.parent.iterdir())) == 2


def test_other_facts_count_once_something_is_done(out):
    with begun(out):
        pass
    with closing(Parts(out, FACTS | {"bundle": 2})) as parts:
        parts.put([b"1\n"], [])
    with pytest.raises(BulkError, match="another bundle; --restart"):
        Parts(out, FACTS)
    with begun(out, restart=True) as parts:
        assert parts.done == 0


def test_two_processes_do_not_work_on_one_file(out):
    with begun(out) as parts:
        parts.put([b"1\n"], [])
        for restart in (False, True):
            with pytest.raises(BulkError, match="another process is at work"):
                Parts(out, FACTS, restart)
        assert parts.done == 1
    with begun(out) as parts:
        assert parts.done == 1


def test_a_folder_of_somebody_else_is_left_alone(out):
    folder = out.with_name("out.jsonl.parts")
    folder.mkdir()
    (folder / "brief.txt").write_text("van mij")
    for restart in (False, True):
        with pytest.raises(BulkError, match="is in the way"):
            Parts(out, FACTS, restart)
    assert (folder / "brief.txt").read_text() == "van mij"
