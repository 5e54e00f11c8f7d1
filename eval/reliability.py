"""Whether calibrated scores are what they claim: calibration slope, Brier skill and calibration error, for any risk."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

BINS = 10


def reliability(truth: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> dict[str, float]:
    """Figures of one mix.

    Args:
        truth: Shape (n,), 0 or 1.
        scores: Shape (n,), probabilities for this mix.
        weights: Shape (n,), positive, that give the groups of messages their shares of the mix.

    Returns:
        ``slope`` and ``intercept`` of a logistic regression of the truth on the scores' log-odds (Cox 1958; 1 and 0 when
        calibrated), ``brier_skill`` (1 - Brier score over that of the base rate; Brier 1950) and ``calibration_error``
        (mean gap between score and truth over ten bins of equal count).
    """
    weights = weights / weights.sum()
    clipped = np.clip(scores, 1e-6, 1 - 1e-6)
    slope, intercept = _logistic(np.log(clipped / (1 - clipped)), truth, weights)
    base = float((weights * truth).sum())
    skill = 1 - float((weights * (scores - truth) ** 2).sum()) / (base * (1 - base))
    parts = np.array_split(np.argsort(scores, kind="stable"), BINS)
    error = sum(abs(float((weights[part] * (scores[part] - truth[part])).sum())) for part in parts)
    figures = {"slope": slope, "intercept": intercept, "brier_skill": skill, "calibration_error": error}
    return {name: round(value, 4) for name, value in figures.items()}


def shifted(scores: np.ndarray, share: float, new_share: float) -> np.ndarray:
    """Probabilities for another share of risk (Saerens, Latinne and Decaestecker 2002, formula 4).

    Args:
        scores: Probabilities for a mix with the share `share` of risk.
        share: In (0, 1).
        new_share: In (0, 1).
    """
    risky = scores * new_share / share
    safe = (1 - scores) * (1 - new_share) / (1 - share)
    return np.asarray(risky / (risky + safe))


@dataclass(frozen=True)
class Judged:
    """Scores of messages of all groups that a mix names, for any risk.

    Attributes:
        scores: Shape (n,), calibrated for the mix.
        risky: Shape (n,), true for messages with a label.
        look_alike: Shape (n,), true for safe messages that resemble risk.
        real: Shape (n,), true for presumed-safe sentences. The rest is written everyday talk.
    """

    scores: np.ndarray
    risky: np.ndarray
    look_alike: np.ndarray
    real: np.ndarray


def mix_figures(judged: Judged, mix: Mapping[str, float]) -> dict[str, Any]:
    """Reliability for the calibration's mix, and for the data's share of risk among safe messages mixed as there.

    Args:
        judged: Scores and groups.
        mix: Shares named ``risky``, ``look_alike`` and ``everyday``, as in calibration.json; everyday talk is half written and
            half real, as where the scores were calibrated.

    Returns:
        ``mix``, ``data`` and ``share_of_risk_in_data``, or nothing where a group is empty.
    """
    written = ~judged.risky & ~judged.look_alike & ~judged.real
    everyday = [rows for rows in (written, judged.real) if rows.any()]
    safe = [(judged.look_alike, mix["look_alike"]), *((rows, mix["everyday"] / len(everyday)) for rows in everyday)]
    if not everyday or not judged.risky.any() or not judged.look_alike.any():
        return {}
    truth, share = judged.risky.astype(float), float(judged.risky.mean())

    def weights(share: float) -> np.ndarray:
        found = judged.risky * share / judged.risky.sum()
        for rows, part in safe:
            found = found + rows * (1 - share) * part / (1 - mix["risky"]) / rows.sum()
        return np.asarray(found)

    return {
        "mix": reliability(truth, judged.scores, weights(mix["risky"])),
        "data": reliability(truth, shifted(judged.scores, mix["risky"], share), weights(share)),
        "share_of_risk_in_data": round(share, 4),
    }


def _logistic(odds: np.ndarray, truth: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
    """Slope and intercept, unregularised; the weights are scaled to one a row, which the solver's tolerance expects."""
    # Unlike scikit-learn's other Newton solver, this one does not warn where classes are all but separable.
    model = LogisticRegression(C=np.inf, solver="newton-cg", tol=1e-8, max_iter=1000)
    fitted = model.fit(odds[:, None], truth, sample_weight=weights * len(odds))
    return float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
