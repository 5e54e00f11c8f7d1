"""Sessions of the console, kept in the database so that every process knows them and they can be ended."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select

from serving.console.roles import Role
from serving.database import Database
from serving.tables import Account, SignIn

IDLE = timedelta(hours=1)
"""Without a request for so long, a session ends."""
LONGEST = timedelta(hours=12)
"""A session ends after a working day, whatever happens in it."""
_SEEN = timedelta(minutes=1)
"""The time of the last request is written at most this often."""


@dataclass(frozen=True)
class Visitor:
    """Who is signed in.

    Attributes:
        name: The account's.
        role: What the account may do.
        csrf: What every form and request of this session that changes something must carry.
        since: When the session began.
    """

    name: str
    role: Role
    csrf: str
    since: datetime

    def holds(self, csrf: str | None) -> bool:
        """Whether this is the session's token."""
        return csrf is not None and hmac.compare_digest(csrf.encode(), self.csrf.encode())


def begin(database: Database, account: Account) -> str:
    """Start a session; returns what its cookie holds. Sessions that are over are deleted."""
    token, now = secrets.token_urlsafe(32), datetime.now(UTC)
    with database.session() as session:
        session.execute(delete(SignIn).where((SignIn.seen_at < now - IDLE) | (SignIn.created_at < now - LONGEST)))
        csrf = secrets.token_urlsafe(32)
        session.add(SignIn(sha256=_sha256(token), account_id=account.id, csrf=csrf, created_at=now, seen_at=now))
    return token


def visitor_of(database: Database, token: str | None) -> Visitor | None:
    """Whose cookie this is; None when its session is over, or its account disabled."""
    if not token:
        return None
    now = datetime.now(UTC)
    with database.session() as session:
        both = select(SignIn, Account).join(Account, Account.id == SignIn.account_id)
        found = session.execute(both.where(SignIn.sha256 == _sha256(token))).first()
        if found is None:
            return None
        sign_in, account = found
        if account.disabled_at or sign_in.seen_at < now - IDLE or sign_in.created_at < now - LONGEST:
            return None
        if sign_in.seen_at < now - _SEEN:
            sign_in.seen_at = now
        return Visitor(account.name, Role(account.role), sign_in.csrf, sign_in.created_at)


def end(database: Database, token: str) -> None:
    """End a session."""
    with database.session() as session:
        session.execute(delete(SignIn).where(SignIn.sha256 == _sha256(token)))


def _sha256(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
