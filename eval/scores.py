"""Scores of a system, kept in a file by message hash: a run that was stopped goes on, one that is repeated asks nothing."""

import hashlib
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from classifier import Message
from eval.errors import EvaluationError
from eval.system import Judged, System
from eval.targets import TARGETS

_DIGITS = 6


class Scores:
    """Asks a system for what is not known yet. The file holds hashes, scores and decisions, never a text.

    Args:
        system: Is asked.
        file: JSON Lines; made when it is missing. A last line that a stopped run left half written is dropped.
    """

    def __init__(self, system: System, file: Path) -> None:
        self._system = system
        self._file = file
        self._salt = json.dumps([system.name, dict(sorted(system.facts.items()))])
        self._known: dict[str, tuple[list[float], list[float]]] = {}
        if file.exists():
            self._read()

    def judge(self, messages: Sequence[Message], ids: Sequence[str]) -> Judged:
        """Scores and decisions of the messages, asked for where they are not known.

        Raises:
            EvaluationError: As the system raises it; what it answered before is kept.
        """
        keys = [self._key(message, name) for message, name in zip(messages, ids, strict=True)]
        unknown = list({key: row for row, key in enumerate(keys) if key not in self._known}.values())
        for first in range(0, len(unknown), self._system.at_once):
            rows = unknown[first : first + self._system.at_once]
            judged = self._system.judge([messages[row] for row in rows], [ids[row] for row in rows])
            self._keep([keys[row] for row in rows], judged)
        found = [self._known[key] for key in keys]
        return Judged(np.array([one[0] for one in found]), np.array([one[1] for one in found]))

    def _keep(self, keys: Sequence[str], judged: Judged) -> None:
        with self._file.open("a", encoding="utf-8") as file:
            for key, scores, flagged in zip(keys, judged.scores, judged.flagged, strict=True):
                # Rounded before they are used, so that a repeated run gives the same figures.
                self._known[key] = [round(float(one), _DIGITS) for one in scores], [float(one) for one in flagged]
                lists = [[None if math.isnan(one) else one for one in part] for part in self._known[key]]
                file.write(json.dumps({"message": key, "scores": lists[0], "flagged": lists[1]}) + "\n")

    def _read(self) -> None:
        content = self._file.read_text(encoding="utf-8")
        whole, _, half = content.rpartition("\n")
        if half:
            self._file.write_text(whole + "\n" if whole else "", encoding="utf-8")
        try:
            for line in whole.split("\n") if whole else ():
                entry = json.loads(line)
                self._known[str(entry["message"])] = _numbers(entry["scores"]), _numbers(entry["flagged"])
        except (ValueError, KeyError, TypeError):
            raise EvaluationError(f"{self._file}: is not a file of scores; remove it to ask again") from None

    def _key(self, message: Message, name: str) -> str:
        turns = [[str(turn.role), turn.text] for turn in message.context]
        asked = [self._salt, message.text, turns, *([name] if self._system.by_id else [])]
        return hashlib.sha256(json.dumps(asked).encode()).hexdigest()


def _numbers(values: Any) -> list[float]:
    if len(values) != len(TARGETS):
        raise ValueError
    return [math.nan if one is None else float(one) for one in values]
