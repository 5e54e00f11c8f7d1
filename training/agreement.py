"""How far blind second labellings agree, per label."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import cohen_kappa_score

from classifier.labels import BY_NAME, LABEL_NAMES
from training.errors import TrainingError

FOLDER = Path(__file__).parent / "second_labels"
HANDS = ("writer", "second", "third")


@dataclass(frozen=True)
class Labelled:
    """One message as each hand labelled it; a hand that did not see it is absent."""

    id: str
    hands: dict[str, frozenset[str]]


def read_labelled(path: Path) -> list[Labelled]:
    """Read a CSV file with the columns ``id``, ``writer``, ``second`` and ``third``.

    A cell holds label names with a space between them, ``-`` for none of them, or nothing where that hand did not label.

    Raises:
        TrainingError: A column or label is unknown; the message names file and line.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        if reader.fieldnames != ["id", *HANDS]:
            raise TrainingError(f"{path}: must have the columns id, {', '.join(HANDS)}")
        rows: dict[str, Labelled] = {}
        for number, row in enumerate(reader, 2):
            hands = {hand: frozenset(row[hand].split()) - {"-"} for hand in HANDS if (row[hand] or "").strip()}
            if unknown := frozenset().union(*hands.values()) - set(BY_NAME):
                raise TrainingError(f"{path}:{number}: unknown label {sorted(unknown)}")
            if row["id"] in rows:
                raise TrainingError(f"{path}:{number}: {row['id']} stands twice")
            rows[row["id"]] = Labelled(row["id"], hands)
    return list(rows.values())


def agreement(rows: Sequence[Labelled]) -> dict[str, Any]:
    """Cohen's kappa (Cohen 1960) per label and for any label at all, for every two hands that share messages.

    Returns:
        Per pair of hands, such as ``"writer, second"``: ``messages`` and ``kappa`` by label; NaN where both never gave it.
    """
    found = {}
    for one, other in combinations(HANDS, 2):
        shared = [row for row in rows if one in row.hands and other in row.hands]
        if shared:
            kappa = {
                name: _kappa([(name in row.hands[one], name in row.hands[other]) for row in shared])
                for name in LABEL_NAMES
            }
            kappa["any"] = _kappa([(bool(row.hands[one]), bool(row.hands[other])) for row in shared])
            found[f"{one}, {other}"] = {"messages": len(shared), "kappa": kappa}
    return found


def agreement_text(folder: Path = FOLDER) -> str:
    """Markdown tables of kappa, one for every file in the folder."""
    tables = []
    files = sorted(folder.glob("*.csv"))
    if not files:
        raise TrainingError(f"{folder}: holds no CSV file")
    for path in files:
        found = agreement(read_labelled(path))
        head = f"| {path.stem} | {' | '.join(found)} |\n|{' --- |' * (len(found) + 1)}\n"
        lines = [("messages", [str(one["messages"]) for one in found.values()])]
        for name in (*LABEL_NAMES, "any"):
            lines.append((f"`{name}`", [f"{one['kappa'][name]:.2f}" for one in found.values()]))
        tables.append(head + "".join(f"| {name} | {' | '.join(cells)} |\n" for name, cells in lines))
    return "\n".join(tables)


def _kappa(pairs: Sequence[tuple[bool, bool]]) -> float:
    one, other = np.array(pairs, int).T
    if not (one.any() or other.any()):
        return float("nan")
    return float(cohen_kappa_score(one, other, labels=[0, 1]))
