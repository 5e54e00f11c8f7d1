"""Does the evidence point where a person points? Occlusion against words that another hand marked in risky messages."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper
from tqdm.auto import tqdm

from classifier import Classifier
from classifier.bundle import Bundle
from classifier.evidence import carrying, occlusion
from classifier.labels import LABEL_NAMES
from training import keywords
from training.corpus_files import Corpus, Example
from training.errors import TrainingError
from training.ranking import figure

MARKS = Path(__file__).parent / "evidence" / "marks.jsonl"
"""Risky messages of validation voices and the fragments of their text that another hand marked."""


@dataclass(frozen=True)
class Marked:
    """A risky message and which of its words were marked, shape (words,)."""

    example: Example
    words: tuple[tuple[int, int], ...]
    marked: np.ndarray


def read_marks(corpus: Corpus, path: Path = MARKS) -> list[Marked]:
    """Read the marks of messages of the corpus.

    Raises:
        TrainingError: The file cannot be read, or a line names an unknown message or a fragment that is not in it.
    """
    by_id = {example.id: example for example in corpus.examples}
    found = []
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, ValueError) as error:
        raise TrainingError(f"{path}: {error}") from None
    for row in rows:
        example = by_id.get(row["id"])
        if example is None or not row["fragments"]:
            raise TrainingError(f"{path}: {row['id']} is not a message of the corpus, or has no fragment")
        text, spans = example.message.text, []
        for fragment in row["fragments"]:
            start = text.find(fragment)
            if start < 0:
                raise TrainingError(f"{path}: a fragment of {row['id']} does not stand in its text")
            spans.append((start, start + len(fragment)))
        words = _words(text)
        found.append(Marked(example, words, _over(words, spans)))
    return found


def evidence_report(classifier: Classifier, marks: Sequence[Marked]) -> dict[str, Any]:
    """Token F1 and hit rate of the bundle, of the same with a shuffled head, of the keyword list and of chance.

    Per message the label with the highest score among its own is explained. Token F1 compares marked and chosen words; a hit
    is a heaviest word that is marked. Chance chooses every word equally: its expected F1 is that of as many words as the
    bundle chooses, drawn at random. Intervals by bootstrap over voices.

    Returns:
        ``marked``, the share of all words that is marked; per system ``f1`` and ``hit``, each with ``value``, ``low`` and
        ``high``; ``passed`` says whether the bundle's lower bounds lie above the values of the other three.
    """
    own = _chosen(classifier, marks, "evidence")
    shuffled = _chosen(Classifier(shuffled_head(classifier.bundle)), marks, "shuffled head")
    listed = [_over(mark.words, keywords.spans(mark.example.message.text)) for mark in marks]
    random = np.random.default_rng(0)
    drawn = [random.permutation(words) for words, _ in own]
    systems = {
        "evidence": _figures(marks, own),
        "shuffled head": _figures(marks, shuffled),
        "keyword list": _figures(marks, [(words, int(words.argmax()) if words.any() else None) for words in listed]),
        "random words": _figures(marks, [(words, int(random.integers(len(words)))) for words in drawn]),
    }
    others = [figures for name, figures in systems.items() if name != "evidence"]
    passed = all(
        systems["evidence"][name]["low"] > figures[name]["value"] for figures in others for name in ("f1", "hit")
    )
    share = float(np.concatenate([mark.marked for mark in marks]).mean())
    return {"messages": len(marks), "marked": round(share, 4), "passed": passed, "systems": systems}


def shuffled_head(bundle: Bundle) -> Bundle:
    """The same bundle with the input rows of its head in random order: it scores, and knows nothing."""
    model = onnx.load_from_string(bundle.files["model.onnx"])
    inputs = {name for node in model.graph.node if node.name.startswith("/head/") for name in node.input}
    [weight] = [one for one in model.graph.initializer if one.name in inputs and len(one.dims) == 2]
    mixed = np.random.default_rng(0).permutation(numpy_helper.to_array(weight), axis=int(np.argmax(weight.dims)))
    weight.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(mixed), weight.name))
    return Bundle(bundle.folder, bundle.manifest, {**bundle.files, "model.onnx": model.SerializeToString()})


def report_text(report: Mapping[str, Any]) -> str:
    """Markdown table."""
    lines = [
        f"| {report['messages']} messages, {report['marked']:.0%} of their words marked | token F1 | hit rate |",
        "| --- | --- | --- |",
    ]
    for name, figures in report["systems"].items():
        cells = [f"{one['value']:.3f} ({one['low']:.3f}-{one['high']:.3f})" for one in figures.values()]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def _chosen(classifier: Classifier, marks: Sequence[Marked], title: str) -> list[tuple[np.ndarray, int | None]]:
    """Per message which words the evidence chooses, and the heaviest."""
    found = []
    for mark in tqdm(marks, desc=title, unit="message"):
        message = mark.example.message
        scores = classifier.predict(message).scores
        label = max((name for name in LABEL_NAMES if name in mark.example.labels), key=lambda name: scores[name])
        [parts] = occlusion(classifier, message, [label]).values()
        heaviest = max(parts, key=lambda part: part.weight)
        chosen = _over(mark.words, [(span.start, span.end) for span in carrying(parts)])
        found.append((chosen, next(row for row, word in enumerate(mark.words) if word[0] >= heaviest.start)))
    return found


def _figures(marks: Sequence[Marked], chosen: Sequence[tuple[np.ndarray, int | None]]) -> dict[str, dict[str, float]]:
    hit = np.array([row is not None and mark.marked[row] for mark, (_, row) in zip(marks, chosen, strict=True)])
    both = np.array([(mark.marked & words).sum() for mark, (words, _) in zip(marks, chosen, strict=True)])
    sizes = np.array([mark.marked.sum() + words.sum() for mark, (words, _) in zip(marks, chosen, strict=True)])
    examples = [mark.example for mark in marks]
    return {
        "f1": figure(lambda shared, total: float(2 * shared.sum() / total.sum()), examples, both, sizes),
        "hit": figure(lambda hits: float(hits.mean()), examples, hit),
    }


def _words(text: str) -> tuple[tuple[int, int], ...]:
    return tuple(match.span() for match in re.finditer(r"\S+", text))


def _over(words: Sequence[tuple[int, int]], spans: Sequence[tuple[int, int]]) -> np.ndarray:
    """Which words a span touches, shape (words,)."""
    return np.array([any(start < end_ and start_ < end for start_, end_ in spans) for start, end in words], dtype=bool)
