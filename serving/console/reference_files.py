"""Files that references come from."""

from collections.abc import Mapping, Sequence
from typing import Any

from classifier import Classifier


def read_scored_cases(content: bytes) -> tuple[str, list[dict[str, Any]]]:
    """Model and rows of a file that `vangnet-eval run --scored` wrote."""
    raise NotImplementedError


def read_labelled(content: bytes, filename: str) -> list[dict[str, Any]]:
    """Rows with text of a labelled file."""
    raise NotImplementedError


def score_rows(classifier: Classifier, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Score them; their text is dropped."""
    raise NotImplementedError
