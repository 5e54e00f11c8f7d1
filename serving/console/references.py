"""Messages whose scores and labels are known: what the threshold studio measures on. None of them has its text."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, func, select

from classifier.errors import VangnetError
from classifier.kinds import SUPPORT
from classifier.labels import LABEL_NAMES
from serving.console.reviewed import Message, reviewed
from serving.database import Database
from serving.tables import Reference, ReviewItem, Verdict
from serving.verdicts import OF_ITEM

Bools = NDArray[np.bool_]
REVIEWED_ID = "reviewed"
"""The id and name of the reference that moderators' verdicts make."""
_REASONS = {
    "unknown": "there is no such reference",
    "other_model": "the reference was scored by another model",
    "only_reports": "the check cases report and never choose",
    "no_audit_sample": "nothing in the reference tells what the policy misses",
    "too_few": "a choice needs at least 10 risky and 10 safe messages",
    "out_of_reach": "no threshold finds or spares as much as is asked",
}


class UnusableReference(VangnetError):
    """A reference is not there, or cannot do what is asked.

    Attributes:
        reason: Key of what is wrong: ``unknown``, ``other_model``, ``only_reports``, ``no_audit_sample``, ``too_few`` or
            ``out_of_reach``.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"reference: {_REASONS[reason]}")
        self.reason = reason


class ReferenceKind(StrEnum):
    """Where the messages come from."""

    CHECK = "check"
    UPLOAD = "upload"
    REVIEWED = "reviewed"


@dataclass(frozen=True)
class Listed:
    """A reference that can be loaded.

    Attributes:
        id: ``reviewed``, or a number as text.
        name: As somebody called it.
        kind: Where its messages come from.
        model: The bundle that scored it; empty for the reviewed messages, whose items name theirs.
        rows: Messages.
    """

    id: str
    name: str
    kind: ReferenceKind
    model: str
    rows: int


@dataclass(frozen=True)
class Scored:
    """n messages of which it is known whether they are risky; labels stand in the order of `LABEL_NAMES`.

    Attributes:
        name: The reference's.
        kind: Where the messages come from.
        model: The bundle that scored them.
        ids: Unique names.
        scores: Shape (n, labels), in [0, 1].
        truth: Shape (n, labels): whether the label holds. Of a message that is only known to be risky, and not by which
            label, all are true and none is `known`.
        known: Shape (n, labels): whether somebody judged the label.
        weights: Shape (n,): how many messages each one stands for, at least 1.
        support: Shape (n,): good peer support; false where nobody said.
        audited: Shape (n,): reviewed though the policy of its day allowed it.
    """

    name: str
    kind: ReferenceKind
    model: str
    ids: tuple[str, ...]
    scores: NDArray[np.float64]
    truth: Bools
    known: Bools
    weights: NDArray[np.float64]
    support: Bools
    audited: Bools

    @property
    def risky(self) -> Bools:
        """Shape (n,): whether any label holds."""
        return np.asarray(self.truth.any(axis=1))

    @property
    def shows_misses(self) -> bool:
        """Whether messages are among them that nothing flagged, without which nobody knows what is missed."""
        return self.kind is not ReferenceKind.REVIEWED or bool(self.audited.any())


def listed(database: Database) -> list[Listed]:
    """What can be loaded: the reviewed messages, then what was stored, oldest first.

    Raises:
        DatabaseError: The database is away.
    """
    judged = select(func.count()).select_from(ReviewItem).where(select(Verdict.id).where(OF_ITEM).exists())
    columns = (Reference.id, Reference.name, Reference.kind, Reference.model, func.json_array_length(Reference.rows))
    with database.session() as session:
        first = Listed(REVIEWED_ID, REVIEWED_ID, ReferenceKind.REVIEWED, "", session.scalar(judged) or 0)
        stored = session.execute(select(*columns).order_by(Reference.id)).all()
    return [first, *(Listed(str(id), name, ReferenceKind(kind), model, rows) for id, name, kind, model, rows in stored)]


def load(database: Database, id: str, model: str) -> Scored:
    """Load a reference.

    Args:
        database: Where it stands.
        id: As `listed` gives it.
        model: The bundle whose policy is to be measured. Of the reviewed messages those that it scored are loaded.

    Raises:
        UnusableReference: There is none (``unknown``), or another model scored it (``other_model``).
        DatabaseError: The database is away.
    """
    if id == REVIEWED_ID:
        return _reviewed(reviewed(database, model), model)
    with database.session() as session:
        row = session.get(Reference, int(id)) if id.isdecimal() and len(id) < 10 else None
        if row is None:
            raise UnusableReference("unknown")
        if row.model != model:
            raise UnusableReference("other_model")
        return _stored(row)


def add(
    database: Database, name: str, kind: ReferenceKind, model: str, rows: Sequence[Mapping[str, Any]], by: str
) -> str:
    """Store a reference.

    Args:
        database: Where it goes.
        name: 1 to 128 characters.
        kind: Not the reviewed messages, which are always there.
        model: The bundle that scored the rows.
        rows: As `serving.console.reference_files` gives them, without text.
        by: Who adds it.

    Returns:
        Its id.

    Raises:
        DatabaseError: The database is away; nothing was stored.
    """
    row = Reference(name=name, kind=kind, model=model, rows=list(rows), added_by=by, at=datetime.now(UTC))
    with database.session() as session:
        session.add(row)
        session.flush()
        return str(row.id)


def remove(database: Database, id: str) -> None:
    """Remove a stored reference.

    Raises:
        UnusableReference: There is none, or it is that of the reviewed messages (``unknown``).
        DatabaseError: The database is away.
    """
    with database.session() as session:
        row = session.get(Reference, int(id)) if id.isdecimal() and len(id) < 10 else None
        if row is None:
            raise UnusableReference("unknown")
        session.execute(delete(Reference).where(Reference.id == row.id))


def half(scored: Scored, choosing: bool) -> Scored:
    """The half that chooses thresholds or the one that reports on them: always the same, by a hash of the ids.

    Of the reviewed messages each then stands for twice as many. The check cases report as a whole.

    Raises:
        UnusableReference: The check cases cannot choose (``only_reports``).
    """
    if scored.kind is ReferenceKind.CHECK:
        if choosing:
            raise UnusableReference("only_reports")
        return scored
    digests = [hashlib.sha256(id.encode()).digest() for id in scored.ids]
    part = np.array([(digest[0] < 128) is choosing for digest in digests], bool)
    return replace(
        scored,
        ids=tuple(id for id, chosen in zip(scored.ids, part, strict=True) if chosen),
        scores=scored.scores[part],
        truth=scored.truth[part],
        known=scored.known[part],
        weights=scored.weights[part] * (2 if scored.kind is ReferenceKind.REVIEWED else 1),
        support=scored.support[part],
        audited=scored.audited[part],
    )


def _stored(row: Reference) -> Scored:
    rows, size = row.rows, len(row.rows)
    judged = [LABEL_NAMES if one.get("judged") is None else one["judged"] for one in rows]
    return Scored(
        row.name,
        ReferenceKind(row.kind),
        row.model,
        tuple(str(one["id"]) for one in rows),
        np.array([[one["scores"][name] for name in LABEL_NAMES] for one in rows], float).reshape(
            size, len(LABEL_NAMES)
        ),
        _matrix([LABEL_NAMES if one.get("risky") else one["labels"] for one in rows]),
        _matrix(judged),
        np.ones(size),
        np.array([not one["labels"] and not one.get("risky") and one.get("kind") in SUPPORT for one in rows], bool),
        np.zeros(size, bool),
    )


def _reviewed(messages: Sequence[Message], model: str) -> Scored:
    size = len(messages)
    return Scored(
        REVIEWED_ID,
        ReferenceKind.REVIEWED,
        model,
        tuple(one.id for one in messages),
        np.array([one.scores for one in messages], float).reshape(size, len(LABEL_NAMES)),
        _matrix([one.right for one in messages]),
        _matrix([(*one.right, *one.wrong) for one in messages]),
        np.array([one.weight for one in messages], float),
        np.zeros(size, bool),
        np.array([one.audited for one in messages], bool),
    )


def _matrix(labels: Sequence[Sequence[str]]) -> Bools:
    """Shape (n, labels): which of them each row names."""
    return np.array([[name in row for name in LABEL_NAMES] for row in labels], bool).reshape(
        len(labels), len(LABEL_NAMES)
    )
