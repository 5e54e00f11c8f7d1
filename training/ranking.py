"""How well scores rank written messages: the figures by which models and baselines are compared."""

from collections.abc import Sequence
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
    labels = truth(examples).astype(bool)
    risky, highest = labels.any(1), scores.max(1)
    voices = np.array([example.voice for example in examples])
    hard = risky | np.array([example.look_alike for example in examples])
    figures: dict[str, Any] = {}
    if scores.shape[1] == len(LABEL_NAMES):
        figures["map"] = _figure(_mean_ap, (*labels.T, *scores.T), voices)
        figures["ap"] = {
            name: round(average_precision(labels[:, column], scores[:, column]), 4)
            for column, name in enumerate(LABEL_NAMES)
        }
    return figures | {
        "any_auroc": _figure(auroc, (risky, highest), voices),
        "look_alike_auroc": _figure(auroc, (risky[hard], highest[hard]), voices[hard]),
        "recall": _figure(_recall, (risky[hard], highest[hard]), voices[hard]),
    }


def _figure(metric: Any, columns: tuple[np.ndarray, ...], voices: np.ndarray) -> dict[str, float]:
    low, high = bootstrap_interval(metric, columns, voices, draws=DRAWS)
    return {"value": round(metric(*columns), 4), "low": round(low, 4), "high": round(high, 4)}


def _mean_ap(*columns: np.ndarray) -> float:
    half = len(columns) // 2
    pairs = zip(columns[:half], columns[half:], strict=True)
    return float(np.nanmean([average_precision(wanted, score) for wanted, score in pairs]))


def _recall(wanted: np.ndarray, scores: np.ndarray) -> float:
    return recall_at(LOOK_ALIKE_ALARMS, wanted, scores)
