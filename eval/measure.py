"""Figures of one evaluation: per area and label, for the decision, and false alarms by kind."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from classifier.labels import LABEL_NAMES, LABELS, Area, area_columns
from classifier.metrics import (
    auroc,
    average_precision,
    f1,
    false_alarm_rate,
    precision,
    recall,
    recall_at,
)
from classifier.policy import Policy
from eval.data import Case
from eval.errors import EvaluationError
from eval.figure import Figure, figure, mean, rounded
from eval.pairs import pairs
from eval.slices import slices

SELF_HARM_INTENT = "self_harm/intent"


def measure(cases: Sequence[Case], scores: np.ndarray, policy: Policy, draws: int = 1000) -> dict[str, Any]:
    """All figures, each with a 95 % interval from a bootstrap over clusters (conversations or voices).

    Args:
        cases: Labelled messages.
        scores: Calibrated scores of the same messages, shape (cases, labels).
        policy: Its `review_at` decides what counts as flagged.
        draws: Number of bootstrap resamples.

    Returns:
        Plain values: ``messages``, ``any_risk``, ``areas``, ``labels``, ``macro_f1``, ``kinds``, ``slices``, ``pairs``.
    """
    truth = np.array([[name in case.labels for name in LABEL_NAMES] for case in cases])
    over = scores >= np.array([policy.thresholds[name].review_at for name in LABEL_NAMES])
    clusters = np.array([case.cluster for case in cases])

    def part(metric: Callable[..., float], rows: np.ndarray, *columns: np.ndarray) -> Figure:
        return figure(metric, tuple(column[rows] for column in columns), clusters[rows], draws)

    def whole(metric: Callable[..., float], *columns: np.ndarray) -> Figure:
        return figure(metric, columns, clusters, draws)

    def block(wanted: np.ndarray, score: np.ndarray, flagged: np.ndarray) -> dict[str, Any]:
        return {
            "positives": int(wanted.sum()),
            "auroc": whole(auroc, wanted, score),
            "ap": whole(average_precision, wanted, score),
            "precision": whole(precision, wanted, flagged),
            "recall": whole(recall, wanted, flagged),
            "f1": whole(f1, wanted, flagged),
        }

    any_truth, any_flag = truth.any(axis=1), over.any(axis=1)
    columns = {str(area): area_columns(area) for area in Area}
    return {
        "messages": len(cases),
        "clusters": len(set(clusters)),
        "any_risk": {
            **block(any_truth, scores.max(axis=1), any_flag),
            "false_alarm_rate": whole(false_alarm_rate, any_truth, any_flag),
        },
        "intent_found": whole(
            recall, truth[:, LABEL_NAMES.index(SELF_HARM_INTENT)], over[:, area_columns(Area.SELF_HARM)].any(axis=1)
        ),
        "areas": {
            area: block(truth[:, its].any(axis=1), scores[:, its].max(axis=1), over[:, its].any(axis=1))
            for area, its in columns.items()
        },
        "labels": {
            label.name: block(truth[:, column], scores[:, column], over[:, column])
            for column, label in enumerate(LABELS)
        },
        "macro_f1": whole(_macro_f1, *truth.T, *over.T),
        "everyday": _everyday(cases, any_flag),
        "look_alikes": _safe_figures(cases, scores, over, any_truth, clusters, draws),
        "kinds": _kinds(cases, any_truth, any_flag),
        "slices": slices(cases, any_flag, part),
        "pairs": pairs(cases, any_flag, draws),
    }


def disguised(
    cases: Sequence[Case],
    scores: np.ndarray,
    copies: Sequence[Case],
    copy_scores: np.ndarray,
    policy: Policy,
    draws: int,
) -> dict[str, Any]:
    """Recall on disguised copies of risky messages beside that on the same messages as they are.

    Args:
        cases: Labelled messages.
        scores: Calibrated, shape (cases, labels).
        copies: The same messages under the same ids, with some words disguised.
        copy_scores: Calibrated, shape (copies, labels).
        policy: Its `review_at` decides what counts as flagged.
        draws: Number of bootstrap resamples.

    Raises:
        EvaluationError: A copy has no risky original.
    """
    row_of = {case.id: row for row, case in enumerate(cases) if case.labels}
    if lacking := [case.id for case in copies if case.id not in row_of]:
        raise EvaluationError(
            f"--disguised: {len(lacking)} of its messages are no risky message of the data, such as {lacking[0]}"
        )
    review = np.array([policy.thresholds[name].review_at for name in LABEL_NAMES])
    plain = (scores[[row_of[case.id] for case in copies]] >= review).any(axis=1).astype(float)
    hidden = (copy_scores >= review).any(axis=1).astype(float)
    clusters = np.array([case.cluster for case in copies])

    found = {"recall_plain": plain, "recall_disguised": hidden, "lost": plain - hidden}
    return {"messages": len(copies)} | {
        name: figure(mean, (column,), clusters, draws) for name, column in found.items()
    }


def alarms_per_thousand(scores: np.ndarray, policy: Policy) -> dict[str, float]:
    """Share of presumed-safe sentences that the policy flags, per 1,000, with a Wilson 95 % interval."""
    over = (scores >= np.array([policy.thresholds[name].review_at for name in LABEL_NAMES])).any(axis=1)
    low, high = _wilson(int(over.sum()), len(over))
    return {
        "sentences": len(over),
        "alarms": int(over.sum()),
        "per_1000": 1000 * float(over.mean()),
        "low": low * 1000,
        "high": high * 1000,
    }


def _macro_f1(*columns: np.ndarray) -> float:
    """Mean F1 over the labels for which it is defined; NaN when there is none."""
    half = len(columns) // 2
    values = [f1(wanted, flagged) for wanted, flagged in zip(columns[:half], columns[half:], strict=True)]
    defined = [value for value in values if not np.isnan(value)]
    return float(np.mean(defined)) if defined else float("nan")


def _safe_figures(
    cases: Sequence[Case],
    scores: np.ndarray,
    over: np.ndarray,
    any_truth: np.ndarray,
    clusters: np.ndarray,
    draws: int,
) -> dict[str, Any]:
    """Ranking and false alarms against look-alikes, where the data names kinds."""
    chosen = any_truth | np.array([case.look_alike for case in cases])
    if not (chosen & ~any_truth).any():
        return {}
    columns = (any_truth[chosen], scores.max(axis=1)[chosen])
    return {
        "auroc": figure(auroc, columns, clusters[chosen], draws),
        "recall_at_5_percent": figure(partial(recall_at, 0.05), columns, clusters[chosen], draws),
        "false_alarm_rate": rounded(false_alarm_rate(any_truth[chosen], over.any(axis=1)[chosen])),
    }


def _everyday(cases: Sequence[Case], any_flag: np.ndarray) -> dict[str, Any]:
    rows = np.array([case.everyday for case in cases])
    if not rows.any():
        return {}
    flagged, total = int(any_flag[rows].sum()), int(rows.sum())
    low, high = _wilson(flagged, total)
    return {"messages": total, "flagged": flagged, "rate": flagged / total, "low": low, "high": high}


def _kinds(cases: Sequence[Case], any_truth: np.ndarray, any_flag: np.ndarray) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for kind in sorted({case.kind for case in cases if case.kind}, key=lambda code: (code[0], len(code), code)):
        rows = np.array([case.kind == kind for case in cases])
        flagged, total = int(any_flag[rows].sum()), int(rows.sum())
        low, high = _wilson(flagged, total)
        risky = bool(any_truth[rows].all())
        found[kind] = {
            "risky": risky,
            "messages": total,
            "flagged": flagged,
            "rate": flagged / total,
            "low": low,
            "high": high,
        }
    return found


def _wilson(hits: int, total: int, z: float = 1.959964) -> tuple[float, float]:
    """Wilson 95 % interval of a share (Wilson 1927)."""
    share = hits / total
    centre = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z / (1 + z * z / total) * float(np.sqrt(share * (1 - share) / total + z * z / (4 * total * total)))
    return max(0.0, centre - half), min(1.0, centre + half)
