"""Recall and false alarms by register, length and context."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from classifier.metrics import false_alarm_rate, recall
from eval.data import Case
from eval.figure import Figure

LENGTHS = ((1, 4), (5, 12), (13, 30), (31, None))
"""Words, from and to."""


def slices(
    cases: Sequence[Case], flagged: np.ndarray, figure: Callable[..., Figure]
) -> dict[str, dict[str, dict[str, Any]]]:
    """Figures per slice, for every way of slicing that the data allows.

    Args:
        cases: Labelled messages.
        flagged: Shape (cases,), the decision.
        figure: ``figure(metric, rows, truth, flagged)`` measures on the chosen rows, with an interval.

    Returns:
        Per way and slice: ``messages``, ``risky``, and the figures ``recall`` and ``false_alarm_rate``, the latter among all
        safe messages of the slice.
    """
    truth = np.array([bool(case.labels) for case in cases])
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for way, members in _ways(cases).items():
        found[way] = {
            name: {
                "messages": int(rows.sum()),
                "risky": int(truth[rows].sum()),
                "recall": figure(recall, rows, truth, flagged),
                "false_alarm_rate": figure(false_alarm_rate, rows, truth, flagged),
            }
            for name, rows in members.items()
            if rows.any()
        }
    return found


def _ways(cases: Sequence[Case]) -> Mapping[str, dict[str, np.ndarray]]:
    words = np.array([len(case.message.text.split()) for case in cases])
    context = np.array([bool(case.message.context) for case in cases])
    registers = np.array([case.register or "" for case in cases])
    return {
        "register": {name: registers == name for name in dict.fromkeys(registers.tolist()) if name},
        "length": {
            f"{least} to {most} words" if most else f"{least} words and more": (words >= least)
            & (words <= (most or words.max()))
            for least, most in LENGTHS
        },
        "context": {"without context": ~context, "with context": context},
    }
