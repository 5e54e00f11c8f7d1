"""The archive that `vangnet bulk` reads, and the file that it writes."""

import csv
import gzip
import hashlib
import io
import json
import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, cast

from classifier.labels import LABEL_NAMES, Area
from serving.bulk_formats import BulkError, Columns, Format, arrow, format_of
from serving.bulk_rows import Row, csv_rows, json_rows, parquet_rows

BUFFER = 1024 * 1024
"""Bytes that are read at once of a column of Parquet."""
GROUP = 10_000
"""Rows of a row group of Parquet: what is in memory while it is written."""
AREAS = tuple(str(area) for area in Area)
VERSIONS = ("model", "normaliser", "policy")
FLAT = ("row", "message_id", "decision", "severity", *AREAS, *LABEL_NAMES, *VERSIONS)
"""Columns of CSV and Parquet."""


class Source:
    """An archive, read once from beginning to end.

    Args:
        path: The file; its name's ending says its format.
        columns: What the parts of a message are called there.

    Attributes:
        sha256: Of the whole file, in hexadecimal digits.

    Raises:
        BulkError: The format is not known, the file is not of that format, or a column that is needed is missing.
        OSError: The file cannot be read.
    """

    def __init__(self, path: Path, columns: Columns) -> None:
        self._path = path
        self._columns = columns
        self._format, self._packed = format_of(path)
        self._file = path.open("rb")
        self._number = 0
        self._table: Any = None
        try:
            self._as_found = self._look()
            self.sha256 = hashlib.file_digest(self._file, "sha256").hexdigest()
            self._file.seek(0)
            with self._readable():
                self._rows = self._begin()
        except BaseException:
            self.close()
            raise

    @property
    def share(self) -> float:
        """How much of the file has been read, from 0 to 1."""
        if self._table is not None:
            return self._number / max(1, int(self._table.metadata.num_rows))
        return self._file.tell() / max(1, self._as_found.st_size)

    def rows(self) -> Iterator[Row]:
        """All rows, in order.

        Raises:
            BulkError: The file is damaged, or was changed since it was opened.
        """
        with self._readable():
            for row in self._rows:
                self._number = row[0]
                yield row
        found = self._look()
        if (found.st_size, found.st_mtime_ns) != (self._as_found.st_size, self._as_found.st_mtime_ns):
            raise BulkError(f"{self._path}: was changed while it was read")

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _begin(self) -> Iterator[Row]:
        if self._format is Format.PARQUET:
            # Else a whole row group is read at once, which is often the whole file.
            pages = {"pre_buffer": False, "buffer_size": BUFFER}
            self._table = arrow("pyarrow.parquet").ParquetFile(self._file, **pages)
            return parquet_rows(self._table, self._columns)
        stream = cast(BinaryIO, gzip.GzipFile(fileobj=self._file)) if self._packed else self._file
        return (csv_rows if self._format is Format.CSV else json_rows)(stream, self._columns)

    def _look(self) -> os.stat_result:
        return os.fstat(self._file.fileno())

    @contextmanager
    def _readable(self) -> Iterator[None]:
        broken: tuple[type[Exception], ...] = (EOFError, gzip.BadGzipFile, zlib.error)
        if self._format is Format.PARQUET:
            broken = (arrow().ArrowException, OSError)
        try:
            yield
        except BulkError as error:
            raise BulkError(f"{self._path}: {error}") from None
        except broken as error:
            kind = self._format if self._format is Format.PARQUET else "gzip"
            raise BulkError(f"{self._path}: is damaged, or not {kind} ({type(error).__name__})") from None


def write(lines: Iterable[bytes], path: Path, stream: BinaryIO) -> None:
    """Write answers in the format that a name ends in.

    Args:
        lines: One answer a line, as JSON.
        path: The name.
        stream: Where to.
    """
    form, packed = format_of(path)
    if form is Format.PARQUET:
        _write_parquet(lines, stream)
        return
    # Without name and time, so that the same answers are the same bytes.
    target = cast(BinaryIO, gzip.GzipFile("", "wb", fileobj=stream, mtime=0)) if packed else stream
    if form is Format.CSV:
        text = io.TextIOWrapper(target, "utf-8", newline="")
        writer = csv.DictWriter(text, FLAT, lineterminator="\n")
        writer.writeheader()
        writer.writerows(map(_flat, lines))
        text.detach()
    else:
        target.writelines(lines)
    if packed:
        target.close()


def _write_parquet(lines: Iterable[bytes], stream: BinaryIO) -> None:
    pa = arrow()
    texts = {"message_id", "decision", "severity", *VERSIONS}
    kinds = {"row": pa.int64()} | {name: pa.string() for name in texts}
    schema = pa.schema([(name, kinds.get(name, pa.float64())) for name in FLAT])
    rows = map(_flat, lines)
    with arrow("pyarrow.parquet").ParquetWriter(stream, schema) as writer:
        while group := list(islice(rows, GROUP)):
            writer.write_batch(pa.RecordBatch.from_pylist(group, schema=schema))


def _flat(line: bytes) -> dict[str, Any]:
    answer = json.loads(line)
    plain = {name: answer[name] for name in ("row", "message_id", "decision", "severity")}
    labels = {name: label["score"] for name, label in answer["labels"].items()}
    return {**plain, **answer["areas"], **labels, **answer["versions"]}
