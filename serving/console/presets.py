"""Policies to begin with: one threshold for all labels, chosen by messages that do not report on it."""

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from classifier.labels import LABEL_NAMES
from classifier.policy import Mode, Policy, Thresholds
from serving.console.figures import LEAST
from serving.console.references import Bools, Scored, UnusableReference, half

WANTED = 0.95
"""The share that comes first: of risky messages found, or of flagged messages that are risky."""
_GRID = 10_000
"""Thresholds have four decimals, as those that ship."""


class Preset(StrEnum):
    """What matters most."""

    RECALL_FIRST = "recall_first"
    BALANCED = "balanced"
    PRECISION_FIRST = "precision_first"


def preset(name: Preset, scored: Scored, model: str, version: str, active: Policy) -> Policy:
    """A policy with the same `review_at` for every label, chosen on `half(scored, choosing=True)` for any risk.

    Calibrated scores are comparable between labels, so one threshold serves them all.

    - `RECALL_FIRST`: the highest threshold that finds `WANTED` of the risky messages.
    - `BALANCED`: the one with the highest F1, the harmonic mean of recall and precision; of equals the lowest.
    - `PRECISION_FIRST`: the lowest one under which `WANTED` of the flagged messages are risky.

    Precision is that in the mix of the reference, by its weights: where an upload has more risky messages than the
    platform has, more of the platform's alarms are false than it promises.

    Args:
        name: What matters most.
        scored: Not the check cases, which only report.
        model: The bundle that the policy is for.
        version: Of the policy.
        active: Labels that it only observes or leaves out stay so, and choose nothing; its `escalate_at` stays, raised to
            `review_at` where it would be below.

    Raises:
        UnusableReference: The reference only reports (``only_reports``), does not tell what is missed (``no_audit_sample``),
            has fewer than `LEAST` risky or safe messages that choose (``too_few``), or no threshold does what is asked
            (``out_of_reach``).
    """
    chooses = half(scored, choosing=True)
    if not chooses.shows_misses:
        raise UnusableReference("no_audit_sample")
    if min(chooses.risky.sum(), (~chooses.risky).sum()) < LEAST:
        raise UnusableReference("too_few")
    decide = [column for column, label in enumerate(LABEL_NAMES) if active.thresholds[label].mode is Mode.ON]
    threshold = _choose(name, chooses.scores[:, decide].max(axis=1, initial=0.0), chooses.risky, chooses.weights)
    thresholds = {
        label: Thresholds(threshold, None if one.escalate_at is None else max(one.escalate_at, threshold), one.mode)
        for label, one in active.thresholds.items()
    }
    return Policy(version, model, thresholds)


def _choose(name: Preset, highest: NDArray[np.float64], risky: Bools, weights: NDArray[np.float64]) -> float:
    order = np.argsort(highest)
    # Rounded first: 0.6214 * 10,000 is a little less than 6,214.
    candidates = np.unique(np.clip(np.floor((highest * _GRID).round(6)), 1, _GRID)) / _GRID
    first = np.searchsorted(highest[order], candidates)

    def from_there(values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum of the values of the messages at or over each candidate."""
        sums: NDArray[np.float64] = np.cumsum(values[order][::-1])[::-1]
        return sums[first]

    found, flagged, total = from_there(weights * risky), from_there(weights), weights[risky].sum()
    if name is Preset.BALANCED:
        return float(candidates[np.argmax(2 * found / (total + flagged))])
    if name is Preset.RECALL_FIRST:
        met = candidates[found >= WANTED * total * (1 - 1e-9)][-1:]
    else:
        met = candidates[(found > 0) & (found >= WANTED * flagged * (1 - 1e-9))][:1]
    if not len(met):
        raise UnusableReference("out_of_reach")
    return float(met[0])
