"""What is done of a run, in a folder beside its file: it survives a killed process and a power cut."""

import gzip
import itertools
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from serving.bulk_formats import BulkError

_FACTS = "facts.json"
_JOINED = "joined.json"
_PARTIAL = ".partial"


class Parts:
    """The folder ``OUT.parts``: a file of results a part, joined into OUT at the end.

    Only one process at a time works in it. A part is there whole or not at all, and so are OUT and OUT.errors.jsonl.

    Args:
        out: OUT.
        facts: What the results depend on, as JSON values by what a user calls it.
        restart: Delete OUT and what is done of it first.

    Attributes:
        done: Parts that are there.
        joined: Whether all are, and OUT only has to be put in its place.

    Raises:
        BulkError: OUT is there already, another process works on it, or the parts were made from other facts.
        OSError: The folder cannot be used.
    """

    def __init__(self, out: Path, facts: Mapping[str, Any], restart: bool = False) -> None:
        self._out = out
        self._errors = errors_of(out)
        self._folder = out.with_name(f"{out.name}.parts")
        if not restart and not self._folder.exists():
            self._refuse_to_overwrite()
        self._folder.mkdir(exist_ok=True)
        self._lock = _locked(self._folder)
        self.done = 0
        try:
            self._begin(facts, restart)
        except BaseException:
            self.close()
            raise
        self.joined = (self._folder / _JOINED).exists()

    def put(self, results: Iterable[bytes], errors: Iterable[bytes]) -> None:
        """Keep the next part.

        Args:
            results: Lines for OUT.
            errors: Lines for OUT.errors.jsonl.
        """
        with _whole(self._part(self.done, "errors")) as file:
            file.writelines(errors)
        # Last, because this is the one that counts. Level 1 is nearly as small and costs a few microseconds a row.
        with _whole(self._part(self.done)) as file, gzip.GzipFile("", "wb", 1, file, mtime=0) as packed:
            packed.writelines(results)
        self.done += 1

    def join(self, write: Callable[[Iterable[bytes], Path, BinaryIO], None]) -> None:
        """Make OUT and OUT.errors.jsonl of all parts; `publish` puts them in their places.

        Args:
            write: Writes results, under a name, to a stream.
        """
        counts = {"results": 0, "errors": 0}
        with _whole(self._folder / "out") as file:
            write(self._lines("results", counts), self._out, file)
        with _whole(self._folder / "errors") as file:
            file.writelines(self._lines("errors", counts))
        with _whole(self._folder / _JOINED) as file:
            file.write(json.dumps(counts).encode())
        self.joined = True

    def publish(self) -> tuple[int, int]:
        """Put OUT in its place, and OUT.errors.jsonl if it has a line, and remove the folder.

        Returns:
            How many results and errors there are.
        """
        counts = json.loads((self._folder / _JOINED).read_bytes())
        for name, target in (("errors", self._errors), ("out", self._out)):
            made = self._folder / name
            if made.exists() and (name == "out" or counts[name]):
                made.replace(target)
        _keep(self._out.parent)
        self._clear()
        self._folder.rmdir()
        return counts["results"], counts["errors"]

    def close(self) -> None:
        """Let other processes work here."""
        if self._lock is not None:
            os.close(self._lock)

    def _begin(self, facts: Mapping[str, Any], restart: bool) -> None:
        there = {path.name for path in self._folder.iterdir() if path.suffix != _PARTIAL}
        if there and not there & {_FACTS, _JOINED}:
            raise BulkError(f"{self._folder}: is in the way, it is not of this command")
        if restart:
            self._clear()
            self._out.unlink(missing_ok=True)
            self._errors.unlink(missing_ok=True)
            there = set()
        if _JOINED not in there:
            self._refuse_to_overwrite()
        self.done = next(number for number in itertools.count() if not self._part(number).exists())
        if _FACTS in there and (self.done or _JOINED in there):
            self._compare(json.loads((self._folder / _FACTS).read_bytes()), facts)
        elif _JOINED not in there:
            with _whole(self._folder / _FACTS) as file:
                file.write(json.dumps(facts).encode())

    def _compare(self, before: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
        changed = " and ".join(f"another {name}" for name in facts if before.get(name) != facts[name])
        if changed:
            raise BulkError(f"{self._out}: was begun with {changed}; --restart deletes what is done and begins again")

    def _refuse_to_overwrite(self) -> None:
        for path in (self._out, self._errors):
            if path.exists():
                raise BulkError(f"{path}: is there already; --restart deletes it and begins again")

    def _part(self, number: int, kind: str = "results") -> Path:
        return self._folder / f"{number:06}.{kind}.jsonl{'.gz' * (kind == 'results')}"

    def _lines(self, kind: str, counts: dict[str, int]) -> Iterator[bytes]:
        for number in range(self.done):
            path = self._part(number, kind)
            with gzip.open(path) if kind == "results" else path.open("rb") as lines:
                for line in lines:
                    counts[kind] += 1
                    yield line

    def _clear(self) -> None:
        """Delete what is in the folder; first what cannot stand alone."""
        order = ["", _FACTS, _JOINED]
        for path in sorted(
            self._folder.iterdir(), key=lambda path: order.index(path.name) if path.name in order else 0
        ):
            path.unlink()


def errors_of(out: Path) -> Path:
    """Where rows that cannot be scored are named."""
    return out.with_name(f"{out.name}.errors.jsonl")


@contextmanager
def _whole(path: Path) -> Iterator[BinaryIO]:
    """A new file that is there in one step and stays there, or not at all."""
    partial = path.with_name(path.name + _PARTIAL)
    try:
        with partial.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    _keep(path.parent)


def _keep(folder: Path) -> None:
    """Let the names in a folder survive a power cut."""
    if sys.platform != "win32":  # which cannot, and need not, open a folder
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def _locked(folder: Path) -> int | None:
    if sys.platform == "win32":  # has no such lock
        return None
    import fcntl

    opened = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(opened)
        raise BulkError(f"{folder}: another process is at work there") from None
    return opened
