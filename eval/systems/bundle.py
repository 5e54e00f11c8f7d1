"""A model bundle, in this process."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from classifier import Classifier, Message
from classifier.labels import LABEL_NAMES
from classifier.policy import Mode
from eval.system import Judged
from eval.targets import TARGETS, columns_of


class BundleSystem:
    """Scores of a bundle and the decisions of its policy, as the service gives them.

    Args:
        classifier: A verified bundle.
    """

    def __init__(self, classifier: Classifier) -> None:
        self._classifier = classifier
        self.name = classifier.bundle.name
        self.facts = {**classifier.versions, "sha256": classifier.bundle.manifest["files"]["model.onnx"]["sha256"]}
        self.at_once = 256
        self.by_id = False
        # A message is computed on one thread, and onnxruntime releases the interpreter lock.
        self._pool = ThreadPoolExecutor(os.cpu_count() or 1)

    def judge(self, messages: Sequence[Message], ids: Sequence[str]) -> Judged:
        """Judge messages; see `System`."""
        found = list(self._pool.map(self._classifier.predict, messages))
        scores = np.array([[one.scores[name] for name in LABEL_NAMES] for one in found])
        thresholds = self._classifier.policy.thresholds
        at = np.array(
            [thresholds[name].review_at if thresholds[name].mode is Mode.ON else np.inf for name in LABEL_NAMES]
        )
        return taken_together(scores, scores >= at)


def taken_together(scores: np.ndarray, flagged: np.ndarray) -> Judged:
    """From labels to targets: the highest score, and whether any label is flagged.

    Args:
        scores: Shape (n, labels).
        flagged: Shape (n, labels), bool.
    """
    columns = [columns_of(target) for target in TARGETS]
    return Judged(
        np.stack([scores[:, its].max(axis=1) for its in columns], axis=1),
        np.stack([flagged[:, its].any(axis=1) for its in columns], axis=1).astype(float),
    )
