"""Messages whose label a model that never saw them doubts, for a person to read again."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from cleanlab.multilabel_classification.filter import find_label_issues

from classifier.labels import LABEL_NAMES
from training.corpus_files import Corpus, Example
from training.errors import TrainingError
from training.rows import truth
from training.scoring import torch_logits
from training.trials import Bench, shuffled_voices

FOLDS = 2
STRONG = 0.9
"""How far, from 0 to 1, the predicted probability of some label must be from the label to count as strong disagreement."""


@dataclass(frozen=True)
class Doubt:
    """A message with the labels that it carries and those that the model would give it, with their probability."""

    example: Example
    predicted: dict[str, float]

    @property
    def furthest(self) -> tuple[str, float]:
        """The label most at odds, and by how much."""
        gaps = {name: abs(chance - (name in self.example.labels)) for name, chance in self.predicted.items()}
        name = max(gaps, key=lambda one: gaps[one])
        return name, gaps[name]


def doubts(bench: Bench, corpus: Corpus, folds: int = FOLDS) -> list[Doubt]:
    """Confident learning (Northcutt and others 2021, `cleanlab`) on out-of-fold predictions, folds by voice.

    Args:
        bench: Base, recipe and the folder that keeps finished models.
        corpus: Its training voices are looked at, no others.
        folds: Number of models; each predicts the voices that it was not trained on.

    Returns:
        The messages with strong disagreement, the most doubtful first.
    """
    voices = shuffled_voices(corpus, bench.recipe.seed)
    if len(voices) < folds:
        raise TrainingError(f"{folds} training voices or more are needed, there are {len(voices)}")
    training = corpus.split("train")
    logits = np.empty((len(training), len(LABEL_NAMES)))
    for held_out in np.array_split(voices, folds):
        outside = [example for example in training if example.voice not in held_out]
        rows = [row for row, example in enumerate(training) if example.voice in held_out]
        model = bench.trained(outside)
        messages = [training[row].message for row in rows]
        logits[rows] = torch_logits(model, bench.encoder, messages, bench.pad, "out of fold")
    return doubted(training, 1 / (1 + np.exp(-logits)))


def doubted(training: Sequence[Example], probabilities: np.ndarray) -> list[Doubt]:
    """The same from out-of-fold probabilities, shape (examples, labels)."""
    given = [np.flatnonzero(row).tolist() for row in truth(training)]
    ranked = find_label_issues(given, probabilities, return_indices_ranked_by="self_confidence", n_jobs=1)
    found = [Doubt(training[row], dict(zip(LABEL_NAMES, probabilities[row].tolist(), strict=True))) for row in ranked]
    return [doubt for doubt in found if doubt.furthest[1] >= STRONG]


def write_doubts(path: Path, found: Iterable[Doubt]) -> None:
    """Write a CSV file with the columns id, given, predicted (labels above 0.5), furthest (the label most at odds), text."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "given", "predicted", "furthest", "text"])
        for doubt in found:
            likely = [name for name, chance in doubt.predicted.items() if chance > 0.5]
            name, _ = doubt.furthest
            furthest = f"{name} {doubt.predicted[name]:.2f}"
            text = doubt.example.message.text
            writer.writerow(
                [doubt.example.id, " ".join(sorted(doubt.example.labels)), " ".join(likely), furthest, text]
            )
