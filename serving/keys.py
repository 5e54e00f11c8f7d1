"""API keys: made once, shown once, kept as a hash, found in memory by every request."""

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from limits import RateLimitItem, parse_many
from sqlalchemy import select, update

from classifier.errors import VangnetError
from serving.database import Database, DatabaseError
from serving.tables import ApiKey

_PREFIX = "vgn"
_SECRET_BYTES = 32
MAX_NAME = 64
"""Longest name of a key, in code points."""
MAX_RATE = 1_000_000
"""Most messages of a rate."""


class KeysError(VangnetError):
    """A key cannot be made or revoked as asked."""


class Scope(StrEnum):
    """What a key may be used for."""

    CLASSIFY = "classify"
    REVIEW = "review"
    ADMIN = "admin"


@dataclass(frozen=True)
class Caller:
    """Who asks.

    Attributes:
        key_id: The key's public part; empty where no key is needed.
        tenant: The key's name. Keys of one name, such as an old and a new one, stand for the same platform.
        scopes: What it may do.
        rate: At most so many messages, or None.
    """

    key_id: str
    tenant: str
    scopes: frozenset[Scope]
    rate: RateLimitItem | None = None


ANYBODY = Caller("", "", frozenset({Scope.CLASSIFY}))
"""A caller on this machine while there is no key at all."""


class Keys:
    """Keys as the service last read them.

    Args:
        database: Where they stand.
    """

    def __init__(self, database: Database, needed: bool = False) -> None:
        self._database = database
        self._callers: dict[str, Caller] = {}
        self._used: dict[str, datetime] = {}
        self.known = False
        """Whether they could be read since the start."""
        self.any = needed
        """Whether there is or was a key, revoked ones too: from then on nobody is let in without one."""

    def caller(self, key: str) -> Caller | None:
        """Who holds this key; None for an unknown or revoked one."""
        # Looked up by hash, so the time that it takes tells nothing about the keys there are.
        caller = self._callers.get(_sha256(key))
        if caller is not None:
            self._used[caller.key_id] = datetime.now(UTC)
        return caller

    def refresh(self) -> None:
        """Read the keys again and write down when each was used.

        Raises:
            DatabaseError: The database is away; what was read before stays valid.
        """
        used, self._used = self._used, {}
        try:
            self._read(used)
        except DatabaseError:
            self._used = used | self._used
            raise

    def _read(self, used: dict[str, datetime]) -> None:
        with self._database.session() as session:
            for key_id, at in list(used.items()):  # a request may still write to it
                session.execute(update(ApiKey).where(ApiKey.id == key_id).values(last_used_at=at))
            rows = session.scalars(select(ApiKey)).all()
            self.any = self.any or bool(rows)
            self._callers = {row.sha256: _caller(row) for row in rows if row.revoked_at is None}
            self.known = True


def create_key(database: Database, name: str, scopes: Iterable[Scope], rate: str | None = None) -> str:
    """Make a key.

    Args:
        database: Where it is kept, as a hash.
        name: The platform that it stands for.
        scopes: At least one.
        rate: Such as ``600/minute``, in the notation of the library `limits`; None for no limit.

    Returns:
        The key, which cannot be shown again.

    Raises:
        KeysError: Name, scopes or rate are not usable.
    """
    wanted = sorted(set(scopes))
    if not 1 <= len(name) <= MAX_NAME or not name.isprintable():
        raise KeysError(f"name: must have 1 to {MAX_NAME} printable characters")
    if not wanted:
        raise KeysError("scopes: at least one is needed")
    if rate is not None:
        _rate(rate)
    key_id = secrets.token_hex(4)
    key = f"{_PREFIX}_{key_id}_{secrets.token_urlsafe(_SECRET_BYTES)}"
    with database.session() as session:
        session.add(
            ApiKey(
                id=key_id,
                name=name,
                sha256=_sha256(key),
                scopes=[str(scope) for scope in wanted],
                rate=rate,
                created_at=datetime.now(UTC),
            )
        )
    return key


def list_keys(database: Database) -> Sequence[ApiKey]:
    """All keys, oldest first, revoked ones too."""
    with database.session() as session:
        rows = session.scalars(select(ApiKey).order_by(ApiKey.created_at)).all()
        session.expunge_all()
    return rows


def revoke_key(database: Database, key_id: str) -> None:
    """Refuse a key from now on; services notice at their next refresh.

    Raises:
        KeysError: There is no such key, or it is revoked already.
    """
    with database.session() as session:
        row = session.get(ApiKey, key_id)
        if row is None or row.revoked_at is not None:
            raise KeysError("is not the id of a key in use")  # not repeated: it may be a whole key
        row.revoked_at = datetime.now(UTC)


def _caller(row: ApiKey) -> Caller:
    scopes = frozenset(Scope(scope) for scope in row.scopes)
    return Caller(row.id, row.name, scopes, None if row.rate is None else _rate(row.rate))


def _rate(text: str) -> RateLimitItem:
    try:
        [rate] = parse_many(text)
    except ValueError:
        raise KeysError("rate: must be a number per second, minute, hour or day, such as 600/minute") from None
    if not 1 <= rate.amount <= MAX_RATE:
        raise KeysError(f"rate: must be from 1 to {MAX_RATE} messages")
    return rate


def _sha256(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()
