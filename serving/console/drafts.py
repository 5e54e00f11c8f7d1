"""Policies in the making."""

from collections.abc import Mapping, Sequence
from typing import Any

from classifier.policy import Policy
from serving.console.references import Scored


def changes(scored: Scored, active: Policy, draft: Policy, most: int = 200) -> list[dict[str, Any]]:
    """Messages whose decision changes."""
    raise NotImplementedError


def document(version: str, model: str, thresholds: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """A policy document."""
    raise NotImplementedError


def next_version(policies: Sequence[Mapping[str, Any]]) -> str:
    """The next version of today."""
    raise NotImplementedError
