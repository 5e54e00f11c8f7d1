"""Scores that somebody else computed, in a file."""

import csv
import hashlib
import io
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from classifier import Message
from eval.conditions import NO, YES
from eval.errors import EvaluationError
from eval.system import Judged
from eval.targets import TARGETS

FLAGGED = "_flagged"
"""Added to a target's name: the column of its decision."""


class ScoreFileSystem:
    """Scores by the id that a row has in the data; the messages themselves are not looked at.

    Args:
        file: JSON Lines, or CSV when its name ends in ``.csv``: ``id``, a column per target (`TARGETS`) with a score, and, as
            far as the system decides, ``<target>_flagged`` with 1 or 0, true or false. What is missing or empty is unknown.

    Raises:
        EvaluationError: The file cannot be read, or a row is wrong; the message names the row.
    """

    def __init__(self, file: Path) -> None:
        try:
            content = file.read_bytes()
            text = content.decode("utf-8-sig")
        except OSError as error:
            raise EvaluationError(f"{file}: {error.strerror}") from None
        except UnicodeDecodeError:
            raise EvaluationError(f"{file}: is not UTF-8") from None
        self._file = file.name
        self._known: dict[str, tuple[list[float], list[float]]] = {}
        for number, row in enumerate(_csv(text) if file.suffix.lower() == ".csv" else _lines(text), 1):
            try:
                self._add(row)
            except EvaluationError as error:
                raise EvaluationError(f"{file.name}: row {number}: {error}") from None
        if all(math.isnan(score) for scores, _ in self._known.values() for score in scores):
            raise EvaluationError(f"{file.name}: holds no score; columns are id and names of {', '.join(TARGETS)}")
        self.name = f"scores of {file.name}"
        self.facts = {"sha256": hashlib.sha256(content).hexdigest()}
        self.at_once = 256
        self.by_id = True

    def judge(self, messages: Sequence[Message], ids: Sequence[str]) -> Judged:
        """Judge messages; see `System`."""
        for one in ids:
            if one not in self._known:
                raise EvaluationError(f"{self._file}: there is no row with id {one}")
        found = [self._known[one] for one in ids]
        return Judged(np.array([scores for scores, _ in found]), np.array([flagged for _, flagged in found]))

    def _add(self, row: Any) -> None:
        if not isinstance(row, Mapping) or row.get("id") in (None, ""):
            raise EvaluationError("needs an id")
        name = str(row["id"])
        if name in self._known:
            raise EvaluationError(f"id {name} stands twice")
        flagged = [_decision(row, f"{target}{FLAGGED}") for target in TARGETS]
        self._known[name] = [_score(row, target) for target in TARGETS], flagged


# What cannot be read is counted as a row, and refused for want of an id.


def _csv(text: str) -> Iterator[Any]:
    try:
        yield from csv.DictReader(io.StringIO(text, newline=""))
    except csv.Error:
        yield None


def _lines(text: str) -> Iterator[Any]:
    for line in text.split("\n"):
        if line.strip():
            try:
                yield json.loads(line)
            except ValueError:
                yield None


def _score(row: Mapping[str, Any], column: str) -> float:
    value = row.get(column)
    if value is None or value == "":
        return math.nan
    try:
        score = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        score = math.nan
    if not math.isfinite(score):
        raise EvaluationError(f"{column}: must be a number")
    return score


def _decision(row: Mapping[str, Any], column: str) -> float:
    value = row.get(column)
    if value is None or value == "":
        return math.nan
    word = str(value).strip().lower()
    if word not in YES | NO:
        raise EvaluationError(f"{column}: must be 1 or 0, true or false")
    return float(word in YES)
