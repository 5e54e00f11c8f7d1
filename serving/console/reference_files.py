"""Files that become references: scored cases of `vangnet-eval`, and labelled messages that are scored here."""

import csv
import io
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from classifier import Classifier, Message, MessageError, VangnetError
from classifier.answer import SCORE_DIGITS
from classifier.labels import LABEL_NAMES, LABELS

MAX_ROWS = 2_000
"""Most messages of a labelled file; each is scored while somebody waits."""
MAX_CASES = 10_000
MAX_BYTES = 1_000_000
MAX_ID = 128
MAX_KIND = 16
_NAMES = {label.key: label.name for label in LABELS} | {name: name for name in LABEL_NAMES}
_BITS = {"0": False, "1": True}
_PROBLEMS = {
    "too_large": f"has more than {MAX_BYTES:,} bytes",
    "too_many": f"has more than {MAX_ROWS:,} messages, or {MAX_CASES:,} scored cases",
    "empty": "has no message",
    "ending": "must end in .csv, .jsonl or .ndjson",
    "not_utf8": "is not UTF-8",
    "not_csv": "is not well-formed CSV, or has another number of columns than the first line",
    "not_json": "is not a JSON object",
    "no_text": "there is no column of this name",
    "no_labels": "needs a column labels, a column for a label, or a column risky",
    "message": "is missing, empty, too long or not of the expected form",
    "label": "names a label that there is not, or is no list of labels",
    "bit": "must be 0 or 1",
    "kind": f"must be a text of at most {MAX_KIND} characters",
    "id": f"must be a text of 1 to {MAX_ID} characters that no other line has",
    "scores": "must be a number from 0 to 1 for each of the eleven labels",
    "model": "must be a text, the same on every line",
}


class ReferenceFileError(VangnetError):
    """A file cannot become a reference; never tells what stands in it.

    Attributes:
        problem: Key of what is wrong, such as ``bit``.
        line: From 1; None for the whole file.
        field: Which one.
    """

    def __init__(self, problem: str, field: str = "file", line: int | None = None) -> None:
        super().__init__(f"{'' if line is None else f'line {line}: '}{field}: {_PROBLEMS[problem]}")
        self.problem, self.field, self.line = problem, field, line


def read_scored_cases(content: bytes) -> tuple[str, list[dict[str, Any]]]:
    """Read a file that `vangnet-eval run --scored` wrote.

    Returns:
        The bundle that scored the cases, and rows with ``id``, ``kind``, ``labels`` and ``scores`` by label.

    Raises:
        ReferenceFileError: The file has another form, or too many lines.
    """
    rows: dict[str, dict[str, Any]] = {}
    models: set[str] = set()
    for line, source in _json_lines(_decoded(content)):
        id, model, scores = source.get("id"), source.get("model"), source.get("scores")
        if not isinstance(id, str) or not 0 < len(id) <= MAX_ID or id in rows:
            raise ReferenceFileError("id", "id", line)
        if not isinstance(model, str) or not 0 < len(model) <= MAX_ID or models - {model}:
            raise ReferenceFileError("model", "model", line)
        if not isinstance(scores, dict) or not all(_is_score(scores.get(name)) for name in LABEL_NAMES):
            raise ReferenceFileError("scores", "scores", line)
        if len(rows) == MAX_CASES:
            raise ReferenceFileError("too_many")
        models.add(model)
        rows[id] = {
            "id": id,
            "kind": _kind(source, line),
            "labels": _labels(source.get("labels"), line),
            "scores": {name: float(scores[name]) for name in LABEL_NAMES},
        }
    if not rows:
        raise ReferenceFileError("empty")
    return models.pop(), list(rows.values())


def read_labelled(content: bytes, filename: str) -> list[dict[str, Any]]:
    """Read messages with what somebody says of them.

    CSV (separated by commas, semicolons or tabs, the first line names the columns) or JSON Lines, with ``text``, optionally
    ``context`` (JSON Lines: a list of {``role``, ``text``}) and ``kind`` (a code of the labelling guide), and one of

    - ``labels``: names or keys of labels, separated by spaces or commas, or a list; empty for a safe message;
    - a column for each label that was judged, by its name or key, with 0 or 1;
    - ``risky``, 0 or 1, where it is only known whether a message is risky.

    Returns:
        Rows with ``id`` (number of the line), ``message``, ``kind``, ``labels``, ``judged`` (labels that are known; None
        for all) and ``risky`` (true where the message is risky and nobody said by which label).

    Raises:
        ReferenceFileError: The file is too large, has another form, or a line is wrong; names line and field, never a text.
    """
    if len(content) > MAX_BYTES:
        raise ReferenceFileError("too_large")
    ending = filename.lower().rpartition(".")[2]
    readers: dict[str, Callable[[str], Iterator[tuple[int, Mapping[str, Any]]]]] = {
        "csv": _table,
        "jsonl": _json_lines,
        "ndjson": _json_lines,
    }
    if ending not in readers:
        raise ReferenceFileError("ending")
    rows: list[dict[str, Any]] = []
    for line, source in readers[ending](_decoded(content)):
        if len(rows) == MAX_ROWS:
            raise ReferenceFileError("too_many")
        try:
            message = Message.from_mapping(source)
        except MessageError as error:
            raise ReferenceFileError("message", error.field, line) from None
        rows.append({"id": str(line), "message": message, "kind": _kind(source, line)} | _said(source, line))
    if not rows:
        raise ReferenceFileError("empty")
    return rows


def score_rows(classifier: Classifier, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Score what `read_labelled` read.

    Returns:
        Rows with ``id``, ``kind``, ``labels``, ``judged``, ``risky`` and ``scores`` by label, four decimals; no message.
    """
    return [
        {key: value for key, value in row.items() if key != "message"}
        | {
            "scores": {
                name: round(score, SCORE_DIGITS) for name, score in classifier.predict(row["message"]).scores.items()
            }
        }
        for row in rows
    ]


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ReferenceFileError("not_utf8", line=content.count(b"\n", 0, error.start) + 1) from None


def _json_lines(text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            source = json.loads(line)
        except (ValueError, RecursionError):
            source = None
        if not isinstance(source, dict):
            raise ReferenceFileError("not_json", "line", number)
        yield number, source


def _table(text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Records under a header, each with the number of its first line."""
    first = text.partition("\n")[0]
    delimiter = next((one for one in ",;\t" if "text" in (name.strip() for name in first.strip().split(one))), ",")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    header: list[str] = []
    line = 1
    try:
        for cells in reader:
            if not header:
                header = [name.strip() for name in cells]
                if "text" not in header:
                    raise ReferenceFileError("no_text", "text", line)
            elif cells:
                if len(cells) != len(header):
                    raise ReferenceFileError("not_csv", "line", line)
                yield line, dict(zip(header, cells, strict=True))
            line = reader.line_num + 1
    except csv.Error:
        raise ReferenceFileError("not_csv", "line", line) from None


def _said(source: Mapping[str, Any], line: int) -> dict[str, Any]:
    """What a row says of its message."""
    if "labels" in source:
        return {"labels": _labels(source["labels"], line), "judged": None, "risky": False}
    columns = {_NAMES[column]: _bit(value, column, line) for column, value in source.items() if column in _NAMES}
    if columns:
        return {"labels": [name for name, one in columns.items() if one], "judged": list(columns), "risky": False}
    if "risky" not in source:
        raise ReferenceFileError("no_labels", "labels", line)
    risky = _bit(source["risky"], "risky", line)
    return {"labels": [], "judged": [] if risky else None, "risky": risky}


def _labels(value: Any, line: int) -> list[str]:
    given = value.replace(",", " ").split() if isinstance(value, str) else value
    if not isinstance(given, list) or not all(isinstance(one, str) and one in _NAMES for one in given):
        raise ReferenceFileError("label", "labels", line)
    return list(dict.fromkeys(_NAMES[one] for one in given))


def _kind(source: Mapping[str, Any], line: int) -> str | None:
    kind = source.get("kind")
    if kind is not None and (not isinstance(kind, str) or len(kind) > MAX_KIND):
        raise ReferenceFileError("kind", "kind", line)
    return kind.strip() or None if kind else None


def _bit(value: Any, field: str, line: int) -> bool:
    found = _BITS.get(str(int(value)) if isinstance(value, bool) else str(value).strip())
    if found is None:
        raise ReferenceFileError("bit", field, line)
    return found


def _is_score(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and 0 <= value <= 1
