"""Metrics beyond those of the core, in plain numpy; arguments as in `classifier.metrics`, NaN where a figure is undefined."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import binomtest

from classifier.metrics import Array

LEAST_ALARMS = 10
"""A rate of false alarms is given only where at least so many are expected."""


def false_alarms_at_recall(wanted: float, truth: ArrayLike, scores: ArrayLike) -> float:
    """Share of safe messages at or above the highest threshold that finds the share `wanted` (0 to 1) of risky ones."""
    truth, scores = np.asarray(truth, bool), np.asarray(scores, float)
    if truth.all() or not truth.any():
        return math.nan
    risky = np.sort(scores[truth])[::-1]
    needed = max(1, math.ceil(wanted * len(risky) - 1e-9))
    return float((scores[~truth] >= risky[needed - 1]).mean())


def precision_at_prevalence(prevalence: float, truth: ArrayLike, flagged: ArrayLike) -> float:
    """Precision if the share `prevalence` (0 to 1) of messages were risky, by Bayes' rule from recall and false-alarm rate."""
    truth, flagged = np.asarray(truth, bool), np.asarray(flagged, bool)
    if truth.all() or not truth.any() or not flagged.any():
        return math.nan
    found = prevalence * float(flagged[truth].mean())
    false = (1 - prevalence) * float(flagged[~truth].mean())
    return found / (found + false)


def calibration_error(truth: ArrayLike, scores: ArrayLike, bins: int = 10) -> float:
    """Expected calibration error over bins of equal count (Naeini, Cooper and Hauskrecht 2015; equal-mass bins).

    Mean over the bins, weighted by their rows, of the gap between the mean score and the share of risky messages.
    """
    truth, scores = np.asarray(truth, float), np.asarray(scores, float)
    if not len(truth):
        return math.nan
    parts = np.array_split(np.argsort(scores, kind="stable"), min(bins, len(truth)))
    return float(sum(abs((scores[part] - truth[part]).sum()) for part in parts) / len(truth))


def reliability_curve(truth: ArrayLike, scores: ArrayLike, bins: int = 10) -> tuple[Array, Array]:
    """Mean score and share of risky messages per bin of equal count, each of shape (bins,)."""
    truth, scores = np.asarray(truth, float), np.asarray(scores, float)
    if not len(truth):
        return np.array([]), np.array([])
    parts = np.array_split(np.argsort(scores, kind="stable"), min(bins, len(truth)))
    return np.array([scores[part].mean() for part in parts]), np.array([truth[part].mean() for part in parts])


def estimable(rate: float, rows: int) -> bool:
    """Whether `rate` (0 to 1) of `rows` rows is `LEAST_ALARMS` or more."""
    return rate * rows >= LEAST_ALARMS - 1e-9


def both_right(truth: ArrayLike, flagged: ArrayLike, pairs: Sequence[tuple[int, int]]) -> Array:
    """Per pair of rows, a risky and a safe one, 1 where both are decided rightly (contrast consistency, Gardner 2020)."""
    truth, flagged = np.asarray(truth, bool), np.asarray(flagged, bool)
    right = truth == flagged
    return np.array([float(right[one] and right[other]) for one, other in pairs])


def mcnemar(right: ArrayLike, other_right: ArrayLike) -> float:
    """Exact p-value of McNemar's test (McNemar 1947): do two systems err equally often on the same messages?

    Args:
        right: Shape (n,), whether the one system is right.
        other_right: Shape (n,), whether the other is.

    Returns:
        Two-sided p in [0, 1]; 1 where they never differ.
    """
    right, other_right = np.asarray(right, bool), np.asarray(other_right, bool)
    only, only_other = int((right & ~other_right).sum()), int((~right & other_right).sum())
    return 1.0 if only + only_other == 0 else float(binomtest(only, only + only_other, 0.5).pvalue)
