"""Read the written conversations: one JSON Lines file per writer, one message a line, splits as for voices."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from classifier.errors import MessageError
from classifier.message import MAX_CONTEXT, Message
from training.corpus_files import Example, read_row, read_splits
from training.errors import TrainingError

FOLDER = Path(__file__).parent / "conversations"
SHORTEST, LONGEST = 8, 25
_FIELDS = {"id", "conversation", "turn", "author", "text", "labels", "kind", "risk_from"}


@dataclass(frozen=True)
class Line:
    """One message of a conversation.

    Attributes:
        id: Conversation and turn.
        message: With up to five earlier messages as context, `self` where the same author wrote them.
        labels: Full label names; empty means safe.
        kind: N code if safe, P code if risky.
    """

    id: str
    message: Message
    labels: frozenset[str]
    kind: str


@dataclass(frozen=True)
class Conversation:
    """A whole conversation.

    Attributes:
        id: Writer and number.
        writer: Name of the file.
        lines: In order of time.
        authors: How many people speak.
        risk_from: Turn, from 1, of the first labelled message; None in a safe conversation.
    """

    id: str
    writer: str
    lines: tuple[Line, ...]
    authors: int
    risk_from: int | None


def read_conversations(folder: Path = FOLDER) -> tuple[list[Conversation], dict[str, str]]:
    """Read and check all conversations.

    Returns:
        The conversations, and the split of every writer from voices.toml beside them.

    Raises:
        TrainingError: With all errors found, each with file and line or conversation.
    """
    splits = read_splits(folder)
    found, errors = [], []
    for writer in splits:
        path = folder / f"{writer}.jsonl"
        rows: dict[str, list[dict[str, Any]]] = {}
        try:
            lines = path.read_text(encoding="utf-8").rstrip("\n").split("\n")
        except (OSError, UnicodeDecodeError) as error:
            errors.append(f"{path}: {error}")
            continue
        for number, line in enumerate(lines, 1):
            try:
                row = _row(line)
                rows.setdefault(row["conversation"], []).append(row)
            except TrainingError as error:
                errors.append(f"{path}:{number}: {error}")
        for name, part in rows.items():
            try:
                found.append(_conversation(name, writer, part))
            except (TrainingError, MessageError) as error:
                errors.append(f"{path}: conversation {name}: {error}")
    extra = {path.stem for path in folder.glob("*.jsonl")} - set(splits)
    errors += [f"{folder / name}.jsonl: is not named in voices.toml" for name in sorted(extra)]
    errors += [
        f"conversation {name}: stands in two files"
        for name, count in Counter(one.id for one in found).items()
        if count > 1
    ]
    if errors:
        raise TrainingError("the conversations have errors:\n" + "\n".join(errors))
    return found, splits


def as_examples(conversations: Iterable[Conversation]) -> list[Example]:
    """Every message of the conversations as a training message, with the messages before it as context."""
    return [
        Example(
            line.id,
            line.message,
            line.labels,
            line.kind,
            (line.kind,) if line.labels else (),
            "informal",
            one.writer,
            None,
        )
        for one in conversations
        for line in one.lines
    ]


def summary(conversations: Iterable[Conversation]) -> dict[str, int]:
    """Counts of conversations and messages."""
    rows = list(conversations)
    return {
        "conversations": len(rows),
        "risky": sum(row.risk_from is not None for row in rows),
        "group": sum(row.authors > 2 for row in rows),
        "messages": sum(len(row.lines) for row in rows),
        "risky_messages": sum(bool(line.labels) for row in rows for line in row.lines),
    }


def _row(line: str) -> dict[str, Any]:
    row = read_row(line, _FIELDS)
    if not all(isinstance(row[key], str) for key in ("id", "conversation", "author")):
        raise TrainingError("id, conversation and author must be strings")
    return row


def _conversation(name: str, writer: str, rows: list[dict[str, Any]]) -> Conversation:
    if not SHORTEST <= len(rows) <= LONGEST:
        raise TrainingError(f"has {len(rows)} messages, must have {SHORTEST} to {LONGEST}")
    if [row["turn"] for row in rows] != list(range(1, len(rows) + 1)):
        raise TrainingError("turns must count from 1 without a gap")
    first = next((row["turn"] for row in rows if row["labels"]), None)
    if any(row["risk_from"] != first for row in rows):
        raise TrainingError(f"risk_from must be {first}, the first labelled turn, on every line")
    lines = []
    for position, row in enumerate(rows):
        context = [
            {"role": "self" if earlier["author"] == row["author"] else "peer", "text": earlier["text"]}
            for earlier in rows[max(0, position - MAX_CONTEXT) : position]
        ]
        message = Message.from_mapping({"text": row["text"], "context": context})
        lines.append(Line(row["id"], message, frozenset(row["labels"]), row["kind"]))
    return Conversation(name, writer, tuple(lines), len({row["author"] for row in rows}), first)
