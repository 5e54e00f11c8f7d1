"""Scores of a bundle for many messages, kept as predictions.jsonl."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tqdm.auto import tqdm

from classifier import Classifier, Message
from classifier.labels import LABEL_NAMES
from eval.data import Case


def predict_all(classifier: Classifier, messages: Sequence[Message]) -> np.ndarray:
    """Calibrated scores, shape (messages, labels)."""
    rows = [
        list(classifier.predict(message).scores.values()) for message in tqdm(messages, desc="scoring", unit="message")
    ]
    return np.array(rows, dtype=np.float64)


def write_predictions(path: Path, cases: Sequence[Case], scores: np.ndarray) -> None:
    """One line a case: id, labels and scores; never the text."""
    with path.open("w", encoding="utf-8") as file:
        for case, row in zip(cases, scores, strict=True):
            named = {name: round(float(score), 6) for name, score in zip(LABEL_NAMES, row, strict=True)}
            file.write(json.dumps({"id": case.id, "labels": sorted(case.labels), "scores": named}) + "\n")
