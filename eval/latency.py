"""How long one message takes, tokenising and all, on one thread of this machine."""

import platform
import time
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np

from classifier import Classifier, Message

TOKENS = (16, 64, 128)
WARM_UP, RUNS = 20, 300


def latency(classifier: Classifier, texts: Sequence[str], runs: int = RUNS) -> dict[str, Any]:
    """Median and 95th percentile in milliseconds by length of the input.

    Args:
        classifier: Warmed up here.
        texts: Whole texts, strung together and cut to the wanted number of tokens.
        runs: Messages timed per length.

    Returns:
        ``processor`` and per number of tokens, prefix and ends included, ``median_ms`` and ``p95_ms``.
    """
    words = " ".join(texts).split()
    measured = {}
    for tokens in TOKENS:
        message = _of_length(classifier, words, tokens)
        for _ in range(WARM_UP):
            classifier.predict(message)
        taken = []
        for _ in range(runs):
            started = time.perf_counter()
            classifier.predict(message)
            taken.append(1000 * (time.perf_counter() - started))
        low, high = np.quantile(taken, [0.5, 0.95])
        measured[str(tokens)] = {"median_ms": round(float(low), 2), "p95_ms": round(float(high), 2)}
    return {"processor": processor(), "tokens": measured}


def processor() -> str:
    """The processor's name, as Linux tells it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _of_length(classifier: Classifier, words: Sequence[str], tokens: int) -> Message:
    """The first words, again from the start where they run out, whose input has at least `tokens` tokens."""
    taken: list[str] = []
    for word in cycle(words or ["de"]):
        taken.append(word)
        message = Message(" ".join(taken))
        if sum(len(window.ids) for window in classifier.encoder.encode(message)) >= tokens:
            return message
    raise AssertionError("a cycle has no end")
