"""Figures of one target on some rows, each with an interval, or the reason why it cannot be estimated."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from classifier.metrics import (
    auroc,
    average_precision,
    f1,
    false_alarm_rate,
    precision,
    recall,
    recall_at,
)
from eval.figure import figure
from eval.metrics import LEAST_ALARMS, calibration_error, estimable, false_alarms_at_recall, precision_at_prevalence

RANKING: dict[str, Callable[..., float]] = {
    "auroc": auroc,
    "ap": average_precision,
    "recall_at_5_percent": partial(recall_at, 0.05),
    "recall_at_1_percent": partial(recall_at, 0.01),
    "recall_at_0_1_percent": partial(recall_at, 0.001),
    "false_alarms_at_recall_95": partial(false_alarms_at_recall, 0.95),
    "calibration_error": calibration_error,
}
"""Figures of truth and scores."""
DECIDING: dict[str, Callable[..., float]] = {
    "precision": precision,
    "recall": recall,
    "f1": f1,
    "false_alarm_rate": false_alarm_rate,
    "precision_at_1_in_100": partial(precision_at_prevalence, 0.01),
}
"""Figures of truth and decisions."""
_ALARMS = {"recall_at_5_percent": 0.05, "recall_at_1_percent": 0.01, "recall_at_0_1_percent": 0.001}
_OF_ALARMS = ("false_alarm_rate", "precision_at_1_in_100")
BRIEF = ("recall", "precision", "false_alarm_rate", "auroc")
"""Figures of slices."""


def few_alarms(alarms: int, safe: int) -> dict[str, str]:
    """The figure of a rate of false alarms that cannot be estimated."""
    return {"not_estimable": f"alarms on safe rows: {alarms} of {safe:,}, fewer than {LEAST_ALARMS}"}


def target_figures(
    truth: np.ndarray,
    scores: np.ndarray,
    flagged: np.ndarray,
    clusters: np.ndarray,
    draws: int,
    wanted: tuple[str, ...] = (*RANKING, *DECIDING),
) -> dict[str, Any]:
    """Measure.

    Args:
        truth: Shape (n,), 1, 0 or NaN for unknown; unknown rows are left out.
        scores: Shape (n,), NaN where the system gives none.
        flagged: Shape (n,), 1, 0 or NaN where the system does not decide.
        clusters: Shape (n,), what intervals draw together.
        draws: Bootstrap resamples.
        wanted: Names of figures.

    Returns:
        ``rows``, ``positives``, ``prevalence`` and ``figures``: per name ``{value, low, high}`` or ``{not_estimable}``.
    """
    known = ~np.isnan(truth)
    risky, columns, groups = truth[known] == 1, (scores[known], flagged[known]), clusters[known]
    rows, positives = len(risky), int(risky.sum())
    safe = rows - positives
    found: dict[str, Any] = {}
    for name in wanted:
        metric, values = (RANKING[name], columns[0]) if name in RANKING else (DECIDING[name], columns[1])
        if not rows or np.isnan(values).any():
            found[name] = {"not_estimable": "the system does not give what it needs" if rows else "no labelled row"}
        elif name == "calibration_error" and not ((values >= 0) & (values <= 1)).all():
            found[name] = {"not_estimable": "the scores are no probabilities"}
        elif name in _ALARMS and not estimable(_ALARMS[name], safe):
            found[name] = {"not_estimable": f"{safe:,} safe rows: fewer than {LEAST_ALARMS} alarms are expected"}
        elif name in _OF_ALARMS and safe and (alarms := int(values[~risky].sum())) < LEAST_ALARMS:
            found[name] = few_alarms(alarms, safe)
        else:
            found[name] = figure(metric, (risky, values), groups, draws)
    prevalence = round(positives / rows, 4) if rows else None
    return {"rows": rows, "positives": positives, "prevalence": prevalence, "figures": found}
