"""Policies in the making, and the messages that they would decide otherwise."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from classifier.labels import BY_NAME, LABEL_NAMES
from classifier.policy import Action, Policy
from serving.console.figures import reached
from serving.console.references import Scored

_ACTIONS = (Action.ALLOW, Action.REVIEW, Action.ESCALATE)
_RANKS = np.array([BY_NAME[name].severity.rank for name in LABEL_NAMES])


def changes(scored: Scored, active: Policy, draft: Policy, most: int = 200) -> list[dict[str, Any]]:
    """Messages that a draft decides otherwise.

    Args:
        scored: The messages.
        active: The policy that decides now.
        draft: The one to compare.
        most: No more are told.

    Returns:
        ``id``, ``before`` and ``after`` (actions), ``labels`` (those that hold, as far as known) and ``reached`` (labels that
        reach a threshold of either policy), by the highest severity among the reached labels, then by the stronger of the two
        actions, then by the highest score.
    """
    before, after = reached(scored.scores, active), reached(scored.scores, draft)
    either = np.maximum(before, after)
    was, becomes = before.max(axis=1), after.max(axis=1)
    severity = ((either > 0) * _RANKS).max(axis=1)
    changed = np.flatnonzero(was != becomes)
    keys = (scored.scores.max(axis=1), either.max(axis=1), severity)
    order = np.lexsort([-key[changed].astype(float) for key in keys])
    holds = scored.truth & scored.known
    return [
        {
            "id": scored.ids[row],
            "before": str(_ACTIONS[was[row]]),
            "after": str(_ACTIONS[becomes[row]]),
            "labels": [name for name, one in zip(LABEL_NAMES, holds[row], strict=True) if one],
            "reached": [name for name, one in zip(LABEL_NAMES, either[row], strict=True) if one],
        }
        for row in changed[order][:most]
    ]


def document(version: str, model: str, thresholds: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """A policy document, as `serving.policies.Policies.create` takes it.

    Args:
        version: Of the policy.
        model: The bundle that it is for.
        thresholds: By label ``review_at``, ``escalate_at`` (a number or None) and ``mode``.

    Raises:
        PolicyError: A label is missing or unknown, or a threshold is wrong; names the field.
    """
    return Policy.from_dict({"version": version, "model": model, "labels": thresholds}).as_dict()


def next_version(policies: Sequence[Mapping[str, Any]], now: datetime | None = None) -> str:
    """The first version of today (UTC) that is free, such as ``2026-11-22.1``.

    Args:
        policies: As `serving.policies.Policies.listed` gives them.
        now: When.
    """
    taken = {policy["version"] for policy in policies}
    today = (now or datetime.now(UTC)).date().isoformat()
    return next(version for number in range(1, len(taken) + 2) if (version := f"{today}.{number}") not in taken)
