"""The shape of an answer, the same for the endpoint, the command and files."""

import math
from typing import Any

from classifier.classifier import Classifier, Prediction
from classifier.evidence import evidence
from classifier.message import Message

SCORE_DIGITS = 4
"""Decimals of the scores shown; decisions are taken on the unrounded scores."""


def judge(classifier: Classifier, message: Message, explain: bool = False, until: float = math.inf) -> dict[str, Any]:
    """Predict, decide and put the answer in words: see `answer`.

    With `explain` every reason has ``evidence``: parts of the text as sent, as {start, end, weight} in code points; none has it
    when finding it would go on after `until`, a reading of `time.perf_counter`.
    """
    given = answer(classifier, classifier.predict(message))
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


def answer(classifier: Classifier, prediction: Prediction) -> dict[str, Any]:
    """Plain values: decision, severity, reasons, areas {name: score}, labels {name: {score, thresholds}}, versions."""
    policy = classifier.policy
    decision = policy.decide(prediction.scores)
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
        "areas": {area: round(score, SCORE_DIGITS) for area, score in prediction.areas.items()},
        "labels": {
            label: {
                "score": round(score, SCORE_DIGITS),
                "review_at": policy.thresholds[label].review_at,
                "escalate_at": policy.thresholds[label].escalate_at,
            }
            for label, score in prediction.scores.items()
        },
        "versions": classifier.versions,
    }
