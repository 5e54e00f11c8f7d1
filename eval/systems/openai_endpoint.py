"""A moderation endpoint in the shape of OpenAI's."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from classifier import Message
from classifier.labels import LABEL_NAMES, Area
from eval.errors import EvaluationError
from eval.system import Judged
from eval.systems.asking import PATIENCE, Asking, in_parts
from eval.systems.bundle import taken_together
from eval.targets import ANY, TARGETS

MODEL = "omni-moderation-latest"
CATEGORY = "self-harm"
"""Their category that stands for any risk and for the area; none fits the other targets."""
_JUDGED = [TARGETS.index(ANY), TARGETS.index(str(Area.SELF_HARM))]
_PROBE = "hallo"


class OpenAiSystem:
    """Scores and categories of any endpoint that answers like OpenAI's.

    The key stands in the environment variable ``OPENAI_API_KEY``, the model's name in ``OPENAI_MODERATION_MODEL``. The
    endpoint takes no context, so messages are judged without it. Where an answer has our labels beside theirs, all targets
    come from these.

    Args:
        url: Base address, such as ``http://127.0.0.1:8080/v1``. It is asked about one greeting at once, to learn which model
            answers: a name such as `MODEL` means another one tomorrow.
        patience: Seconds that one question may spend on waiting.

    Raises:
        EvaluationError: The endpoint does not answer, or in another form.
    """

    def __init__(self, url: str, patience: float = PATIENCE) -> None:
        self._asking = Asking(url, "OPENAI_API_KEY", patience)
        self._model = os.environ.get("OPENAI_MODERATION_MODEL") or MODEL
        self._answers = str(self._answer([_PROBE]).get("model", ""))
        self.name = self._answers or self._model
        self.facts: Mapping[str, str] = {
            "model": self._model,
            "answers": self._answers,
            "host": self._asking.host,
            "context": "not sent",
        }
        self.at_once = 32
        self.by_id = False

    def judge(self, messages: Sequence[Message], ids: Sequence[str]) -> Judged:
        """Judge messages; see `System`."""
        results = in_parts(self._results, [message.text for message in messages])
        try:
            if all(set(LABEL_NAMES) <= set(result["category_scores"]) for result in results):
                return taken_together(*_columns(results, LABEL_NAMES))
            scores, flagged = _columns(results, [CATEGORY])
        except (KeyError, TypeError, ValueError):
            raise self._asking.other_form() from None
        judged = Judged(*(np.full((len(results), len(TARGETS)), np.nan) for _ in range(2)))
        judged.scores[:, _JUDGED], judged.flagged[:, _JUDGED] = scores, flagged
        return judged

    def _results(self, texts: Sequence[str]) -> list[Mapping[str, Any]]:
        answer = self._answer(texts)
        if str(answer.get("model", "")) != self._answers:
            raise EvaluationError(f"{self._asking.host}: another model answers than before; run again")
        return list(answer["results"])

    def _answer(self, texts: Sequence[str]) -> dict[str, Any]:
        answer = self._asking.ask("POST", "/moderations", {"model": self._model, "input": list(texts)})
        if not isinstance(answer, dict) or not isinstance(answer.get("results"), list):
            raise self._asking.other_form()
        if len(answer["results"]) != len(texts):
            raise self._asking.other_form()
        return answer


def _columns(results: Sequence[Mapping[str, Any]], names: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    scores = np.array([[float(result["category_scores"][name]) for name in names] for result in results])
    return scores, np.array([[bool(result["categories"][name]) for name in names] for result in results])
