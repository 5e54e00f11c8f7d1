"""Suites: which file is measured, what its columns mean, and what makes a row risky. Declared in TOML, without code."""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from eval.conditions import Condition
from eval.errors import EvaluationError
from eval.targets import ANY, TARGETS

FOLDER = Path(__file__).parent / "suites"
"""Suites that come with the package."""
_KINDS = {str: "a text", bool: "true or false"}
_SUFFIXES = {".jsonl": "json", ".ndjson": "json", ".json": "json", ".csv": "csv", ".parquet": "parquet"}


@dataclass(frozen=True)
class Columns:
    """Names of columns; dots lead into nested objects. None where the data has no such column.

    Attributes:
        text: The message.
        id: Names the row in reports; without it the row's number does.
        context: Earlier messages: a list of ``{role, text}`` or of texts (somebody else's), or such a list as JSON.
        cluster: What intervals draw together, such as a voice; default the conversation, else the row.
        conversation: Which conversation the message belongs to.
        turn: Its place there.
        onset: First turn of the conversation that is risky; the conversation is safe where this is empty.
        kind: Code of the kind of message.
        pair: A key that the two messages of a contrast pair share, or the id of the other one.
    """

    text: str = "text"
    id: str | None = None
    context: str | None = None
    cluster: str | None = None
    conversation: str | None = None
    turn: str | None = None
    onset: str | None = None
    kind: str | None = None
    pair: str | None = None


@dataclass(frozen=True)
class Suite:
    """One labelled set.

    Attributes:
        name: Names results and reports.
        version: Changes whenever anything in the suite changes.
        file: The data.
        format: ``json`` (JSON Lines), ``csv`` or ``parquet``; the first two may be gzipped (``.gz``).
        sha256: Of the file; empty where it is not known.
        columns: What the columns mean.
        targets: Per target (`TARGETS`) the condition that makes a row risky; targets that are not named are unknown.
        slices: Columns by whose values figures are given too.
        description: What the set is.
        licence: Of the data.
        obtain: Where a researcher gets it.
        status: Whether it was run when the suite was written.
        reports_only: Whether it may choose nothing: no threshold is planned on it.
        written: Whether its messages were written for it, so that no figure speaks of real ones.
    """

    name: str
    version: str
    file: Path
    format: str
    targets: Mapping[str, Condition]
    sha256: str = ""
    columns: Columns = field(default_factory=Columns)
    slices: tuple[str, ...] = ()
    description: str = ""
    licence: str = ""
    obtain: str = ""
    status: str = ""
    reports_only: bool = False
    written: bool = False

    def check(self) -> str:
        """The file's SHA-256.

        Raises:
            EvaluationError: The file is missing, or is not the one that the suite was written for.
        """
        try:
            with self.file.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            hint = f"; to obtain it: {self.obtain}" if self.obtain else ""
            raise EvaluationError(f"{self.name}: {self.file} cannot be read ({error.strerror}){hint}") from None
        if self.sha256 and found != self.sha256:
            raise EvaluationError(
                f"{self.name}: {self.file} has SHA-256 {found}, the suite was written for {self.sha256}"
            )
        return found


def read_suite(name: str, data: Path | None = None) -> Suite:
    """Read a suite.

    Args:
        name: A TOML file, or the name of a suite that comes with the package.
        data: Takes the place of the file that the suite names.

    Raises:
        EvaluationError: There is no such suite, or a key is missing, unknown or wrong; the message names it.
    """
    path = Path(name) if name.endswith(".toml") else FOLDER / f"{name}.toml"
    try:
        source = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError:
        known = ", ".join(sorted(one.stem for one in FOLDER.glob("*.toml")))
        raise EvaluationError(f"suite {name}: there is none; known are {known}, or give a TOML file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise EvaluationError(f"{path}: {error}") from None
    try:
        return _suite(source, path, data)
    except EvaluationError as error:
        raise EvaluationError(f"{path}: {error}") from None


def adhoc_suite(data: Path, text: str, label: str, **columns: str) -> Suite:
    """A suite for a file that has one column for the text and one for whether it is risky.

    Args:
        data: JSON Lines, CSV or Parquet.
        text: Column of the text.
        label: Column that is 1, true, yes or ja for risky rows (as text, in any case), and empty where nobody labelled; or a
            condition such as ``score >= 2`` or ``labels has any``.
        columns: Further columns, as `Columns` names them.

    Raises:
        EvaluationError: The file's ending names no format.
    """
    simple = not any(sign in label for sign in ("<", ">", "=", "!", " has "))
    condition = Condition(label, "says") if simple else Condition.parse(label)
    return Suite(data.name, "-", data, _format(data), {ANY: condition}, columns=Columns(text=text, **columns))


def _suite(source: Mapping[str, Any], path: Path, data: Path | None) -> Suite:
    known = {one.name for one in fields(Suite)}
    if unknown := set(source) - known:
        raise EvaluationError(f"unknown {', '.join(sorted(unknown))}; a suite has {', '.join(sorted(known))}")
    for name in ("name", "version", "targets", *(() if data else ("file",))):
        if name not in source:
            raise EvaluationError(f"{name} is missing")
    for one in fields(Suite):
        if one.type in _KINDS and not isinstance(source.get(one.name, one.type()), one.type):
            raise EvaluationError(f"{one.name}: must be {_KINDS[one.type]}")
    targets = source["targets"]
    if not isinstance(targets, dict) or not targets or not set(targets) <= set(TARGETS):
        raise EvaluationError(f"targets: must be a table with names of {', '.join(TARGETS)}")
    column_names = {one.name for one in fields(Columns)}
    columns = source.get("columns", {})
    if not isinstance(columns, dict) or not set(columns) <= column_names:
        raise EvaluationError(f"columns: must be a table with names of {', '.join(sorted(column_names))}")
    slices = source.get("slices", [])
    if not isinstance(slices, list) or not all(isinstance(name, str) for name in slices):
        raise EvaluationError("slices: must be a list of columns")
    file = data or path.parent / str(source["file"])
    form = source.get("format") or _format(file)
    if form not in _SUFFIXES.values():
        raise EvaluationError(f"format: must be one of {', '.join(sorted(set(_SUFFIXES.values())))}")
    rest = {name: source[name] for name in source if name not in ("targets", "columns", "file", "format", "slices")}
    conditions = {target: Condition.parse(str(condition)) for target, condition in targets.items()}
    return Suite(
        **rest,
        file=file,
        format=form,
        targets=conditions,
        columns=Columns(**{name: str(value) for name, value in columns.items()}),
        slices=tuple(slices),
    )


def _format(file: Path) -> str:
    suffix = next((part for part in reversed(file.suffixes) if part != ".gz"), "")
    if suffix not in _SUFFIXES:
        raise EvaluationError(f"{file.name}: must end in one of {', '.join(_SUFFIXES)}, optionally with .gz")
    return _SUFFIXES[suffix]
