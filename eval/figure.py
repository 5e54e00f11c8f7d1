"""A measured figure: its value, and a 95 % interval that draws voices or conversations as wholes."""

from collections.abc import Callable
from typing import Any

import numpy as np

from classifier.metrics import bootstrap_interval

Figure = dict[str, Any]
"""``value``, ``low`` and ``high``; None where undefined."""


def figure(metric: Callable[..., float], columns: tuple[np.ndarray, ...], clusters: np.ndarray, draws: int) -> Figure:
    """Measure ``metric(*columns)``.

    Args:
        metric: Gives one number, NaN where it is undefined.
        columns: Arrays of shape (n, ...).
        clusters: Shape (n,); of a single one no interval can be given.
        draws: Bootstrap resamples.
    """
    low, high = float("nan"), float("nan")
    if len(set(clusters.tolist())) > 1:  # one cluster drawn again and again would look certain
        low, high = bootstrap_interval(metric, columns, clusters, draws=draws)
    return {"value": rounded(metric(*columns)), "low": rounded(low), "high": rounded(high)}


def mean(column: np.ndarray) -> float:
    """Share of true values, or mean of numbers."""
    return float(np.mean(column))


def rounded(value: float) -> float | None:
    """Four decimals; None for NaN, which JSON has not."""
    return None if np.isnan(value) else round(float(value), 4)
