"""Can style alone tell risky from safe? If it can, a model may learn the style instead of the risk."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import GroupKFold, cross_val_predict

from classifier.metrics import auroc
from training.corpus_files import REGISTERS, Example

LARGEST_AUROC = 0.60
"""What the corpus should stay within; the check reports more, and does not fail on it."""
FOLDS = 5
_EMOJI = re.compile("[\U0001f300-\U0001faff\u2600-\u27bf]")
_WIDER = ("characters a word", "digits", "context turns", "context characters", "last turn by the author")
_SIGNS = (".", ",", "!", "?", "...", '"', "'", "(", ":", "-", "\n", "http")


def shortcut_report(examples: Sequence[Example]) -> dict[str, Any]:
    """How well gradient-boosted trees on style tell risky from safe, in voices that they were not fitted on.

    Args:
        examples: Messages of five voices or more.

    Returns:
        Out of fold by voice: ``auroc`` of a model on style, and ``with_context_length``, of one that also sees the number and
        length of context turns, digits and the length of words. ``single``: AUROC per feature alone, furthest from 0.5 first.
    """
    risky = np.array([example.risky for example in examples])
    names, table = style_features(examples)
    voices = np.unique([example.voice for example in examples], return_inverse=True)[1]

    def out_of_fold(features: np.ndarray) -> float:
        model = HistGradientBoostingClassifier(max_iter=60, max_leaf_nodes=8, learning_rate=0.1, random_state=0)
        folds = GroupKFold(FOLDS)
        scores = cross_val_predict(model, features, risky, groups=voices, cv=folds, method="predict_proba")[:, 1]
        return round(auroc(risky, scores), 3)

    style = [column for column, name in enumerate(names) if name not in _WIDER]
    single = {name: round(auroc(risky, table[:, column]), 3) for column, name in enumerate(names)}
    order = sorted(single, key=lambda name: -abs(single[name] - 0.5))
    return {
        "auroc": out_of_fold(table[:, style]),
        "with_context_length": out_of_fold(table),
        "single": {name: single[name] for name in order},
    }


def style_features(examples: Sequence[Example]) -> tuple[list[str], np.ndarray]:
    """Names and values (messages, features) of length, punctuation, capitals, emoji, context and register; no words."""
    rows = []
    for example in examples:
        text, context = example.message.text, example.message.context
        words = text.split()
        row: dict[str, float] = {
            "characters": len(text),
            "words": len(words),
            "characters a word": len(text) / max(1, len(words)),
            "capitals": sum(letter.isupper() for letter in text) / len(text),
            "starts with a capital": text[:1].isupper(),
            "ends with a sign": not text[-1].isalnum(),
            "digits": sum(letter.isdigit() for letter in text),
            "emoji": len(_EMOJI.findall(text)),
            "has context": bool(context),
            "context turns": len(context),
            "context characters": sum(len(turn.text) for turn in context),
            "last turn by the author": bool(context) and context[-1].role == "self",
        }
        row |= {f"count of {sign!r}": text.count(sign) for sign in _SIGNS}
        row |= {f"register {name}": example.register == name for name in REGISTERS}
        rows.append(row)
    return list(rows[0]), np.array([list(row.values()) for row in rows], dtype=float)
