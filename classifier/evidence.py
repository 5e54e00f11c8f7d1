"""Which words carried a score, by occlusion: the message is scored again without them (Zeiler and Fergus 2014)."""

import math
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from classifier.classifier import Classifier
from classifier.labels import LABEL_NAMES
from classifier.message import Message

MOST_PARTS = 48
"""A longer message is taken apart in as many runs of words, which bounds what a request for evidence costs."""
WIDTHS = (1, 3)
"""Parts left out at once: one alone shows a decisive word, three together one that its neighbours could stand in for."""
CARRIES = 0.4
"""A part carried the score when its weight is at least this share of the largest."""
_WORD = re.compile(r"\S+")
_NOTHING = "..."
"""What is scored in place of a message without words."""


@dataclass(frozen=True)
class Span:
    """A part of a message's text as it was sent.

    Attributes:
        start: First code point.
        end: One past the last code point.
        weight: Mean fall of the label's logit when the part is left out.
    """

    start: int
    end: int
    weight: float


def evidence(
    classifier: Classifier, message: Message, labels: Sequence[str], until: float = math.inf
) -> dict[str, list[Span]]:
    """Per label the parts of the text that carried its score, in order.

    Costs about two predictions a word, at most 96, however many labels are asked for.

    Raises:
        TimeoutError: It was not found until `until`, a reading of `time.perf_counter`.
    """
    return {label: carrying(parts) for label, parts in occlusion(classifier, message, labels, until).items()}


def carrying(parts: Sequence[Span]) -> list[Span]:
    """Those of a text's parts that carried the score, neighbours joined; none if no part's weight is above 0."""
    enough = CARRIES * max(part.weight for part in parts) if parts else 0.0
    found: list[Span] = []
    for before, part in zip([None, *parts], parts, strict=False):
        if part.weight <= 0 or part.weight < enough:
            continue
        if found and before is not None and found[-1].end == before.end:
            found[-1] = Span(found[-1].start, part.end, max(found[-1].weight, part.weight))
        else:
            found.append(part)
    return found


def occlusion(
    classifier: Classifier, message: Message, labels: Sequence[str], until: float = math.inf
) -> dict[str, list[Span]]:
    """Per label all words of the text (of a long one: runs of words) with their weights, in order.

    Raises:
        TimeoutError: As for `evidence`.
    """
    parts = _parts(message.text)
    columns = [LABEL_NAMES.index(label) for label in labels]

    def logits(text: str) -> NDArray[np.float64]:
        if time.perf_counter() > until:
            raise TimeoutError
        left = replace(message, text=text if text.strip() else _NOTHING)
        return classifier.predict(left).logits[columns]

    whole = logits(message.text)
    falls: list[list[NDArray[np.float64]]] = [[] for _ in parts]
    for width in sorted({min(width, len(parts)) for width in WIDTHS if parts}):
        for first in range(len(parts) - width + 1):
            start, end = parts[first][0], parts[first + width - 1][1]
            fall = whole - logits(message.text[:start] + message.text[end:])
            for covered in falls[first : first + width]:
                covered.append(fall)
    weights = [np.mean(fall, axis=0) for fall in falls]
    return {
        label: [Span(*part, float(weight[row])) for part, weight in zip(parts, weights, strict=True)]
        for row, label in enumerate(labels)
    }


def _parts(text: str) -> Sequence[tuple[int, int]]:
    words = [match.span() for match in _WORD.finditer(text)]
    size = -(-len(words) // MOST_PARTS) or 1
    runs = [words[first : first + size] for first in range(0, len(words), size)]
    return [(run[0][0], run[-1][1]) for run in runs]
