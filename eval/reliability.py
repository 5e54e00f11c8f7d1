"""Whether calibrated scores are what they claim: calibration slope, Brier skill and calibration error, for any risk."""

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


def mix_figures(
    truth: np.ndarray, scores: np.ndarray, look_alike: np.ndarray, everyday: np.ndarray, mix: dict[str, float]
) -> dict[str, Any]:
    """Reliability for the calibration's mix and for the share of risk in the data.

    Args:
        truth: Shape (n,), 0 or 1.
        scores: Shape (n,), calibrated for `mix`.
        look_alike: Shape (n,), safe messages that resemble risk.
        everyday: Shape (n,), other safe messages, presumed-safe sentences included.
        mix: Shares named ``risky``, ``look_alike`` and ``everyday``, as in calibration.json.

    Returns:
        ``mix`` and ``data``, or nothing where a group is empty.
    """
    groups = {"risky": truth.astype(bool), "look_alike": look_alike, "everyday": everyday}
    if not all(rows.any() for rows in groups.values()):
        return {}
    weights = np.zeros(len(truth))
    for name, rows in groups.items():
        weights[rows] = mix[name] / rows.sum()
    used = weights > 0
    share = float(truth[used].mean())
    return {
        "mix": reliability(truth[used], scores[used], weights[used]),
        "data": reliability(truth[used], shifted(scores[used], mix["risky"], share), np.ones(int(used.sum()))),
        "share_of_risk_in_data": round(share, 4),
    }


def _logistic(odds: np.ndarray, truth: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
    """Slope and intercept, unregularised; the weights are scaled to one a row, which the solver's tolerance expects."""
    model = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-8, max_iter=1000)
    fitted = model.fit(odds[:, None], truth, sample_weight=weights * len(odds))
    return float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
