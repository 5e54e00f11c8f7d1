"""A scikit-learn pipeline, such as a baseline of a researcher's own."""

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import sklearn

from classifier import Message
from eval.errors import EvaluationError
from eval.system import Judged
from eval.targets import ANY, TARGETS


class PipelineSystem:
    """Scores and predictions of a pipeline that takes a list of texts, for any risk: class 1 is risky.

    **Loading the file runs code that is in it.** Load none that you would not run as a program.

    Args:
        file: Written by `joblib.dump`.

    Raises:
        EvaluationError: The file cannot be loaded, or is no such pipeline.
    """

    def __init__(self, file: Path) -> None:
        self._file = file.name
        try:
            content = file.read_bytes()
        except OSError as error:
            raise EvaluationError(f"{file}: {error.strerror}") from None
        try:
            self._pipeline: Any = joblib.load(io.BytesIO(content))
            self._place = list(self._pipeline.classes_).index(1)
        except Exception as error:  # loading runs whatever is in the file
            raise EvaluationError(f"{file}: is no pipeline with the class 1 ({type(error).__name__})") from None
        self.name = f"pipeline {file.name}"
        self.facts = {
            "sha256": hashlib.sha256(content).hexdigest(),
            "scikit-learn": sklearn.__version__,
            "context": "not used",
        }
        self.at_once = 256
        self.by_id = False

    def judge(self, messages: Sequence[Message], ids: Sequence[str]) -> Judged:
        """Judge messages; see `System`."""
        texts = [message.text for message in messages]
        scores, flagged = (np.full((len(texts), len(TARGETS)), np.nan) for _ in range(2))
        column = TARGETS.index(ANY)
        try:
            scores[:, column] = self._scores(texts)
            flagged[:, column] = np.asarray(self._pipeline.predict(texts)) == 1
        except Exception as error:  # its message may hold a text
            raise EvaluationError(f"{self._file}: fails on texts ({type(error).__name__})") from None
        return Judged(scores, flagged)

    def _scores(self, texts: list[str]) -> np.ndarray:
        if hasattr(self._pipeline, "predict_proba"):
            return np.asarray(self._pipeline.predict_proba(texts))[:, self._place]
        found = np.asarray(self._pipeline.decision_function(texts), float)
        if found.ndim == 2:
            return found[:, self._place]
        return found if self._place else -found  # of two classes, it is the second one's
