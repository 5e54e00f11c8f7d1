"""Who may use the console: named people with a role and a password."""

from datetime import UTC, datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import delete, select

from classifier.errors import VangnetError
from serving.console.roles import Role
from serving.database import Database
from serving.tables import Account, SignIn

FEWEST_CHARACTERS = 12
"""Shortest password; NIST SP 800-63B-4 asks for 15 where it is the only factor, and at least 8."""
MOST_CHARACTERS = 256
MAX_NAME = 64
FAILURES = 5
"""Wrong passwords in a row after which an account is locked."""
LOCKED = timedelta(minutes=15)
_hasher = PasswordHasher()
_NOBODY = _hasher.hash("nobody has this password")
"""Checked for unknown names, so that an answer takes as long as for known ones."""


class AccountsError(VangnetError):
    """An account cannot be made or changed as asked."""


def create_account(database: Database, name: str, role: Role, password: str) -> None:
    """Add somebody.

    Raises:
        AccountsError: The name is taken, empty or too long, or the password too short or too long.
        DatabaseError: The database is away.
    """
    name = name.strip()
    if not 0 < len(name) <= MAX_NAME:
        raise AccountsError(f"name: must have 1 to {MAX_NAME} characters")
    row = {
        "name": name,
        "role": str(role),
        "password": _hash(password),
        "failures": 0,
        "created_at": datetime.now(UTC),
    }
    with database.session() as session:
        if not database.insert_new(session, Account, row):
            raise AccountsError("name: is taken")


def list_accounts(database: Database) -> list[Account]:
    """All accounts, by name."""
    with database.session() as session:
        rows = list(session.scalars(select(Account).order_by(Account.name)))
        session.expunge_all()
    return rows


def verify(database: Database, name: str, password: str) -> Account | None:
    """The account, when name and password fit and it is neither disabled nor locked.

    Wrong passwords are counted; `FAILURES` in a row lock the account for `LOCKED`, whoever guessed.
    """
    now = datetime.now(UTC)
    with database.session() as session:
        account = session.scalar(select(Account).where(Account.name == name.strip()).with_for_update())
        fits = _fits(account.password if account else _NOBODY, password)
        if account is None or account.disabled_at or (account.locked_until and account.locked_until > now):
            return None
        if not fits:
            account.failures += 1
            if account.failures >= FAILURES:
                account.failures, account.locked_until = 0, now + LOCKED
            return None
        account.failures, account.locked_until = 0, None
        if _hasher.check_needs_rehash(account.password):
            account.password = _hash(password)
        session.flush()
        session.expunge(account)
    return account


def change_password(database: Database, name: str, password: str) -> None:
    """Set a password; every session of the account ends.

    Raises:
        AccountsError: There is no such account, or the password is too short or too long.
    """
    _change(database, name, password=_hash(password), failures=0, locked_until=None)


def change_role(database: Database, name: str, role: Role) -> None:
    """Give somebody another role; every session of the account ends.

    Raises:
        AccountsError: There is no such account, or no admin would be left.
    """
    _change(database, name, role=str(role))


def disable(database: Database, name: str, disabled: bool = True) -> None:
    """Shut somebody out, or let them in again; what they did stays under their name.

    Raises:
        AccountsError: There is no such account, or no admin would be left.
    """
    _change(database, name, disabled_at=datetime.now(UTC) if disabled else None)


def _change(database: Database, name: str, **values: object) -> None:
    with database.session() as session:
        account = session.scalar(select(Account).where(Account.name == name).with_for_update())
        if account is None:
            raise AccountsError("name: is not known")
        for key, value in values.items():
            setattr(account, key, value)
        session.flush()
        admins = session.scalars(select(Account.id).where(Account.role == Role.ADMIN, Account.disabled_at.is_(None)))
        if not admins.all() and {"role", "disabled_at"} & set(values):
            raise AccountsError("role: at least one admin must be left")
        session.execute(delete(SignIn).where(SignIn.account_id == account.id))


def _hash(password: str) -> str:
    if not FEWEST_CHARACTERS <= len(password) <= MOST_CHARACTERS:
        raise AccountsError(f"password: must have {FEWEST_CHARACTERS} to {MOST_CHARACTERS} characters")
    return _hasher.hash(password)


def _fits(hashed: str, password: str) -> bool:
    try:
        return _hasher.verify(hashed, password[: MOST_CHARACTERS + 1])
    except VerificationError:
        return False
