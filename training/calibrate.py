"""Calibration and thresholds, fitted on the logits of the int8 file that ships and on voices that training never saw."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from classifier.calibration import Calibration
from classifier.labels import HIGH_SEVERITY, LABEL_NAMES
from training.errors import TrainingError

MIX = {"risky": 0.01, "look_alike": 0.09, "everyday": 0.90}
"""What the scores are probabilities for: 1 risky message in 100, and 9 that resemble one."""
EVERYDAY_ALARMS = 0.005
LOOK_ALIKE_ALARMS = 0.05
"""Limits for `review_at`: false alarms among everyday messages and among look-alikes."""
ESCALATION_PRECISION = 0.90
FEWEST_FALSE_ALARMS = 10
"""Below this number of false alarms seen, a rate has no useful lower bound and is called not estimable."""


@dataclass(frozen=True)
class CalibrationRows:
    """What calibration is fitted on.

    Attributes:
        logits: Shape (n, labels), of the int8 model.
        truth: Shape (n, labels), 0 or 1.
        look_alike: Shape (n,), true for safe messages that resemble risk: all kinds but everyday talk, and everyday talk
            that was written as the twin of a risky message.
        real: Shape (n,), true for presumed-safe real sentences.
    """

    logits: np.ndarray
    truth: np.ndarray
    look_alike: np.ndarray
    real: np.ndarray

    @property
    def risky(self) -> np.ndarray:
        """Shape (n,), true where any label stands."""
        return self.truth.any(axis=1)

    @property
    def everyday(self) -> np.ndarray:
        """Shape (n,), true for safe messages that are not look-alikes, real sentences included."""
        return ~self.risky & ~self.look_alike


def fit_calibration(rows: CalibrationRows) -> Calibration:
    """Fit one weighted sigmoid per label (Platt 1999) for the named mix.

    Raises:
        TrainingError: A label or a group of the mix has no rows, or higher logits do not mean more risk.
    """
    weights = mix_weights(rows)
    slopes, offsets = [], []
    for column, name in enumerate(LABEL_NAMES):
        labels = rows.truth[:, column]
        if not labels.any():
            raise TrainingError(f"calibration voices hold no message with {name}")
        # Unlike scikit-learn's other Newton solver, this one does not warn where labels are all but separable.
        model = LogisticRegression(C=1e6, solver="newton-cg", tol=1e-8, max_iter=1000)
        fitted = model.fit(rows.logits[:, [column]], labels, sample_weight=weights * len(labels))
        slopes.append(fitted.coef_[0, 0])
        offsets.append(fitted.intercept_[0])
        if slopes[-1] <= 0:
            raise TrainingError(f"{name}: on calibration voices a higher logit does not mean more risk")
    return Calibration(np.array(slopes), np.array(offsets), MIX)


def mix_weights(rows: CalibrationRows) -> np.ndarray:
    """Weight per row, shape (n,), so that the groups have the shares of `MIX`; everyday is half written, half real."""
    weights = np.zeros(len(rows.logits))
    groups = [(rows.risky, MIX["risky"]), (rows.look_alike, MIX["look_alike"])]
    written, real = rows.everyday & ~rows.real, rows.everyday & rows.real
    share = MIX["everyday"] / (2 if real.any() else 1)
    groups += [(written, share)] + ([(real, share)] if real.any() else [])
    for members, share in groups:
        if not members.any():
            raise TrainingError("calibration voices lack risky, look-alike or everyday messages")
        weights[members] = share / members.sum()
    return weights


def choose_thresholds(scores: np.ndarray, rows: CalibrationRows) -> tuple[dict[str, Any], dict[str, Any]]:
    """Choose `review_at` and `escalate_at`.

    Calibrated scores are comparable between labels, so all labels share one `review_at`: the lowest that keeps both
    alarm limits for the decision that joins the labels by "or". `escalate_at`, for labels of high severity, is the
    lowest score at which their pooled precision, re-weighted to the mix, is 0.90.

    Args:
        scores: Calibrated, shape (n, labels).
        rows: The rows that the scores belong to.

    Returns:
        Thresholds per label as in policy.json, and the evidence for them.
    """
    highest = scores.max(axis=1)
    written, real = rows.everyday & ~rows.real, rows.everyday & rows.real

    def everyday_alarms(threshold: float) -> float:
        rates = [float((highest[group] >= threshold).mean()) for group in (written, real) if group.any()]
        return sum(rates) / len(rates)

    def within_limits(threshold: float) -> bool:
        look_alikes = float((highest[rows.look_alike] >= threshold).mean())
        return look_alikes <= LOOK_ALIKE_ALARMS and everyday_alarms(threshold) <= EVERYDAY_ALARMS

    candidates = np.unique(np.r_[highest, 1.0])
    review = _rounded_up(next(float(value) for value in candidates if within_limits(value)))
    escalate, false_alarms = _escalation(scores, rows, review)
    thresholds = {
        name: {"review_at": review, "escalate_at": escalate if name in HIGH_SEVERITY else None} for name in LABEL_NAMES
    }
    evidence = {
        "review_at": {
            "recall": float((highest[rows.risky] >= review).mean()),
            "look_alike_alarms": float((highest[rows.look_alike] >= review).mean()),
            "written_everyday_alarms": float((highest[written] >= review).mean()),
            "real_alarms": float((highest[real] >= review).mean()) if real.any() else None,
        },
        "escalate_at": {
            "precision_at_mix": ESCALATION_PRECISION,
            "false_alarms_seen": false_alarms,
            "lower_bound": "not estimable" if false_alarms < FEWEST_FALSE_ALARMS else "see the evaluation",
        },
    }
    return thresholds, evidence


def _escalation(scores: np.ndarray, rows: CalibrationRows, review: float) -> tuple[float, int]:
    columns = [LABEL_NAMES.index(name) for name in HIGH_SEVERITY]
    highest, truth = scores[:, columns].max(axis=1), rows.truth[:, columns].any(axis=1)
    weights = mix_weights(rows)
    order = np.argsort(-highest, kind="stable")
    hits, alarms = np.cumsum((weights * truth)[order]), np.cumsum(weights[order])
    good = np.flatnonzero(hits / alarms >= ESCALATION_PRECISION)
    at = 1.0 if len(good) == 0 else float(highest[order[good[-1]]])
    at = max(_rounded_up(at), review)
    return at, int(((highest >= at) & ~truth).sum())


def _rounded_up(value: float) -> float:
    return min(1.0, float(np.ceil(value * 1e4) / 1e4))


def as_policy(thresholds: Mapping[str, Any], evidence: Mapping[str, Any], model: str) -> dict[str, Any]:
    """The policy document that ships with the bundle."""
    return {"version": f"default-{model}", "model": model, "labels": dict(thresholds), "evidence": dict(evidence)}
