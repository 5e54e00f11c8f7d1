"""How far two labellings of the same messages agree."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import cohen_kappa_score

from classifier.labels import BY_NAME, LABEL_NAMES
from eval.errors import EvaluationError
from eval.figure import rounded
from eval.targets import ANY

Labelling = Mapping[str, frozenset[str] | None]
"""Per id the labels; None where the labeller could not say."""


def read_objects(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Place (file and line) and object of every line of a JSON Lines file.

    Raises:
        EvaluationError: The file cannot be read, or a line is not an object; the message names the line, never its text.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")  # splitlines() would also split at U+2028
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not UTF-8"
        raise EvaluationError(f"{path}: {reason}") from None
    for number, line in enumerate(lines, 1):
        if line.strip():
            place = f"{path}:{number}"
            try:
                row = json.loads(line)
            except ValueError:
                raise EvaluationError(f"{place}: is not JSON") from None
            if not isinstance(row, dict):
                raise EvaluationError(f"{place}: must be an object")
            yield place, row


def id_of(row: Mapping[str, Any], column: str, place: str) -> str:
    """The id of a row, as text.

    Raises:
        EvaluationError: It is missing, or not valid Unicode.
    """
    found = row.get(column)
    if isinstance(found, bool) or not isinstance(found, str | int) or found == "":
        raise EvaluationError(f"{place}: {column}: must be a text or a whole number")
    if any("\ud800" <= letter <= "\udfff" for letter in str(found)):
        raise EvaluationError(f"{place}: {column}: contains an unpaired surrogate, which is not valid Unicode")
    return str(found)


def read_labels(path: Path) -> dict[str, frozenset[str] | None]:
    """Read ``id`` and ``labels`` (a list, or null where the labeller could not say) of every line of a JSON Lines file.

    Raises:
        EvaluationError: A line has another form, an unknown label, or an id that stands twice; the message names the line.
    """
    found: dict[str, frozenset[str] | None] = {}
    for place, row in read_objects(path):
        name, labels = id_of(row, "id", place), row.get("labels", "")
        if not isinstance(labels, list | None):
            raise EvaluationError(f"{place}: labels: must be a list or null")
        if unknown := [one for one in labels or () if not isinstance(one, str) or one not in BY_NAME]:
            raise EvaluationError(f"{place}: labels: {len(unknown)} unknown")
        if name in found:
            raise EvaluationError(f"{place}: id: stands twice")
        found[name] = None if labels is None else frozenset(labels)
    return found


def agreement(one: Labelling, two: Labelling) -> dict[str, Any]:
    """Agreement per label and for any label at all.

    Returns:
        ``messages`` (labelled in both), ``missing`` (in one of them alone, or not decided by one), ``targets``: per target
        ``one``, ``two`` and ``both`` (messages that have it there), ``kappa`` (Cohen 1960) and ``alpha`` (`krippendorff`),
        None where neither or both gave it to every message; and ``disagreeing``: per message ``id``, ``one`` and ``two``.

    Raises:
        EvaluationError: They share no message.
    """
    names = list(dict.fromkeys([*one, *two]))
    both = [name for name in names if one.get(name) is not None and two.get(name) is not None]
    if not both:
        raise EvaluationError("the two labellings share no message that both labelled")
    targets = {}
    for target in (ANY, *LABEL_NAMES):
        values = np.array([[_value(labelling.get(name), target) for name in names] for labelling in (one, two)])
        shared = values[:, ~np.isnan(values).any(axis=0)]
        kappa = cohen_kappa_score(*shared.astype(int), labels=[0, 1]) if len(np.unique(shared)) > 1 else np.nan
        targets[target] = {
            "one": int(shared[0].sum()),
            "two": int(shared[1].sum()),
            "both": int(shared.all(axis=0).sum()),
            "kappa": rounded(kappa),
            "alpha": rounded(krippendorff(values)),
        }
    disagreeing = [
        {"id": name, "one": sorted(one[name] or ()), "two": sorted(two[name] or ())}
        for name in both
        if one[name] != two[name]
    ]
    missing = len(names) - len(both)
    return {"messages": len(both), "missing": missing, "targets": targets, "disagreeing": disagreeing}


def krippendorff(values: np.ndarray) -> float:
    """Krippendorff's alpha for nominal data (Krippendorff 2011, Computing Krippendorff's Alpha-Reliability).

    One minus observed over expected disagreement. Observed: over the messages that two or more labelled, the ordered pairs of
    different values in a message, each over its number of values less one. Expected: the same for any two of all these values.

    Args:
        values: Shape (labellers, messages), NaN where a labeller did not label a message.

    Returns:
        At most 1 (perfect); 0 is what chance gives; NaN where all values are the same, or no message has two.
    """
    kinds = np.unique(values[~np.isnan(values)])
    counts = np.array([(values == kind).sum(axis=0) for kind in kinds]).reshape(len(kinds), -1)
    counts = counts[:, counts.sum(axis=0) >= 2]
    given, of_kind = counts.sum(axis=0), counts.sum(axis=1)
    total = int(given.sum())
    different = total**2 - int((of_kind**2).sum())
    if not different:
        return float("nan")
    observed = ((given**2 - (counts**2).sum(axis=0)) / (given - 1)).sum() / total
    return float(1 - observed / (different / (total * (total - 1))))


def _value(labels: frozenset[str] | None, target: str) -> float:
    if labels is None:
        return np.nan
    return float(bool(labels) if target == ANY else target in labels)
