"""Codes of the labelling guide: kinds of safe messages, ways of wording, and which safe messages resemble risk."""

from collections.abc import Collection

SAFE_KINDS: tuple[str, ...] = tuple(f"N{number}" for number in range(1, 15))
WORDINGS: tuple[str, ...] = tuple(f"P{number}" for number in range(1, 13))
EVERYDAY = "N9"
"""Ordinary chat."""
SUPPORT: tuple[str, ...] = ("N2", "N3", "N4", "N10", "N12", "N14")
"""Kinds that are peer support: what a filter should protect."""


def is_everyday(labels: Collection[str], kind: str | None, pair: str | None) -> bool:
    """Whether a message is ordinary talk that was not written as the twin of a risky message."""
    return not labels and kind == EVERYDAY and pair is None


def is_look_alike(labels: Collection[str], kind: str | None, pair: str | None) -> bool:
    """Whether a message is safe and resembles risk: every safe kind but everyday talk, and its twins of risky messages.

    False where the kind is unknown.
    """
    return not labels and kind is not None and not is_everyday(labels, kind, pair)
