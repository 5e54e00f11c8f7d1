"""Messages whose scores and labels are known: what the threshold studio measures on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.errors import VangnetError
from serving.database import Database

REVIEWED_ID = "reviewed"


class ReferenceError(VangnetError):
    """A reference cannot be found, read or used as asked."""


class ReferenceKind(StrEnum):
    """Where the messages come from."""

    CHECK = "check"
    UPLOAD = "upload"
    REVIEWED = "reviewed"


@dataclass(frozen=True)
class Listed:
    """One that can be loaded."""

    id: str
    name: str
    kind: ReferenceKind
    model: str
    rows: int


@dataclass(frozen=True)
class Scored:
    """Scored messages with their labels."""

    name: str
    kind: ReferenceKind
    model: str
    ids: tuple[str, ...]
    scores: NDArray[np.float64]
    truth: NDArray[np.bool_]
    known: NDArray[np.bool_]
    weights: NDArray[np.float64]
    support: NDArray[np.bool_]


def listed(database: Database) -> list[Listed]:
    """What can be loaded."""
    raise NotImplementedError


def load(database: Database, id: str, model: str) -> Scored:
    """Load one."""
    raise NotImplementedError


def add(database: Database, name: str, kind: ReferenceKind, model: str, rows: Sequence[Mapping[str, Any]], by: str) -> str:
    """Store one; gives its id."""
    raise NotImplementedError


def remove(database: Database, id: str) -> None:
    """Remove one."""
    raise NotImplementedError


def half(scored: Scored, choosing: bool) -> Scored:
    """One half."""
    raise NotImplementedError
