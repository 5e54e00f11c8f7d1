"""Rows of JSON Lines, CSV and Parquet, one at a time; a row that cannot be read costs no other one its place."""

import codecs
import csv
import json
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from classifier.errors import MessageError
from serving.bulk_formats import BulkError, Columns

LONGEST = 1024 * 1024
"""Longest line, in bytes; the longest message with the longest context fits. Longer ones are passed over unread."""
BATCH = 256
"""Rows of Parquet that are in memory at once."""
Row = tuple[int, Mapping[str, Any] | MessageError]
"""Its number, and ``text``, ``message_id`` and ``context`` as far as they are there, or why it cannot be read."""
_TOO_LONG = MessageError("row", f"has a line of more than {LONGEST:,} bytes")
_NOT_UTF8 = "is not UTF-8"
_NOT_JSON = "is not JSON"


def json_rows(stream: BinaryIO, columns: Columns) -> Iterator[Row]:
    """A row a line, numbered as lines are; empty lines count and are passed over."""
    for number, line in enumerate(_lines(stream), 1):
        if line is None:
            yield number, _TOO_LONG
        elif line.strip():
            yield number, _object(line, columns)


def csv_rows(stream: BinaryIO, columns: Columns) -> Iterator[Row]:
    """A row a record under the header, which names the columns; separated by commas, semicolons or tabs.

    A record that is not well-formed, such as one with a stray quotation mark, ends with its first line.

    Raises:
        BulkError: The header does not name a column that is needed.
    """
    csv.field_size_limit(LONGEST)
    lines = _Lines(_lines(stream))
    header, delimiter = _header(lines, columns)
    return _records(lines, header, delimiter, columns)


def parquet_rows(table: Any, columns: Columns) -> Iterator[Row]:
    """A row a row, from 1.

    Args:
        table: A `pyarrow.parquet.ParquetFile`.
        columns: Read these; others stay on the disk.

    Raises:
        BulkError: A column that is needed is not there.
    """
    there = table.schema_arrow.names
    _check(there, columns)
    return _batches(table, [name for name in vars(columns).values() if name in there], columns)


def _lines(stream: BinaryIO) -> Iterator[bytes | None]:
    """Lines with their ends, without a byte order mark before the first; None for one that is too long."""
    first = True
    while line := stream.readline(LONGEST + 1):
        if len(line) > LONGEST:
            while line and not line.endswith(b"\n"):
                line = stream.readline(LONGEST)
            yield None
        else:
            yield line.removeprefix(codecs.BOM_UTF8) if first else line
        first = False


def _object(line: bytes, columns: Columns) -> Mapping[str, Any] | MessageError:
    try:
        item = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError:
        return MessageError("row", _NOT_UTF8)
    except (ValueError, RecursionError):
        return MessageError("row", _NOT_JSON)
    return _named(item, columns) if isinstance(item, dict) else MessageError("row", "must be an object")


class _Lines:
    """Lines for `csv.reader`; those of a broken record can be given back.

    Bytes that are not UTF-8 become surrogates, which only matter in the columns that are used.
    """

    def __init__(self, lines: Iterator[bytes | None]) -> None:
        self._lines = lines
        self._again: deque[bytes | None] = deque()
        self._taken: list[bytes | None] = []
        self._rest = False

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines)
        self._taken.append(line)
        if line is None:
            raise csv.Error
        return line.decode("utf-8", "surrogateescape")

    def begin(self) -> None:
        """A record begins."""
        self._taken.clear()
        self._rest = bool(self._again)

    def give_back(self) -> None:
        """Read the lines of this record again, but for its first."""
        self._again.extendleft(reversed(self._taken[1:]))

    @property
    def too_long(self) -> bool:
        """Whether the record's first line is."""
        return self._taken[:1] == [None]

    @property
    def torn(self) -> bool:
        """Whether this looks like a record and is the rest of a broken one: a quotation mark has no other."""
        return self._rest and sum(line.count(b'"') for line in self._taken if line) % 2 == 1


def _header(lines: _Lines, columns: Columns) -> tuple[list[str], str]:
    try:
        line = next(lines, "")
        for delimiter in ",;\t":
            header = next(csv.reader([line], delimiter=delimiter, strict=True), [])
            if columns.text in header:
                _check(header, columns)
                return header, delimiter
    except csv.Error:
        pass
    # What stands there is not told: without a header it is the first message.
    raise BulkError(f"the first line names no column {columns.text}; --text gives another name")


def _check(names: list[str], columns: Columns) -> None:
    if columns.text not in names:
        raise BulkError(f"there is no column {columns.text}; --text gives another name")
    if columns.message_id not in (*names, Columns.message_id):
        raise BulkError(f"there is no column {columns.message_id}, which --id names")


def _records(lines: _Lines, header: list[str], delimiter: str, columns: Columns) -> Iterator[Row]:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    number = 0
    while True:
        lines.begin()
        try:
            cells = next(reader, None)
            if lines.torn:
                raise csv.Error
        except csv.Error:
            lines.give_back()
            number += 1
            yield number, _TOO_LONG if lines.too_long else MessageError("row", "is not well-formed CSV")
            continue
        if cells is None:
            return
        if cells:
            number += 1
            yield number, _record(header, cells, columns)


def _record(header: list[str], cells: list[str], columns: Columns) -> Mapping[str, Any] | MessageError:
    if len(cells) != len(header):
        return MessageError("row", f"has {len(cells)} columns, the header has {len(header)}")
    item: dict[str, Any] = {}
    for name, cell in _named(dict(zip(header, cells, strict=True)), columns).items():
        try:
            cell.encode("utf-8")
        except UnicodeEncodeError:
            return MessageError(name, _NOT_UTF8)
        if cell or name == "text":
            item[name] = cell
    if "context" in item:
        try:
            item["context"] = json.loads(item["context"])
        except (ValueError, RecursionError):
            return MessageError("context", _NOT_JSON)
    return item


def _batches(table: Any, names: list[str], columns: Columns) -> Iterator[Row]:
    number = 0
    for batch in table.iter_batches(batch_size=BATCH, columns=names, use_threads=False):
        try:
            items = batch.to_pylist()
        except UnicodeDecodeError:
            items = [_alone(batch.slice(at, 1)) for at in range(batch.num_rows)]
        for item in items:
            number += 1
            yield number, _named(item, columns) if isinstance(item, Mapping) else item


def _alone(batch: Any) -> Mapping[str, Any] | MessageError:
    try:
        item: Mapping[str, Any] = batch.to_pylist()[0]
    except UnicodeDecodeError:
        return MessageError("row", _NOT_UTF8)
    return item


def _named(item: Mapping[str, Any], columns: Columns) -> dict[str, Any]:
    return {name: item[column] for name, column in vars(columns).items() if column in item}
