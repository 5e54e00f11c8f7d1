"""A run's rows as the console takes them: what each case is, and what the model gave it; no text."""

import json
from pathlib import Path

import numpy as np

from classifier.labels import LABEL_NAMES
from eval.errors import EvaluationError
from eval.labelled import Labelled
from eval.system import Judged, System
from eval.targets import TARGETS

_LABELS = [TARGETS.index(name) for name in LABEL_NAMES]
_DIGITS = 4
"""As the service shows scores."""


def write_scored_cases(path: Path, known: Labelled, judged: Judged, system: System) -> None:
    """One JSON object a case: ``id``, ``kind``, ``labels``, ``scores`` by label, and ``model``, the bundle that gave them.

    Raises:
        EvaluationError: The system is no Vangnet model, or the data does not say of every label whether it holds.
    """
    model = system.facts.get("model")
    truth, scores = known.truth[:, _LABELS], judged.scores[:, _LABELS]
    if not model or np.isnan(scores).any():
        raise EvaluationError(f"{path.name}: scored cases need a Vangnet model as the system")
    if np.isnan(truth).any():
        raise EvaluationError(f"{path.name}: scored cases need data that says of every label whether it holds")
    with path.open("w", encoding="utf-8") as file:
        for row, name in enumerate(known.ids):
            case = {
                "id": name,
                "kind": str(known.kinds[row]) or None,
                "labels": [label for label, holds in zip(LABEL_NAMES, truth[row], strict=True) if holds],
                "scores": dict(zip(LABEL_NAMES, scores[row].round(_DIGITS).tolist(), strict=True)),
                "model": model,
            }
            file.write(json.dumps(case, ensure_ascii=False, separators=(",", ":")) + "\n")
