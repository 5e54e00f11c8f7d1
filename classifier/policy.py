"""Thresholds per label, and the decision that follows from a message's scores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from classifier.errors import PolicyError
from classifier.labels import BY_NAME, HIGH_SEVERITY, LABEL_NAMES, Severity


class Action(StrEnum):
    """What the policy advises; people decide what happens."""

    ALLOW = "allow"
    REVIEW = "review"
    ESCALATE = "escalate"


class Mode(StrEnum):
    """What a label's thresholds do."""

    ON = "on"
    OBSERVE = "observe"
    OFF = "off"


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of one label, on calibrated scores in (0, 1].

    Attributes:
        review_at: From this score on, a moderator should see the message.
        escalate_at: From this score on, at once; only labels of high severity may have it.
        mode: Whether they decide, are only reported (`Decision.would_be`), or are left out.
    """

    review_at: float
    escalate_at: float | None = None
    mode: Mode = Mode.ON


@dataclass(frozen=True)
class Reason:
    """One label that reached a threshold: its score, the highest threshold reached, and what that asks for."""

    label: str
    score: float
    threshold: float
    action: Action


@dataclass(frozen=True)
class Decision:
    """What the policy says about one message.

    Attributes:
        action: The strongest action among the reasons, or `Action.ALLOW`.
        severity: The highest severity among the reasons' labels, or `Severity.NONE`.
        reasons: Labels at or over a threshold, highest score first.
        would_be: The decision if observed labels decided too; None where none of them reached a threshold.
    """

    action: Action
    severity: Severity
    reasons: tuple[Reason, ...]
    would_be: "Decision | None" = None


@dataclass(frozen=True)
class Policy:
    """A versioned set of thresholds, one entry per label."""

    version: str
    model: str
    thresholds: Mapping[str, Thresholds]

    def decide(self, scores: Mapping[str, float]) -> Decision:
        """Compare scores (one per label, in [0, 1]) with the thresholds."""
        decisive: list[Reason] = []
        observed: list[Reason] = []
        for label, score in scores.items():
            thresholds = self.thresholds[label]
            if thresholds.mode is Mode.OFF:
                continue
            reached = decisive if thresholds.mode is Mode.ON else observed
            if thresholds.escalate_at is not None and score >= thresholds.escalate_at:
                reached.append(Reason(label, score, thresholds.escalate_at, Action.ESCALATE))
            elif score >= thresholds.review_at:
                reached.append(Reason(label, score, thresholds.review_at, Action.REVIEW))
        decision = _decision(decisive)
        return replace(decision, would_be=_decision(decisive + observed)) if observed else decision

    def as_dict(self) -> dict[str, Any]:
        """Plain values for policy.json."""
        labels = {
            name: {"review_at": one.review_at, "escalate_at": one.escalate_at}
            | ({} if one.mode is Mode.ON else {"mode": str(one.mode)})
            for name, one in self.thresholds.items()
        }
        return {"version": self.version, "model": self.model, "labels": labels}

    @classmethod
    def from_dict(cls, source: Mapping[str, Any]) -> "Policy":
        """Read and check a policy document; keys beside version, model and labels are notes and ignored.

        Raises:
            PolicyError: A label is missing or unknown, a threshold is outside (0, 1], ``escalate_at`` is below
                ``review_at``, or stands on a label that is not of high severity, or ``mode`` is unknown.
        """
        try:
            version, model, labels = str(source["version"]), str(source["model"]), dict(source["labels"])
        except (KeyError, TypeError, ValueError):
            raise PolicyError("a policy needs version, model and labels") from None
        unknown, missing = set(labels) - set(LABEL_NAMES), set(LABEL_NAMES) - set(labels)
        if unknown or missing:
            raise PolicyError(f"labels: unknown {sorted(map(str, unknown))}, missing {sorted(missing)}")
        return cls(version, model, {name: _thresholds(name, labels[name]) for name in LABEL_NAMES})


def _decision(reasons: Sequence[Reason]) -> Decision:
    if not reasons:
        return Decision(Action.ALLOW, Severity.NONE, ())
    escalates = any(reason.action is Action.ESCALATE for reason in reasons)
    severity = max((BY_NAME[reason.label].severity for reason in reasons), key=lambda one: one.rank)
    ordered = tuple(sorted(reasons, key=lambda reason: -reason.score))
    return Decision(Action.ESCALATE if escalates else Action.REVIEW, severity, ordered)


def _thresholds(label: str, source: Any) -> Thresholds:
    if not isinstance(source, Mapping) or "review_at" not in source:
        raise PolicyError(f"labels.{label}: needs review_at")
    review, escalate = source["review_at"], source.get("escalate_at")
    for name, value in (("review_at", review), ("escalate_at", escalate)):
        if value is None and name == "escalate_at":
            continue
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
            raise PolicyError(f"labels.{label}.{name}: must be a number above 0, at most 1")
    if escalate is not None and label not in HIGH_SEVERITY:
        raise PolicyError(f"labels.{label}.escalate_at: only labels of high severity may escalate")
    if escalate is not None and escalate < review:
        raise PolicyError(f"labels.{label}.escalate_at: must not be below review_at")
    mode = source.get("mode", Mode.ON)
    if mode not in list(Mode):
        raise PolicyError(f"labels.{label}.mode: must be {', '.join(Mode)}")
    return Thresholds(float(review), None if escalate is None else float(escalate), Mode(mode))
