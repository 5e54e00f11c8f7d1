"""Rows of a suite's file, read one after another, so that memory does not grow with the file."""

import csv
import glob
import gzip
import json
import zlib
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any, TextIO

import datasets

from classifier import Message, MessageError
from classifier.message import MAX_CONTEXT, Role, Turn
from eval.conditions import NEVER, is_missing, number_of, value_of
from eval.errors import EvaluationError
from eval.suite import Suite

_UNREADABLE = (
    OSError,
    ValueError,  # of JSON, UTF-8 and Parquet
    EOFError,  # gzip that breaks off
    zlib.error,
    csv.Error,
    RecursionError,  # JSON in JSON in JSON
    datasets.exceptions.DatasetGenerationError,
)
_Source = Mapping[str, Any]


@dataclass(frozen=True)
class Row:
    """One labelled message.

    Attributes:
        id: From the data, else its number from 1.
        message: What is judged.
        truth: Per target of the suite whether it is risky; None where nobody labelled that.
        cluster: What intervals draw together.
        slices: Values of the suite's slice columns, as texts; empty where missing.
        kind: Code of the kind, or empty.
        pair: Key or id of its contrast pair, or empty.
        conversation: Which conversation, or empty.
        turn: Place in the conversation, from the data, or None.
        onset: First risky turn of the conversation, or None.
    """

    id: str
    message: Message
    truth: Mapping[str, bool | None]
    cluster: str
    slices: Mapping[str, str]
    kind: str = ""
    pair: str = ""
    conversation: str = ""
    turn: int | None = None
    onset: int | None = None


def read_rows(suite: Suite) -> Iterator[Row]:
    """Read every row.

    Raises:
        EvaluationError: The file cannot be read, or a row is wrong; the message names the row, never its text.
    """
    _check_columns(suite)
    with closing(_sources(suite)) as sources:
        for number, source in sources:
            try:
                yield _row(suite, source, number)
            except (EvaluationError, MessageError) as error:
                raise EvaluationError(f"{suite.file.name}: row {number}: {error}") from None


def _check_columns(suite: Suite) -> None:
    """A row may lack its id or a label; but a column that no row has is mistyped. Mostly the first row has them all."""
    missing = {
        condition.column: "say what is risky" for condition in suite.targets.values() if condition.operator != NEVER
    }
    if suite.columns.id is not None:
        missing[suite.columns.id] = "name the row"
    absent, empty = object(), True
    with closing(_sources(suite)) as sources:
        for _, source in sources:
            empty = False
            missing = {name: use for name, use in missing.items() if value_of(source, name, absent) is absent}
            if not missing:
                return
    if not empty:
        column, use = next(iter(missing.items()))
        raise EvaluationError(f"{suite.file.name}: row 1: {column}: should {use}, but no row has this column")


def _sources(suite: Suite) -> Generator[tuple[int, _Source], None, None]:
    number = 0
    try:
        with closing(_stream(suite)) as stream:
            for number, source in enumerate(stream, 1):
                yield number, source
    except _UNREADABLE as error:
        what = f"cannot be read as {suite.format} ({type(error).__name__})"
        raise EvaluationError(f"{suite.file}: row {number + 1}: {what}") from None


def _stream(suite: Suite) -> Generator[_Source, None, None]:
    if suite.format == "parquet":
        datasets.utils.logging.set_verbosity(datasets.utils.logging.CRITICAL)  # it would log what it cannot parse
        # Streaming reads the file in parts and leaves nothing on the disk.
        file_name = glob.escape(str(suite.file))
        yield from datasets.load_dataset("parquet", data_files=file_name, split="train", streaming=True)
        return
    # Not with `datasets`: it takes texts that look like dates for dates, and leaves a table open that is not read to its end.
    opened = gzip.open if suite.file.suffix == ".gz" else open
    with opened(suite.file, "rt", encoding="utf-8-sig", newline="") as file:
        yield from _table(file) if suite.format == "csv" else _json_lines(file)


def _table(file: TextIO) -> Iterator[_Source]:
    rows = csv.DictReader(file, strict=True)
    if not rows.fieldnames:
        raise ValueError("there are no names of columns")
    for row in rows:
        if None in row:
            raise ValueError("more values than columns")
        yield row


def _json_lines(file: TextIO) -> Iterator[_Source]:
    for line in file:
        if not line.strip():
            continue
        row = json.loads(line)
        if not isinstance(row, dict):
            raise ValueError("not an object")
        json.dumps(row, ensure_ascii=False).encode()  # refuses unpaired surrogates: no report could hold them
        yield row


def _row(suite: Suite, source: Mapping[str, Any], number: int) -> Row:
    columns = suite.columns

    def text(column: str | None) -> str:
        value = None if column is None else value_of(source, column)
        return "" if is_missing(value) else str(value)

    conversation, name = text(columns.conversation), text(columns.id) or str(number)
    return Row(
        name,
        Message(_text(source, columns.text), _context(source, columns.context)),
        {target: condition.holds(source) for target, condition in suite.targets.items()},
        text(columns.cluster) or conversation or name,
        {column: text(column) for column in suite.slices},
        text(columns.kind),
        text(columns.pair),
        conversation,
        _whole(text(columns.turn), columns.turn),
        _whole(text(columns.onset), columns.onset),
    )


def _text(source: Mapping[str, Any], column: str) -> str:
    value = value_of(source, column)
    if not isinstance(value, str):
        raise EvaluationError(f"{column}: there is no text")
    return value


def _context(source: Mapping[str, Any], column: str | None) -> tuple[Turn, ...]:
    value = None if column is None else value_of(source, column)
    if isinstance(value, str) and value:
        try:
            value = json.loads(value)
        except ValueError:
            raise EvaluationError(f"{column}: is not JSON") from None
    if not value:
        return ()
    if not isinstance(value, list):
        raise EvaluationError(f"{column}: must be a list")
    return tuple(_turn(turn, column) for turn in value[-MAX_CONTEXT:])


def _turn(source: Any, column: str | None) -> Turn:
    if isinstance(source, str):
        return Turn(Role.PEER, source)
    try:
        return Turn(Role(source["role"]), source["text"])
    except (KeyError, TypeError, ValueError):
        raise EvaluationError(f"{column}: needs texts, or objects with role (self or peer) and text") from None


def _whole(value: str, column: str | None) -> int | None:
    if not value:
        return None
    number = number_of(value, str(column))
    if not number.is_integer():
        raise EvaluationError(f"{column}: must be a whole number")
    return int(number)
