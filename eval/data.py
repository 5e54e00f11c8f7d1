"""Read labelled messages: JSON Lines with `text`, `labels` and optional `context`, `kind`, `voice`, `conversation`."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from classifier import Message, MessageError
from classifier.kinds import is_everyday, is_look_alike
from classifier.labels import BY_NAME
from eval.errors import EvaluationError


@dataclass(frozen=True)
class Case:
    """One labelled message.

    Attributes:
        id: The row's `id`, or its file and line.
        message: What is judged.
        labels: Full label names; empty means safe.
        kind: Code of the kind (N1 to N14, P1 to P12), or None.
        pair: Id of a case with nearly the same words and other labels, or None.
        cluster: Conversation, else voice, else the case itself: what intervals draw together.
        register: How formal it is, in the data's own words, or None.
    """

    id: str
    message: Message
    labels: frozenset[str]
    kind: str | None
    pair: str | None
    cluster: str
    register: str | None = None

    @property
    def everyday(self) -> bool:
        """Ordinary talk that was not written to resemble risk."""
        return is_everyday(self.labels, self.kind, self.pair)

    @property
    def look_alike(self) -> bool:
        """Safe, and written to resemble risk; only where the data names kinds."""
        return is_look_alike(self.labels, self.kind, self.pair)


def read_cases(paths: Sequence[Path]) -> list[Case]:
    """Read every file.

    Raises:
        EvaluationError: A file cannot be read, or a line is wrong; the message names file and line.
    """
    cases = []
    for path in paths:
        try:
            lines = path.read_text(encoding="utf-8").split("\n")  # splitlines() would also split at U+2028
        except (OSError, UnicodeDecodeError) as error:
            raise EvaluationError(f"{path}: {error}") from None
        for number, line in enumerate(lines, 1):
            if line.strip():
                try:
                    cases.append(_case(json.loads(line), f"{path.name}:{number}"))
                except (ValueError, EvaluationError, MessageError) as error:
                    reason = "is not JSON" if isinstance(error, ValueError) else error
                    raise EvaluationError(f"{path}:{number}: {reason}") from None
    if not cases:
        raise EvaluationError("the data holds no message")
    return cases


def read_sentences(path: Path) -> list[Message]:
    """Read plain sentences, one a line, presumed safe.

    Raises:
        EvaluationError: The file cannot be read as UTF-8, or holds no sentence.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise EvaluationError(f"{path}: {error}") from None
    messages = [Message(line.strip()) for line in lines if line.strip()]
    if not messages:
        raise EvaluationError(f"{path}: holds no sentence")
    return messages


def _case(row: Any, place: str) -> Case:
    if not isinstance(row, dict) or not isinstance(row.get("labels"), list):
        raise EvaluationError("must be an object with text and labels")
    labels = frozenset(map(str, row["labels"]))
    if unknown := labels - set(BY_NAME):
        raise EvaluationError(f"labels: unknown {sorted(unknown)}")
    for field in ("kind", "pair", "register"):
        if not isinstance(row.get(field), str | None):
            raise EvaluationError(f"{field}: must be a string or null")
    name = str(row.get("id", place))
    cluster = row.get("conversation") or row.get("voice") or name
    return Case(
        name, Message.from_mapping(row), labels, row.get("kind"), row.get("pair"), str(cluster), row.get("register")
    )
