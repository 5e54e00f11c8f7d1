"""Which files `vangnet bulk` reads and writes."""

from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Any

from classifier.errors import VangnetError


class BulkError(VangnetError):
    """An archive cannot be read or written, or a run cannot go on."""


class Format(StrEnum):
    """How rows are written."""

    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"


_ENDINGS = {
    ".jsonl": Format.JSONL,
    ".ndjson": Format.JSONL,
    ".csv": Format.CSV,
    ".parquet": Format.PARQUET,
}


@dataclass(frozen=True)
class Columns:
    """What the parts of a message are called in the archive: columns, or fields in JSON Lines."""

    text: str = "text"
    message_id: str = "message_id"
    context: str = "context"


def format_of(path: Path) -> tuple[Format, bool]:
    """The format that a name ends in, and whether it is gzipped.

    Raises:
        BulkError: There is no such format, or it is Parquet and pyarrow is not installed.
    """
    name = path.name.lower()
    bare = name.removesuffix(".gz")
    form = _ENDINGS.get(Path(bare).suffix)
    if form is None or (form is Format.PARQUET and bare != name):
        raise BulkError(f"{path.name}: must end in .jsonl, .ndjson or .csv, each also with .gz, or in .parquet")
    if form is Format.PARQUET:
        arrow()
    return form, bare != name


def arrow(module: str = "pyarrow") -> Any:
    """A module of pyarrow; loaded here because only Parquet needs it.

    Raises:
        BulkError: It is not installed.
    """
    try:
        return import_module(module)
    except ImportError:
        raise BulkError("Parquet needs pyarrow: pip install 'vangnet[serve,bulk]'") from None
