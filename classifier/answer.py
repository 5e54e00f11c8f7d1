"""The shape of an answer, the same for the endpoint, the command and files."""

import math
from typing import Any

from classifier.classifier import Classifier, Prediction
from classifier.evidence import evidence
from classifier.message import Message
from classifier.policy import Decision, Policy

SCORE_DIGITS = 4
"""Decimals of the scores shown; decisions are taken on the unrounded scores."""


def judge(
    classifier: Classifier,
    message: Message,
    explain: bool = False,
    until: float = math.inf,
    policy: Policy | None = None,
) -> dict[str, Any]:
    """Predict, decide by `policy` (default the bundle's) and put the answer in words: see `answer`.

    With `explain` every reason has ``evidence``: parts of the text as sent, as {start, end, weight} in code points; none has it
    when finding it would go on after `until`, a reading of `time.perf_counter`.
    """
    given = answer(classifier, classifier.predict(message), policy or classifier.policy)
    if explain and given["reasons"]:
        try:
            found = evidence(classifier, message, [reason["label"] for reason in given["reasons"]], until)
        except TimeoutError:
            return given
        for reason in given["reasons"]:
            reason["evidence"] = [
                {"start": span.start, "end": span.end, "weight": round(span.weight, SCORE_DIGITS)}
                for span in found[reason["label"]]
            ]
    return given


def answer(classifier: Classifier, prediction: Prediction, policy: Policy) -> dict[str, Any]:
    """Plain values: decision, severity, reasons, areas {name: score}, labels {name: {score, thresholds}}, versions.

    Where a label that is only observed reached a threshold, ``would_be`` has the decision, severity and reasons it asks for.
    """
    decision = policy.decide(prediction.scores)
    labels = policy.as_dict()["labels"]
    given = _decided(decision)
    if decision.would_be is not None:
        given["would_be"] = _decided(decision.would_be)
    return given | {
        "areas": {area: round(score, SCORE_DIGITS) for area, score in prediction.areas.items()},
        "labels": {
            label: {"score": round(score, SCORE_DIGITS)} | labels[label] for label, score in prediction.scores.items()
        },
        "versions": classifier.versions | {"policy": policy.version},
    }


def _decided(decision: Decision) -> dict[str, Any]:
    return {
        "decision": str(decision.action),
        "severity": str(decision.severity),
        "reasons": [
            {
                "label": reason.label,
                "score": round(reason.score, SCORE_DIGITS),
                "threshold": reason.threshold,
                "action": str(reason.action),
            }
            for reason in decision.reasons
        ],
    }
