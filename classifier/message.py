"""A message with its context, checked once at the edge; its text is never printed by accident."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from classifier.errors import MessageError

MAX_TEXT = 10_000
"""Longest text of a message or a context turn, in code points."""
MAX_CONTEXT = 5
"""Most context turns that a message may bring."""


class Role(StrEnum):
    """Who wrote a context turn: the author of the message, or somebody else."""

    SELF = "self"
    PEER = "peer"


@dataclass(frozen=True)
class Turn:
    """One earlier message. Its `repr` shows the length of the text, not the text."""

    role: Role
    text: str

    def __post_init__(self) -> None:
        _check_text("text", self.text)

    def __repr__(self) -> str:
        return f"Turn({self.role}, <{len(self.text)} code points>)"


@dataclass(frozen=True)
class Message:
    """The newest message of a conversation and what stood before it.

    Attributes:
        text: 1 to 10,000 code points.
        context: Up to five earlier messages, oldest first.

    Raises:
        MessageError: A limit is broken; the error names the field and the limit.
    """

    text: str
    context: tuple[Turn, ...] = ()

    def __post_init__(self) -> None:
        _check_text("text", self.text)
        if len(self.context) > MAX_CONTEXT:
            raise MessageError("context", f"has {len(self.context)} messages, at most {MAX_CONTEXT} are allowed")

    def __repr__(self) -> str:
        return f"Message(<{len(self.text)} code points>, {len(self.context)} context turns)"

    @classmethod
    def from_mapping(cls, source: Mapping[str, Any]) -> "Message":
        """Build from parsed JSON with ``text`` and optional ``context`` [{``role``, ``text``}]; other keys are ignored.

        Raises:
            MessageError: A field is missing, has the wrong type or breaks a limit.
        """
        if "text" not in source:
            raise MessageError("text", "is missing")
        turns = source.get("context") or ()
        if isinstance(turns, str | Mapping) or not isinstance(turns, Sequence):
            raise MessageError("context", "must be a list of objects with role and text")
        if len(turns) > MAX_CONTEXT:
            raise MessageError("context", f"has {len(turns)} messages, at most {MAX_CONTEXT} are allowed")
        return cls(source["text"], tuple(_turn(index, turn) for index, turn in enumerate(turns)))


def _turn(index: int, source: Any) -> Turn:
    where = f"context[{index}]"
    if not isinstance(source, Mapping) or "role" not in source or "text" not in source:
        raise MessageError(where, "must be an object with role and text")
    if source["role"] not in tuple(Role):
        raise MessageError(f"{where}.role", "must be 'self' or 'peer'")
    try:
        return Turn(Role(source["role"]), source["text"])
    except MessageError as error:
        raise MessageError(f"{where}.{error.field}", error.problem) from None


def _check_text(field: str, text: Any) -> None:
    if not isinstance(text, str):
        raise MessageError(field, "must be a string")
    if not 1 <= len(text) <= MAX_TEXT:
        raise MessageError(field, f"has {len(text)} code points, must have 1 to {MAX_TEXT}")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise MessageError(field, "contains an unpaired surrogate, which is not valid Unicode")
