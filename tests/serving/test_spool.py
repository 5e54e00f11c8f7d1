"""Records on this disk: in order, once, through a kill and a full disk, and gone when they are removed."""

import subprocess
import sys
from pathlib import Path

import pytest

from serving.spool import Spool, SpoolError

ROOT = Path(__file__).parents[2]
CANARY = "kanariegeel-7"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "map" / "spool.db"


@pytest.fixture
def spool(path):
    spool = Spool(path, 1)
    yield spool
    spool.close()


def number(count):
    return [{"n": n} for n in range(count)]


def drained(spool):
    taken = []
    while spool.hand_over(taken.extend):
        pass
    return taken


def held(path):
    return b"".join(file.read_bytes() for file in path.parent.iterdir())


def fill(spool, size=4000):
    count = 0
    while count < 10_000:
        try:
            spool.put({"n": count, "x": "x" * size})
        except SpoolError:
            return count
        count += 1
    return pytest.fail("it is never full")


def test_records_come_out_in_order_each_once_and_at_most_as_many_as_asked(spool):
    for record in number(250):
        spool.put(record)
    first = []
    assert spool.hand_over(first.extend, most=7) == 7
    assert first == number(7)
    assert len(spool) == 243
    assert drained(spool) == number(250)[7:]
    assert (len(spool), spool.hand_over(first.extend)) == (0, 0)


def test_what_a_killed_process_put_is_there(path):
    script = """
import os, signal, sys
from pathlib import Path
from serving.spool import Spool
spool = Spool(Path(sys.argv[1]), 1)
for n in range(30):
    spool.put({"n": n})
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", script, path], cwd=ROOT, check=False).returncode == -9
    spool = Spool(path, 1)
    assert drained(spool) == number(30)
    spool.close()


def test_a_full_spool_refuses_keeps_what_it_has_and_takes_again_when_emptied(spool, path):
    kept = fill(spool)
    assert 150 < kept < 256
    assert path.stat().st_size <= 1024 * 1024
    assert [record["n"] for record in drained(spool)] == list(range(kept))
    assert fill(spool) >= 0.9 * kept
    assert spool.remove(lambda record: record["n"] % 2 == 0) == len(drained(spool)) + kept % 2


def test_when_taking_fails_everything_stays(spool):
    for record in number(3):
        spool.put(record)

    def fails(records):
        raise OSError(len(records))

    with pytest.raises(OSError, match="3"):
        spool.hand_over(fails)
    assert drained(spool) == number(3)


@pytest.mark.parametrize("emptied", [False, True])
def test_records_put_while_others_are_taken_are_kept(spool, emptied):
    def take(records):
        # A deletion may come between as well.
        if emptied:
            spool.remove(lambda record: True)
        for record in number(5)[3:]:
            spool.put(record)

    for record in number(3):
        spool.put(record)
    assert spool.hand_over(take) == 3
    assert drained(spool) == number(5)[3:]


def test_removed_records_leave_nothing_on_the_disk(spool, path):
    for n in range(200):
        spool.put({"n": n, "author_id": f"{CANARY}-{n}" if n % 2 else "noor"})
    assert CANARY.encode() in held(path)
    assert spool.remove(lambda record: record["author_id"] != "noor") == 100
    assert CANARY.encode() not in held(path)
    assert drained(spool) == [{"n": n, "author_id": "noor"} for n in range(0, 200, 2)]
    assert b"noor" not in held(path)


def test_two_spools_share_a_file(spool, path):
    other = Spool(path, 1)
    for n in range(10):
        (spool, other)[n % 2].put({"n": n})
    assert len(spool) == len(other) == 10
    taken = []
    # Both take the same records, as replicas may; what came meanwhile is lost by neither.
    spool.hand_over(lambda records: (other.hand_over(taken.extend), other.put({"n": 10})))
    assert taken == number(10)
    assert drained(spool) == number(11)[10:]
    other.close()


def test_a_removal_that_fails_leaves_a_spool_that_works(spool, path):
    other = Spool(path, 1)
    for record in number(4):
        spool.put(record)
    spool._connection.execute("PRAGMA busy_timeout=1")
    other._connection.execute("begin immediate")
    with pytest.raises(SpoolError):
        spool.remove(lambda record: True)
    other._connection.execute("commit")
    spool.put({"n": 4})
    assert len(other) == 5  # the record is on the disk, not in a transaction that nobody ends
    assert spool.remove(lambda record: record["n"] < 4) == 4
    assert drained(other) == number(5)[4:]
    other.close()


def test_a_file_that_cannot_be_used_is_named(tmp_path):
    (tmp_path / "spool.db").write_bytes(b"geen database " * 500)
    (tmp_path / "leeg").write_bytes(b"")
    for path in (tmp_path / "spool.db", tmp_path / "leeg" / "spool.db"):
        with pytest.raises(SpoolError, match=r"spool\.db"):
            Spool(path, 1)


def test_it_tells_which_records_wait(spool):
    spool.put({"id": "a'b", "n": 1})
    assert (spool.holds("a'b"), spool.holds("a"), spool.holds("n")) == (True, False, False)
    drained(spool)
    assert not spool.holds("a'b")
