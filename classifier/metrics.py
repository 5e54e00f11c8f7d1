"""Ranking and decision metrics in plain numpy, for evaluation, training and the service alike.

Each takes ``truth`` (0 or 1, shape (n,)) and ``scores`` (higher means more risky, shape (n,)) or ``flagged`` (bool).
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def precision(truth: ArrayLike, flagged: ArrayLike) -> float:
    """Share of flagged messages that are risky; NaN when nothing is flagged."""
    truth, flagged = np.asarray(truth, bool), np.asarray(flagged, bool)
    return _share(int((truth & flagged).sum()), int(flagged.sum()))


def recall(truth: ArrayLike, flagged: ArrayLike) -> float:
    """Share of risky messages that are flagged; NaN when nothing is risky."""
    truth, flagged = np.asarray(truth, bool), np.asarray(flagged, bool)
    return _share(int((truth & flagged).sum()), int(truth.sum()))


def false_alarm_rate(truth: ArrayLike, flagged: ArrayLike) -> float:
    """Share of safe messages that are flagged; NaN when nothing is safe."""
    truth, flagged = np.asarray(truth, bool), np.asarray(flagged, bool)
    return _share(int((~truth & flagged).sum()), int((~truth).sum()))


def f1(truth: ArrayLike, flagged: ArrayLike) -> float:
    """Harmonic mean of precision and recall, 2TP / (2TP + FP + FN); NaN when nothing is risky or flagged."""
    truth, flagged = np.asarray(truth, bool), np.asarray(flagged, bool)
    return _share(2 * int((truth & flagged).sum()), int(truth.sum()) + int(flagged.sum()))


def average_precision(truth: ArrayLike, scores: ArrayLike) -> float:
    """Average precision, the sum of precision times the step in recall over distinct scores, as in scikit-learn.

    Its floor is the share of risky messages; NaN when nothing is risky.
    """
    truth, scores = np.asarray(truth, bool), np.asarray(scores, float)
    if not truth.any():
        return float("nan")
    order = np.argsort(-scores, kind="stable")
    sorted_scores = scores[order]
    last_of_tie = np.r_[np.flatnonzero(np.diff(sorted_scores)), len(scores) - 1]
    hits = np.cumsum(truth[order])[last_of_tie]
    steps = np.diff(np.r_[0, hits]) / truth.sum()
    return float((steps * hits / (last_of_tie + 1)).sum())


def auroc(truth: ArrayLike, scores: ArrayLike) -> float:
    """Chance that a risky message scores above a safe one, ties counting half (Mann-Whitney U); NaN without both."""
    truth, scores = np.asarray(truth, bool), np.asarray(scores, float)
    positives, negatives = int(truth.sum()), int((~truth).sum())
    if not positives or not negatives:
        return float("nan")
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    mean_rank = np.cumsum(counts) - (counts - 1) / 2
    rank_sum = float(mean_rank[inverse][truth].sum())
    return (rank_sum - positives * (positives + 1) / 2) / (positives * negatives)


def threshold_at(alarms: float, safe_scores: ArrayLike) -> float:
    """The threshold that at most the share `alarms` (0 to 1) of safe scores lies above; infinite without safe scores.

    A score counts as flagged when it is greater than the threshold, so ties with it stay unflagged.
    """
    safe = np.sort(np.asarray(safe_scores, float))[::-1]
    if not len(safe):
        return float("inf")
    allowed = int(np.floor(alarms * len(safe)))
    return float(safe[allowed]) if allowed < len(safe) else float("-inf")


def recall_at(alarms: float, truth: ArrayLike, scores: ArrayLike) -> float:
    """Recall at the lowest threshold that flags at most the share `alarms` of safe messages; NaN without both."""
    truth, scores = np.asarray(truth, bool), np.asarray(scores, float)
    if truth.all() or not truth.any():
        return float("nan")
    return float((scores[truth] > threshold_at(alarms, scores[~truth])).mean())


def bootstrap_interval(
    metric: Callable[..., float],
    columns: tuple[ArrayLike, ...],
    clusters: ArrayLike | None = None,
    *,
    draws: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[float, float]:
    """Percentile bootstrap interval of ``metric(*columns)``, drawing whole clusters with replacement.

    Args:
        metric: A function of the columns that returns one number.
        columns: Arrays of the same length n.
        clusters: Shape (n,): rows of one cluster (a voice, a conversation) are drawn together; None draws rows.
        draws: Number of resamples.
        level: Coverage in (0, 1).
        seed: Seed of the resampling.

    Returns:
        Lower and upper bound; NaN, NaN when the metric is undefined in more than half of the draws.
    """
    arrays = [np.asarray(column) for column in columns]
    size = len(arrays[0])
    if size == 0:
        return float("nan"), float("nan")
    groups = np.arange(size) if clusters is None else np.unique(np.asarray(clusters), return_inverse=True)[1]
    order = np.argsort(groups, kind="stable")
    members = np.split(order, np.flatnonzero(np.diff(groups[order])) + 1)
    random = np.random.default_rng(seed)
    values = np.empty(draws)
    for draw in range(draws):
        rows = np.concatenate([members[index] for index in random.integers(0, len(members), len(members))])
        values[draw] = metric(*(array[rows] for array in arrays))
    if np.isnan(values).mean() > 0.5:
        return float("nan"), float("nan")
    tail = (1 - level) / 2
    low, high = np.nanquantile(values, [tail, 1 - tail])
    return float(low), float(high)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")
