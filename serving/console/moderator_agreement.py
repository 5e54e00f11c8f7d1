"""What the moderators of one message say together, and how far they agree."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from classifier.labels import LABEL_NAMES
from serving.verdicts import Ruling

LEAST = 10
"""Figures are given from so many judged messages on."""


@dataclass(frozen=True)
class Agreement:
    """How far moderators agree on one label.

    Attributes:
        label: Its name.
        messages: Those that two or more moderators called right or wrong.
        same: Share in [0, 1] on which all of them said the same; None below `LEAST` messages.
        alpha: See `krippendorff`; None below `LEAST` messages, or where it is undefined.
    """

    label: str
    messages: int
    same: float | None
    alpha: float | None


def majority(rulings: Iterable[str]) -> Ruling:
    """What most of those say who call a label right or wrong; unsure where they are even, or nobody does."""
    given = list(rulings)
    lead = given.count(Ruling.RIGHT) - given.count(Ruling.WRONG)
    return Ruling.RIGHT if lead > 0 else Ruling.WRONG if lead < 0 else Ruling.UNSURE


def together(verdicts: Sequence[Mapping[str, str]]) -> dict[str, Ruling]:
    """The majority's ruling on every label of one message that a moderator ruled on, in label order."""
    return {
        name: majority(verdict[name] for verdict in verdicts if name in verdict)
        for name in LABEL_NAMES
        if any(name in verdict for verdict in verdicts)
    }


def agreement(judged: Iterable[Sequence[Mapping[str, str]]]) -> list[Agreement]:
    """Agreement per label, in label order; who was unsure of a label did not rule on it.

    Args:
        judged: Per message the rulings of its moderators: a label's name and ``right``, ``wrong`` or ``unsure``.
    """
    counts: dict[str, list[tuple[int, int]]] = {name: [] for name in LABEL_NAMES}
    for verdicts in judged:
        for name in LABEL_NAMES:
            given = [verdict.get(name) for verdict in verdicts]
            sides = given.count(Ruling.RIGHT), given.count(Ruling.WRONG)
            if sum(sides) >= 2:
                counts[name].append(sides)
    return [_agreement(name, sides) for name, sides in counts.items()]


def _agreement(label: str, sides: Sequence[tuple[int, int]]) -> Agreement:
    if len(sides) < LEAST:
        return Agreement(label, len(sides), None, None)
    alpha = krippendorff(sides)
    same = float(np.mean([min(one) == 0 for one in sides]))
    return Agreement(label, len(sides), same, None if np.isnan(alpha) else alpha)


def krippendorff(counts: ArrayLike) -> float:
    """Krippendorff's alpha for nominal values and any number of judges.

    Source: K. Krippendorff, Computing Krippendorff's Alpha-Reliability (2011). One minus observed over expected
    disagreement. Observed: the ordered pairs of different values within a message, each over its number of values less one.
    Expected: the same pairs among all values.

    Args:
        counts: Shape (messages, kinds): how many judges gave a message a value. Messages with fewer than two do not count.

    Returns:
        At most 1, which is full agreement; 0 is what chance gives. NaN where all values are of one kind, or no message has two.
    """
    table = np.asarray(counts, float)
    table = table[table.sum(axis=1) >= 2]
    given, total = table.sum(axis=1), table.sum()
    different = total**2 - (table.sum(axis=0) ** 2).sum()
    if not different:
        return float("nan")
    observed = ((given**2 - (table**2).sum(axis=1)) / (given - 1)).sum()
    return float(1 - observed * (total - 1) / different)
