"""Scoring an archive: bounded work on all cores, in order, and every row once however often it is interrupted."""

import json
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from classifier.answer import judge
from classifier.classifier import Classifier
from classifier.errors import MessageError
from classifier.message import Message
from serving.bulk_files import Source, write
from serving.bulk_formats import BulkError, Columns, format_of
from serving.bulk_parts import Parts, errors_of
from serving.bulk_rows import Row
from serving.schemas import MAX_ID, Id

PART = 2_000
"""Rows of a part: what a kill costs at most."""
AHEAD = 64
"""Rows a thread that are read and not yet written, so that the others go on beside one long message."""
In = TypeVar("In")
Out = TypeVar("Out")
_ID = TypeAdapter(Id)


@dataclass(frozen=True)
class Counted:
    """How a run went.

    Attributes:
        results: Rows of OUT.
        errors: Rows of OUT.errors.jsonl.
        scored: Rows of both that this run did itself.
        seconds: That it took.
        cpu_seconds: Of the processor, all threads together.
    """

    results: int
    errors: int
    scored: int
    seconds: float
    cpu_seconds: float


def bulk(
    classifier: Classifier,
    path: Path,
    out: Path,
    columns: Columns,
    threads: int,
    restart: bool = False,
    told: Callable[[int, float], None] = lambda rows, share: None,
) -> Counted:
    """Score every row of an archive; see docs/bulk.md.

    Args:
        classifier: Judges, each message on its own.
        path: The archive.
        out: The file to make; its name's ending says its format.
        columns: What the parts of a message are called in the archive.
        threads: Messages scored at once.
        restart: Delete `out` and what is done of it, and begin again.
        told: Called after each row with the rows of this run and the share of the archive that is read, 0 to 1.

    Raises:
        BulkError: Something is in the way, or a file cannot be read or written. What is done stays.
    """
    begun, cpu_begun = time.perf_counter(), time.process_time()
    try:
        format_of(out)
        if any(made.exists() and made.samefile(path) for made in (out, errors_of(out))):
            raise BulkError(f"{out}: would take the place of what is read")
        with (
            closing(Source(path, columns)) as source,
            closing(Parts(out, _facts(classifier, source, columns), restart)) as parts,
        ):
            scored = 0
            if not parts.joined:
                for scored in _score(classifier, source, parts, threads):
                    told(scored, source.share)
                parts.join(write)
            results, errors = parts.publish()
    except OSError as error:
        raise BulkError(f"{error.filename or out}: {error.strerror}; what is done of {out} stays") from None
    return Counted(results, errors, scored, time.perf_counter() - begun, time.process_time() - cpu_begun)


def in_order(function: Callable[[In], Out], items: Iterable[In], threads: int, ahead: int) -> Iterator[Out]:
    """Results of a function that runs on threads, in the order of the items.

    Args:
        function: What runs.
        items: Taken when they are needed: of never more than `ahead` is the result still to be given.
        threads: How many run at once.
        ahead: At least 1.
    """
    waiting: deque[Future[Out]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="bulk") as pool:
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) == ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _score(classifier: Classifier, source: Source, parts: Parts, threads: int) -> Iterator[int]:
    """Do the parts that are missing; yields after each row how many rows that were."""
    rows = islice(source.rows(), PART * parts.done, None)
    lines = in_order(partial(_line, classifier), rows, threads, threads * AHEAD)
    scored = 0
    while True:
        results: list[bytes] = []
        errors: list[bytes] = []
        for good, line in islice(lines, PART):
            (results if good else errors).append(line)
            scored += 1
            yield scored
        if not results and not errors:
            return
        parts.put(results, errors)


def _line(classifier: Classifier, row: Row) -> tuple[bool, bytes]:
    """Whether a row could be scored, and its line of OUT or of OUT.errors.jsonl."""
    number, item = row
    try:
        if isinstance(item, MessageError):
            raise item
        named = {"row": number, "message_id": _id(item.get("message_id"))}
        return True, _json(named | judge(classifier, Message.from_mapping(item)))
    except MessageError as error:
        return False, _json({"row": number, "field": error.field, "problem": error.problem})
    except Exception as error:  # whatever it is, it costs no other row its result; its words might repeat the text
        return False, _json({"row": number, "field": "row", "problem": f"cannot be judged: {type(error).__name__}"})


def _id(value: Any) -> str | None:
    if value is None:
        return None
    try:
        return _ID.validate_python(str(value) if type(value) is int else value)
    except ValidationError:
        problem = f"must be a whole number, or a text of 1 to {MAX_ID} code points without control characters"
        raise MessageError("message_id", problem) from None


def _json(values: Mapping[str, Any]) -> bytes:
    return json.dumps(values).encode() + b"\n"


def _facts(classifier: Classifier, source: Source, columns: Columns) -> dict[str, Any]:
    """What the results depend on."""
    return {
        "input file": source.sha256,
        "text or id column": asdict(columns),
        "bundle": {"versions": classifier.versions, "files": classifier.bundle.manifest["files"]},
        "size of parts": PART,
    }
