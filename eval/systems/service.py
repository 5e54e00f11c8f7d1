"""A running Vangnet, by its address."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from classifier import Message
from classifier.labels import LABEL_NAMES
from eval.errors import EvaluationError
from eval.system import Judged
from eval.systems.asking import PATIENCE, Asking, in_parts
from eval.systems.bundle import taken_together

_REPETITIONS = 2
"""How often a message is sent again whose place in the answer holds an error that may pass."""
_PAUSE = 1.0


class ServiceSystem:
    """Scores and decisions of the service's active model and policy, through `/v1/classify/batch`.

    The key stands in the environment variable ``VANGNET_API_KEY``. What is measured is judged like any other message: a
    service with review storage or webhooks stores what it flags and tells of it, so measure one that has neither.

    Args:
        url: Such as ``http://127.0.0.1:8080``.
        patience: Seconds that one question may spend on waiting.

    Raises:
        EvaluationError: The service does not answer, or is no Vangnet.
    """

    def __init__(self, url: str, patience: float = PATIENCE) -> None:
        self._asking = Asking(url, "VANGNET_API_KEY", patience)
        model = self._asking.ask("GET", "/v1/model")
        try:
            self._versions = {name: str(model[name]) for name in ("model", "normaliser", "policy")}
            self.facts: Mapping[str, str] = {
                **self._versions,
                "sha256": str(model["sha256"]),
                "host": self._asking.host,
            }
        except (KeyError, TypeError):
            raise self._asking.other_form() from None
        self.name = f"{self._versions['model']} (service)"
        self.at_once = 256
        self.by_id = False

    def judge(self, messages: Sequence[Message], ids: Sequence[str]) -> Judged:
        """Judge messages; see `System`."""
        results = in_parts(self._results, list(zip(map(_body, messages), ids, strict=True)))
        try:
            found = [{name: result["versions"][name] for name in self._versions} for result in results]
            scores = np.array([[float(result["labels"][name]["score"]) for name in LABEL_NAMES] for result in results])
            reached = [{reason["label"] for reason in result["reasons"]} for result in results]
        except (KeyError, TypeError, ValueError):
            raise self._asking.other_form() from None
        if any(versions != self._versions for versions in found):
            raise EvaluationError(f"{self._asking.host}: model or policy changed meanwhile; run again")
        return taken_together(scores, np.array([[name in labels for name in LABEL_NAMES] for labels in reached]))

    def _results(self, asked: Sequence[tuple[Mapping[str, Any], str]]) -> list[Mapping[str, Any]]:
        items = self._items(asked)
        for _ in range(_REPETITIONS):
            again = [row for row, item in enumerate(items) if self._status(item) >= 500]
            if not again:
                break
            time.sleep(_PAUSE)
            for row, item in zip(again, self._items([asked[row] for row in again]), strict=True):
                items[row] = item
        for item, (_, name) in zip(items, asked, strict=True):
            if (status := self._status(item)) != 200:
                raise EvaluationError(f"{self._asking.host}: id {name}: answers {status}")
        return [item["result"] for item in items]

    def _items(self, asked: Sequence[tuple[Mapping[str, Any], str]]) -> list[Mapping[str, Any]]:
        answer = self._asking.ask("POST", "/v1/classify/batch", {"messages": [body for body, _ in asked]})
        items = answer.get("results") if isinstance(answer, dict) else None
        if not isinstance(items, list) or len(items) != len(asked):
            raise self._asking.other_form()
        return items

    def _status(self, item: Mapping[str, Any]) -> int:
        try:
            return 200 if "result" in item else int(item["error"]["status"])
        except (KeyError, TypeError, ValueError):
            raise self._asking.other_form() from None


def _body(message: Message) -> dict[str, Any]:
    if not message.context:
        return {"text": message.text}
    return {
        "text": message.text,
        "context": [{"role": str(turn.role), "text": turn.text} for turn in message.context],
    }
