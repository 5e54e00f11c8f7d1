"""Policies to begin with."""

from enum import StrEnum

from classifier.policy import Policy
from serving.console.references import Scored


class Preset(StrEnum):
    """What matters most."""

    RECALL_FIRST = "recall_first"
    BALANCED = "balanced"
    PRECISION_FIRST = "precision_first"


def preset(name: Preset, scored: Scored, active: Policy, model: str, version: str) -> Policy:
    """A policy."""
    raise NotImplementedError
