"""How much masking misses, measured on written messages whose personal data is marked."""

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from serving.masking import mask

BLIND = Path(__file__).with_name("masking_blind.jsonl")
"""Written by another hand without sight of the rules, which were not changed afterwards: its figures are to be believed."""
DEVELOPMENT = Path(__file__).with_name("masking_development.jsonl")
"""The messages that the rules were made on."""
KINDS = ("name", "phone", "email", "url", "handle", "address", "iban", "bsn", "date_of_birth", "school_or_employer")
WITHOUT = "messages without personal data"
_TAG = re.compile(r"\[[a-z-]+\]")


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        kind: Of personal data, or `WITHOUT`.
        total: Spans of the kind, or messages without any.
        wrong: Spans that are missed, or messages that are changed all the same.
        low: Lower end of the 95 % interval of `rate`, 0 to 1.
        high: Upper end.
    """

    kind: str
    total: int
    wrong: int
    low: float
    high: float

    @property
    def rate(self) -> float:
        """Share that is wrong, 0 to 1; 0 of none."""
        return self.wrong / self.total if self.total else 0.0


def check(path: Path = BLIND, masker: Callable[[str], str] = mask) -> list[Row]:
    """Mask every message of a file and count what went wrong.

    Args:
        path: JSON Lines with ``text`` and ``spans``, each with ``start``, ``end`` (code points, end not included), ``kind``.
        masker: What masks.

    Returns:
        A row for each of `KINDS` and one for all, in which a span is missed unless all its letters and digits are replaced;
        then one for the messages without spans, in which a message is wrong when it changed.

    Raises:
        OSError: The file cannot be read.
        ValueError: A line is not a marked message; the error names its number and never repeats the text.
    """
    found: dict[str, list[bool]] = {kind: [] for kind in (*KINDS, WITHOUT)}
    for message in _read(path):
        text, spans = message["text"], message["spans"]
        masked = masker(text)
        if not spans:
            found[WITHOUT].append(masked != text)
        kept = kept_characters(text, masked) if spans else []
        for span in spans:
            missed = any(kept[at] and text[at].isalnum() for at in range(span["start"], span["end"]))
            found[span["kind"]].append(missed)
    rows = [_row(kind, found[kind]) for kind in KINDS]
    rows.append(_row("all", [missed for kind in KINDS for missed in found[kind]]))
    return [*rows, _row(WITHOUT, found[WITHOUT])]


def kept_characters(text: str, masked: str) -> list[bool]:
    """For each code point of a text, whether it still stands in what masking made of it.

    Between the tags stand pieces of the text, in order; where one could stand twice, the way that replaces least is taken.
    """
    pieces = _TAG.split(masked)
    # Each tag replaced something, so at least one code point lies between two pieces.
    pattern = ".+?".join(f"({re.escape(piece)})" for piece in pieces)
    match = re.fullmatch(pattern, text, re.DOTALL)
    kept = [False] * len(text)
    if match is None:
        raise ValueError("the masked text is not the text with parts replaced")
    for number in range(1, len(pieces) + 1):
        start, end = match.span(number)
        kept[start:end] = [True] * (end - start)
    return kept


def table(rows: Iterable[Row]) -> Table:
    """The rows, for `rich` to print."""
    shown = Table("kind", title="What masking misses")
    for head in ("total", "missed or changed", "rate", "95 % interval"):
        shown.add_column(head, justify="right")
    for row in rows:
        shown.add_row(row.kind, str(row.total), str(row.wrong), f"{row.rate:.1%}", f"{row.low:.1%} to {row.high:.1%}")
    return shown


def wilson(hits: int, total: int, z: float = 1.959964) -> tuple[float, float]:
    """Wilson 95 % interval of a share; 0 to 1 for a total of 0.

    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference, Journal of the American
    Statistical Association 22 (1927), 209-212; the score interval without continuity correction.
    """
    if not total:
        return 0.0, 1.0
    share, square = hits / total, z * z
    middle = (share + square / (2 * total)) / (1 + square / total)
    half = z / (1 + square / total) * math.sqrt(share * (1 - share) / total + square / (4 * total * total))
    return max(0.0, middle - half), min(1.0, middle + half)


def _row(kind: str, wrongs: list[bool]) -> Row:
    return Row(kind, len(wrongs), sum(wrongs), *wilson(sum(wrongs), len(wrongs)))


def _read(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                message = json.loads(line)
                size = len(message["text"])
                good = all(0 <= one["start"] < one["end"] <= size and one["kind"] in KINDS for one in message["spans"])
            except (ValueError, KeyError, TypeError):
                good = False
            if not good:
                raise ValueError(f"line {number}: is not an object with text and spans (start, end, kind) within it")
            yield message
