"""Every row of a run, without its text: what comparisons and planning read."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from eval.errors import EvaluationError
from eval.labelled import Labelled
from eval.system import Judged
from eval.targets import TARGETS

_TEXTS = ("cluster", "kind", "pair", "conversation")
_NUMBERS = ("turn", "onset")


def write_rows(path: Path, known: Labelled, judged: Judged) -> None:
    """One JSON object a row: id, what is known of it, scores and decisions by target."""
    columns = (known.clusters, known.kinds, known.pairs, known.conversations)
    with path.open("w", encoding="utf-8") as file:
        for row, name in enumerate(known.ids):
            entry: dict[str, Any] = {"id": name}
            entry |= {key: str(column[row]) for key, column in zip(_TEXTS, columns, strict=True)}
            entry |= {
                key: _plain(column[row]) for key, column in zip(_NUMBERS, (known.turns, known.onsets), strict=True)
            }
            entry |= {"words": int(known.words[row]), "context": bool(known.context[row])}
            entry["slices"] = {key: str(values[row]) for key, values in known.slices.items()}
            for key, array in (("truth", known.truth), ("scores", judged.scores), ("flagged", judged.flagged)):
                entry[key] = {target: _plain(value) for target, value in zip(TARGETS, array[row], strict=True)}
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")


def read_rows_file(path: Path) -> tuple[Labelled, Judged]:
    """What `write_rows` wrote.

    Raises:
        EvaluationError: The file is missing, empty, or has another form.
    """
    try:
        entries = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
        known = Labelled(
            tuple(entry["id"] for entry in entries),
            _matrix(entries, "truth"),
            *(np.array([entry[key] for entry in entries]) for key in ("cluster",)),
            {key: np.array([entry["slices"][key] for entry in entries]) for key in entries[0]["slices"]},
            *(np.array([entry[key] for entry in entries]) for key in ("kind", "pair", "conversation")),
            *(np.array([_number(entry[key]) for entry in entries]) for key in _NUMBERS),
            *(np.array([entry[key] for entry in entries]) for key in ("words", "context")),
        )
        return known, Judged(_matrix(entries, "scores"), _matrix(entries, "flagged"))
    except OSError as error:
        raise EvaluationError(f"{path}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, IndexError):
        raise EvaluationError(f"{path}: is not a file of rows of vangnet-eval run") from None


def _matrix(entries: list[dict[str, Any]], key: str) -> np.ndarray:
    return np.array([[_number(entry[key][target]) for target in TARGETS] for entry in entries])


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _plain(value: float) -> float | None:
    return None if math.isnan(value) else round(float(value), 6)
