"""A list of words: what many platforms have, and what a classifier has to beat."""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from classifier import Message
from eval.errors import EvaluationError
from eval.system import Judged
from eval.targets import ANY, TARGETS


class KeywordSystem:
    """Flags a message in whose text, as it stands there, one of the words occurs as a whole; case does not matter.

    Args:
        file: UTF-8, one word or phrase a line; ``*`` stands for any letters or none, and the rest of a line from ``#`` on is a
            comment.

    Raises:
        EvaluationError: The file cannot be read, or names no word.
    """

    def __init__(self, file: Path) -> None:
        try:
            content = file.read_bytes()
            lines = content.decode("utf-8-sig").split("\n")
        except OSError as error:
            raise EvaluationError(f"{file}: {error.strerror}") from None
        except UnicodeDecodeError:
            raise EvaluationError(f"{file}: is not UTF-8") from None
        words = [word for line in lines if (word := line.partition("#")[0].strip())]
        if not words:
            raise EvaluationError(f"{file}: names no word")
        choices = "|".join(re.escape(word).replace(r"\*", r"[^\W\d_]*") for word in words)
        self._words = re.compile(rf"(?<!\w)(?:{choices})(?!\w)", re.IGNORECASE)
        self.name = f"words of {file.name}"
        self.facts = {"sha256": hashlib.sha256(content).hexdigest(), "context": "not used"}
        self.at_once = 256
        self.by_id = False

    def judge(self, messages: Sequence[Message], ids: Sequence[str]) -> Judged:
        """Judge messages; see `System`. Only any risk is judged, and the score is the decision."""
        scores = np.full((len(messages), len(TARGETS)), np.nan)
        scores[:, TARGETS.index(ANY)] = [self._words.search(message.text) is not None for message in messages]
        return Judged(scores, scores.copy())
