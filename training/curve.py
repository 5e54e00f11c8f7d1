"""The learning curve: does a larger corpus still help, for which labels, and at what price in false alarms?"""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from classifier.figures import CAVEAT, with_interval
from classifier.labels import LABEL_NAMES
from classifier.message import Message
from classifier.metrics import threshold_at
from training.corpus_files import Corpus, Example
from training.errors import TrainingError
from training.noise import chat_spelling
from training.presumed_safe import PresumedSafe, may_be_spliced, splice
from training.ranking import LOOK_ALIKE_ALARMS, TITLES, ranking
from training.scoring import torch_logits
from training.trials import Bench, share_of

SHARES = (0.125, 0.25, 0.5, 1.0)


def learning_curve(
    bench: Bench, corpus: Corpus, probe: Sequence[str] = (), shares: Sequence[float] = SHARES
) -> list[dict[str, Any]]:
    """Train on nested shares of the training voices and measure each model on the validation voices.

    Args:
        bench: Base, recipe and the folder that keeps finished models.
        corpus: Its training and validation voices are used, no others.
        probe: Presumed-safe sentences that no training saw, or none.
        shares: Parts of the voices, in (0, 1].

    Returns:
        One entry a share: ``share``, ``voices``, ``messages`` and the figures of `measured`.
    """
    validation = corpus.split("validation")
    if not validation:
        raise TrainingError("there are no validation voices")
    if lacking := [name for name in LABEL_NAMES if not any(name in example.labels for example in validation)]:
        raise TrainingError(f"validation voices lack {', '.join(lacking)}")
    if not any(example.look_alike for example in validation):
        raise TrainingError("validation voices hold no look-alike, which recall is read against")
    points = []
    for share in shares:
        examples = share_of(corpus, bench.recipe.seed, share)
        model = bench.trained(examples)

        def logits(messages: Sequence[Message], title: str, model: Any = model) -> np.ndarray:
            return torch_logits(model, bench.encoder, messages, bench.pad, title)

        counts = {"share": share, "voices": len({example.voice for example in examples}), "messages": len(examples)}
        points.append(counts | measured(validation, logits, bench.real, probe))
    return points


def read_probe(path: Path, real: PresumedSafe | None) -> list[str]:
    """Sentences of a file, one a line.

    Raises:
        TrainingError: It cannot be read as UTF-8, or training sees one of its sentences.
    """
    try:
        sentences = [line.strip() for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise TrainingError(f"--probe {path}: {error}") from None
    if real is not None and (shared := len(set(sentences) & set(real.training))):
        raise TrainingError(
            f"--probe {path}: {shared} of its sentences stand in --presumed-safe, where training sees them"
        )
    return sentences


def measured(
    validation: Sequence[Example], logits: Any, real: PresumedSafe | None, probe: Sequence[str]
) -> dict[str, Any]:
    """Figures of one model.

    Args:
        validation: Messages with labels.
        logits: Function of messages and a title that gives logits (messages, labels).
        real: Its threshold part gives the carriers of spliced messages.
        probe: Presumed-safe sentences.

    Returns:
        The figures of `ranking`, and ``spliced`` and ``probe`` at the threshold of its recall.
    """
    scores = logits([example.message for example in validation], "validation")
    highest = scores.max(1)
    threshold = threshold_at(LOOK_ALIKE_ALARMS, highest[[example.look_alike for example in validation]])
    figures = ranking(validation, scores)
    if real is not None:
        figures["spliced"] = _spliced(validation, highest, threshold, real, logits)
    if probe:
        rng = random.Random(0)
        rough = [chat_spelling(sentence, rng) for sentence in probe]
        figures["probe"] = {
            name: round(1000 * float((logits([Message(text) for text in texts], name).max(1) > threshold).mean()), 2)
            for name, texts in (("as_it_is_per_1000", probe), ("chat_spelling_per_1000", rough))
        }
    return figures


def _spliced(
    validation: Sequence[Example], highest: np.ndarray, threshold: float, real: PresumedSafe, logits: Any
) -> dict[str, Any]:
    """Recall on risky messages set between real sentences, beside that on the same messages alone."""
    rng = random.Random(0)
    rows = [row for row, example in enumerate(validation) if example.risky and may_be_spliced(example)]
    carried = [splice(validation[row], real.thresholds, rng).message for row in rows]
    return {
        "messages": len(rows),
        "recall_alone": round(float((highest[rows] > threshold).mean()), 4),
        "recall_spliced": round(float((logits(carried, "spliced").max(1) > threshold).mean()), 4),
    }


def curve_text(points: Sequence[dict[str, Any]]) -> str:
    """Markdown table of a learning curve, a column a share."""
    rows: dict[str, list[str]] = {}
    for point in points:
        cells = {"voices": point["voices"], "messages": point["messages"]}
        cells |= {title: with_interval(point[name]) for name, title in TITLES.items()}
        cells |= {f"AP `{name}`": f"{value:.3f}" for name, value in point["ap"].items()}
        for part, title in (("spliced", "spliced"), ("probe", "real sentences")):
            cells |= {f"{title}: {name.replace('_', ' ')}": value for name, value in point.get(part, {}).items()}
        for name, cell in cells.items():
            rows.setdefault(name, []).append(str(cell))
    shares = [f"{100 * point['share']:g} %" for point in points]
    head = f"| {CAVEAT} | {' | '.join(shares)} |\n|{' --- |' * (len(shares) + 1)}\n"
    return head + "".join(f"| {name} | {' | '.join(cells)} |\n" for name, cells in rows.items())
