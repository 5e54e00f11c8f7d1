"""How well scores rank written messages: the figures by which models and baselines are compared."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from classifier.labels import LABEL_NAMES
from classifier.metrics import auroc, average_precision, bootstrap_interval, recall_at
from training.corpus_files import Example
from training.rows import truth

LOOK_ALIKE_ALARMS = 0.05
"""Recall is read at the threshold that flags this share of the look-alikes."""
DRAWS = 200


def ranking(examples: Sequence[Example], scores: np.ndarray) -> dict[str, Any]:
    """Figures of one model, each with the interval of a bootstrap over voices where it is one number.

    Args:
        examples: Labelled messages, look-alikes among them.
        scores: Shape (examples, labels), or (examples, 1) from a system that names no label.

    Returns:
        ``any_auroc``, ``look_alike_auroc`` and ``recall`` (at 5 % alarms among look-alikes); with a score per label also
        ``map`` and ``ap`` per label.
    """
    wanted, hard = marks(examples)
    figures: dict[str, Any] = {}
    metrics = METRICS
    if scores.shape[1] == len(LABEL_NAMES):
        figures["ap"] = {
            name: round(average_precision(wanted[:, column], scores[:, column]), 4)
            for column, name in enumerate(LABEL_NAMES)
        }
    else:
        metrics = {name: metric for name, metric in METRICS.items() if name != "map"}
    return figures | {name: figure(metric, examples, wanted, hard, scores) for name, metric in metrics.items()}


def marks(examples: Sequence[Example]) -> tuple[np.ndarray, np.ndarray]:
    """Labels, shape (examples, labels), and which messages are risky or look-alikes, shape (examples,)."""
    wanted = truth(examples).astype(bool)
    return wanted, wanted.any(1) | np.array([example.look_alike for example in examples])


def figure(metric: Callable[..., float], examples: Sequence[Example], *columns: np.ndarray) -> dict[str, float]:
    """``value`` of the metric on columns of the examples, with ``low`` and ``high`` by a bootstrap over voices."""
    voices = np.array([example.voice for example in examples])
    low, high = bootstrap_interval(metric, columns, voices, draws=DRAWS)
    return {"value": round(metric(*columns), 4), "low": round(low, 4), "high": round(high, 4)}


def _map(wanted: np.ndarray, hard: np.ndarray, scores: np.ndarray) -> float:
    return float(np.nanmean([average_precision(*pair) for pair in zip(wanted.T, scores.T, strict=True)]))


def _any_auroc(wanted: np.ndarray, hard: np.ndarray, scores: np.ndarray) -> float:
    return auroc(wanted.any(1), scores.max(1))


def _look_alike_auroc(wanted: np.ndarray, hard: np.ndarray, scores: np.ndarray) -> float:
    return auroc(wanted[hard].any(1), scores[hard].max(1))


def _recall(wanted: np.ndarray, hard: np.ndarray, scores: np.ndarray) -> float:
    return recall_at(LOOK_ALIKE_ALARMS, wanted[hard].any(1), scores[hard].max(1))


METRICS = {"map": _map, "any_auroc": _any_auroc, "look_alike_auroc": _look_alike_auroc, "recall": _recall}
"""Functions of labels and hard messages as `marks` gives them, and of scores (messages, labels)."""
TITLES = {
    "map": "mAP",
    "any_auroc": "any-risk AUROC",
    "look_alike_auroc": "AUROC against look-alikes",
    "recall": "recall at 5 % look-alike alarms",
}
"""How the figures are called in tables."""
