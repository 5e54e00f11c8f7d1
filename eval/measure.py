"""Figures of one evaluation: per area and label, for the decision, and false alarms by kind."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from classifier.labels import LABEL_NAMES, LABELS, Area, area_columns
from classifier.metrics import (
    auroc,
    average_precision,
    bootstrap_interval,
    f1,
    false_alarm_rate,
    precision,
    recall,
    recall_at,
)
from classifier.policy import Policy
from eval.data import Case
from eval.errors import EvaluationError
from eval.pairs import pairs
from eval.slices import slices

SELF_HARM_INTENT = "self_harm/intent"
Figure = dict[str, Any]


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

    def part_figure(metric: Callable[..., float], rows: np.ndarray, *columns: np.ndarray) -> Figure:
        part = tuple(column[rows] for column in columns)
        low, high = bootstrap_interval(metric, part, clusters[rows], draws=draws)
        return {"value": _number(metric(*part)), "low": _number(low), "high": _number(high)}

    def figure(metric: Callable[..., float], *columns: np.ndarray) -> Figure:
        return part_figure(metric, np.ones(len(cases), bool), *columns)

    def block(wanted: np.ndarray, score: np.ndarray, flagged: np.ndarray) -> dict[str, Any]:
        return {
            "positives": int(wanted.sum()),
            "auroc": figure(auroc, wanted, score),
            "ap": figure(average_precision, wanted, score),
            "precision": figure(precision, wanted, flagged),
            "recall": figure(recall, wanted, flagged),
            "f1": figure(f1, wanted, flagged),
        }

    any_truth, any_flag = truth.any(axis=1), over.any(axis=1)
    columns = {str(area): area_columns(area) for area in Area}
    return {
        "messages": len(cases),
        "clusters": len(set(clusters)),
        "any_risk": {
            **block(any_truth, scores.max(axis=1), any_flag),
            "false_alarm_rate": figure(false_alarm_rate, any_truth, any_flag),
        },
        "intent_found": figure(
            recall, truth[:, LABEL_NAMES.index(SELF_HARM_INTENT)], over[:, area_columns(Area.SELF_HARM)].any(axis=1)
        ),
        "areas": {
            area: block(truth[:, part].any(axis=1), scores[:, part].max(axis=1), over[:, part].any(axis=1))
            for area, part in columns.items()
        },
        "labels": {
            label.name: block(truth[:, column], scores[:, column], over[:, column])
            for column, label in enumerate(LABELS)
        },
        "macro_f1": figure(_macro_f1, *truth.T, *over.T),
        "everyday": _everyday(cases, any_flag),
        "look_alikes": _safe_figures(cases, scores, over, any_truth, clusters, draws),
        "kinds": _kinds(cases, any_truth, any_flag),
        "slices": slices(cases, any_flag, part_figure),
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

    def share(column: np.ndarray) -> Figure:
        low, high = bootstrap_interval(lambda part: float(np.mean(part)), (column,), clusters, draws=draws)
        return {"value": _number(float(column.mean())), "low": _number(low), "high": _number(high)}

    return {
        "messages": len(copies),
        "recall_plain": share(plain),
        "recall_disguised": share(hidden),
        "lost": share(plain - hidden),
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
    low, high = bootstrap_interval(auroc, columns, clusters[chosen], draws=draws)
    at_5 = recall_at(0.05, *columns)
    bounds = bootstrap_interval(
        lambda wanted, score: recall_at(0.05, wanted, score), columns, clusters[chosen], draws=draws
    )
    return {
        "auroc": {"value": _number(auroc(*columns)), "low": _number(low), "high": _number(high)},
        "recall_at_5_percent": {"value": _number(at_5), "low": _number(bounds[0]), "high": _number(bounds[1])},
        "false_alarm_rate": _number(false_alarm_rate(any_truth[chosen], over.any(axis=1)[chosen])),
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


def _number(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 4)
