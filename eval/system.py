"""What is measured: anything that gives scores and decisions for messages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from classifier import Message


@dataclass(frozen=True)
class Judged:
    """Scores and decisions of n messages, in the order of `eval.targets.TARGETS`.

    Attributes:
        scores: Shape (n, targets), higher means more risky; NaN for targets that the system does not judge.
        flagged: Shape (n, targets), 1 or 0, the system's own decision; NaN where it does not judge or does not decide.
    """

    scores: np.ndarray
    flagged: np.ndarray


class System(Protocol):
    """A system under test.

    Attributes:
        name: Short, for reports.
        facts: Versions and settings that its scores depend on; together with the message they are the key of the cache, so
            they never hold a secret.
        at_once: Messages that one call of `judge` takes best.
        by_id: Whether equal messages with other ids may get other answers.
    """

    name: str
    facts: Mapping[str, str]
    at_once: int
    by_id: bool

    def judge(self, messages: Sequence[Message], ids: Sequence[str]) -> Judged:
        """Judge messages.

        Args:
            messages: At most `at_once`.
            ids: Their ids in the data, for systems that look them up.

        Raises:
            EvaluationError: The system does not answer, or answers in another form.
        """
        ...
