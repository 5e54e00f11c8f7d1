"""Versioned policies: made, checked, activated and rolled back, each with author, time and reason."""

import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from classifier.errors import PolicyError, VangnetError
from classifier.policy import Policy
from serving.database import Database
from serving.tables import PolicyChange, PolicyDocument


class PoliciesError(VangnetError):
    """A policy cannot be made, found or activated as asked."""


class UnknownPolicy(PoliciesError):
    """There is no policy of this version."""


class UnusablePolicy(PoliciesError):
    """A request names a policy that this service cannot decide by."""


class Conflict(PoliciesError):
    """The state of the policies does not allow it."""


class Change(StrEnum):
    """What was done."""

    CREATE = "create"
    ACTIVATE = "activate"
    ROLL_BACK = "roll_back"


@dataclass(frozen=True)
class Signature:
    """Who changes a policy, and why.

    Attributes:
        author: A person's name or a system's.
        reason: For those who read the log.
        key_id: The API key that was used.
    """

    author: str
    reason: str
    key_id: str


class Policies:
    """The policies that this service can decide by, as last read, and changes to them.

    Args:
        database: Where they stand; all replicas read the same.
        own: The bundle's policy, active until another one is.
    """

    def __init__(self, database: Database, own: Policy) -> None:
        self._database = database
        self._own = own
        self._known: Mapping[str, Policy] = {own.version: own}
        self.active = own
        self._refreshing = threading.Lock()

    def named(self, version: str | None) -> Policy:
        """The active policy, or the one that a request names.

        Raises:
            UnusablePolicy: It is unknown here, or was made for another model.
        """
        if version is None:
            return self.active
        policy = self._known.get(version)
        if policy is None or (policy.model != self._own.model and policy != self.active):
            raise UnusablePolicy("policy: is not a policy for this model")
        return policy

    def refresh(self) -> None:
        """Read the policies again; those that were read before stay as they are, since a version never changes.

        Raises:
            DatabaseError: The database is away; the active policy stays.
        """
        # One at a time, so that what was read before a change never takes the place of what was read after it.
        with self._refreshing, self._database.session() as session:
            known = {self._own.version: self._own}
            for version, document in session.execute(select(PolicyDocument.version, PolicyDocument.document)):
                # One of software with other labels cannot decide here, and holds up no other.
                with suppress(PolicyError):
                    known[version] = self._known.get(version) or Policy.from_dict(document)
            active = _activations(session, self._own.model)
            self._known = known
            # The bundle's own may have been activated by name and have another version since.
            self.active = known.get(active[-1], self._own) if active else self._own

    def create(self, document: Mapping[str, Any], by: Signature) -> Policy:
        """Add a version; it decides nothing until it is activated.

        Raises:
            PolicyError: The document is malformed.
            Conflict: The version is taken.
        """
        policy = Policy.from_dict(document)
        with self._database.session() as session:
            row = {
                "version": policy.version,
                "model": policy.model,
                "document": policy.as_dict(),
                "created_at": datetime.now(UTC),
            }
            if policy.version == self._own.version or not self._database.insert_new(session, PolicyDocument, row):
                raise Conflict(f"version: {policy.version} exists; a version never changes, so take another one")
            _note(session, Change.CREATE, policy.version, policy.model, by)
        self.refresh()
        return policy

    def activate(self, version: str, by: Signature, force: bool = False) -> Policy:
        """Let a version decide, here at once and on other replicas at their next refresh.

        Raises:
            UnknownPolicy: There is no such version.
            Conflict: It names another model and `force` is false: thresholds do not carry over between models.
        """
        self.refresh()
        policy = self._known.get(version)
        if policy is None:
            raise UnknownPolicy("version: is not known")
        if policy.model != self._own.model and not force:
            raise Conflict(
                f"version: is for {policy.model}, this service runs {self._own.model}; force it to use it here"
            )
        with self._database.session() as session:
            _note(session, Change.ACTIVATE, version, self._own.model, by, forced=policy.model != self._own.model)
        self.refresh()
        return policy

    def roll_back(self, by: Signature) -> Policy:
        """Let the version decide that was active before the present one.

        Raises:
            Conflict: None was.
        """
        with self._database.session() as session:
            active = _activations(session, self._own.model)
            if not active:
                raise Conflict("the bundle's own policy is active and none was before")
            earlier = active[-2] if len(active) > 1 else self._own.version
            _note(session, Change.ROLL_BACK, earlier, self._own.model, by)
        self.refresh()
        return self.active

    def listed(self) -> Sequence[dict[str, Any]]:
        """Every version: document, ``active``, ``created_at`` (None for the bundle's own), oldest first."""
        self.refresh()
        with self._database.session() as session:
            rows = session.execute(
                select(PolicyDocument.document, PolicyDocument.created_at).order_by(PolicyDocument.created_at)
            ).all()
        documents = [(self._own.as_dict(), None), *((document, at) for document, at in rows)]
        return [
            dict(document) | {"active": document["version"] == self.active.version, "created_at": at}
            for document, at in documents
        ]

    def changes(self, most: int) -> Sequence[PolicyChange]:
        """What was done, newest first."""
        with self._database.session() as session:
            rows = session.scalars(select(PolicyChange).order_by(PolicyChange.id.desc()).limit(most)).all()
            session.expunge_all()
        return rows


def _activations(session: Session, model: str) -> list[str]:
    """Versions activated for a model, first to last: a roll-back takes away what it undid.

    Activation counts for the model that ran: thresholds never pass on to the next bundle by themselves.
    """
    rows = session.execute(
        select(PolicyChange.change, PolicyChange.version)
        .where(PolicyChange.change != Change.CREATE, PolicyChange.model == model)
        .order_by(PolicyChange.id)
    )
    active: list[str] = []
    for change, version in rows:
        if change == Change.ACTIVATE:
            if active[-1:] != [version]:
                active.append(version)
        elif active:
            active.pop()
    return active


def _note(session: Session, change: Change, version: str, model: str, by: Signature, forced: bool = False) -> None:
    session.add(
        PolicyChange(
            change=change,
            version=version,
            model=model,
            author=by.author,
            reason=by.reason,
            key_id=by.key_id,
            forced=forced,
            at=datetime.now(UTC),
        )
    )
