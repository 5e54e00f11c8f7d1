"""What is known of every row of a suite, in columns; texts are not kept."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from eval.errors import EvaluationError
from eval.rows import Row
from eval.targets import TARGETS


@dataclass(frozen=True)
class Labelled:
    """Columns of n rows, in the order of the data.

    Attributes:
        ids: Unique names.
        truth: Shape (n, targets), 1 risky, 0 safe, NaN unknown, in the order of `TARGETS`.
        clusters: Shape (n,), texts: what intervals draw together.
        slices: Per slice column its values, shape (n,), texts; empty where missing.
        kinds: Shape (n,), texts; empty where missing.
        pairs: Shape (n,), texts; empty where missing.
        conversations: Shape (n,), texts; empty where missing.
        turns: Shape (n,), NaN where missing.
        onsets: Shape (n,), NaN where missing or where nothing in the conversation is risky.
        words: Shape (n,), words of the message.
        context: Shape (n,), whether the message has context.
    """

    ids: tuple[str, ...]
    truth: np.ndarray
    clusters: np.ndarray
    slices: dict[str, np.ndarray]
    kinds: np.ndarray
    pairs: np.ndarray
    conversations: np.ndarray
    turns: np.ndarray
    onsets: np.ndarray
    words: np.ndarray
    context: np.ndarray

    @cached_property
    def known(self) -> tuple[str, ...]:
        """Targets that anything is known of."""
        return tuple(name for name, column in zip(TARGETS, self.truth.T, strict=True) if not np.isnan(column).all())


class Gathering:
    """Takes rows one by one and keeps everything but their texts."""

    def __init__(self) -> None:
        self._ids: dict[str, None] = {}
        self._values: list[tuple[object, ...]] = []
        self._truth: list[list[float]] = []
        self._slices: list[Mapping[str, str]] = []

    def add(self, row: Row) -> None:
        """Keep what is known of a row.

        Raises:
            EvaluationError: Another row had its id.
        """
        if row.id in self._ids:
            raise EvaluationError(f"id {row.id}: two rows have it")
        self._ids[row.id] = None
        known = (row.truth.get(target) for target in TARGETS)
        self._truth.append([math.nan if one is None else float(one) for one in known])
        self._slices.append(row.slices)
        turn, onset = (math.nan if one is None else float(one) for one in (row.turn, row.onset))
        words, context = len(row.message.text.split()), bool(row.message.context)
        self._values.append((row.cluster, row.kind, row.pair, row.conversation, turn, onset, words, context))

    def labelled(self) -> Labelled:
        """All columns.

        Raises:
            EvaluationError: There was no row.
        """
        if not self._values:
            raise EvaluationError("the data holds no row")
        clusters, kinds, pairs, conversations, turns, onsets, words, context = map(
            np.array, zip(*self._values, strict=True)
        )
        names = self._slices[0]
        slices = {name: np.array([row[name] for row in self._slices]) for name in names}
        return Labelled(
            tuple(self._ids),
            np.array(self._truth),
            clusters,
            slices,
            kinds,
            pairs,
            conversations,
            turns,
            onsets,
            words,
            context,
        )
