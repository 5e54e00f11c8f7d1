from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from serving.console import accounts, sign_ins
from serving.console.accounts import FAILURES, AccountsError, create_account, verify
from serving.console.roles import Role
from serving.tables import Account

PASSWORD = "een lang en veilig wachtwoord"


def test_a_role_covers_those_before_it():
    assert Role.ADMIN.covers(Role.MODERATOR)
    assert Role.LEAD.covers(Role.LEAD)
    assert not Role.MODERATOR.covers(Role.LEAD)


def test_only_name_and_password_together_open_an_account(database):
    create_account(database, "  Noor ", Role.LEAD, PASSWORD)
    found = verify(database, "Noor", PASSWORD)
    assert found is not None
    assert (found.name, found.role) == ("Noor", "lead")
    assert PASSWORD not in found.password
    assert found.password.startswith("$argon2id$")
    assert verify(database, "Noor", PASSWORD + "x") is None
    assert verify(database, "Bas", PASSWORD) is None


@pytest.mark.parametrize(
    ("name", "password", "problem"),
    [
        ("", PASSWORD, "name: must have 1 to 64"),
        ("  ", PASSWORD, "name: must have 1 to 64"),
        ("n" * 65, PASSWORD, "name: must have 1 to 64"),
        ("Noor", "x" * 11, "password: must have 12 to 256"),
        ("Noor", "x" * 257, "password: must have 12 to 256"),
        ("Bas", PASSWORD, "name: is taken"),
    ],
)
def test_an_account_that_cannot_be_is_refused(database, name, password, problem):
    create_account(database, "Bas", Role.MODERATOR, PASSWORD)
    with pytest.raises(AccountsError, match=problem):
        create_account(database, name, Role.MODERATOR, password)
    assert len(accounts.list_accounts(database)) == 1


def test_guessing_locks_an_account_for_a_while(database):
    create_account(database, "Noor", Role.MODERATOR, PASSWORD)
    for _ in range(FAILURES - 1):
        assert verify(database, "Noor", "verkeerd wachtwoord") is None
    assert verify(database, "Noor", PASSWORD) is not None
    for _ in range(FAILURES):
        assert verify(database, "Noor", "verkeerd wachtwoord") is None
    assert verify(database, "Noor", PASSWORD) is None
    with database.session() as session:
        session.execute(update(Account).values(locked_until=datetime.now(UTC) - timedelta(seconds=1)))
    assert verify(database, "Noor", PASSWORD) is not None


def test_changes_to_an_account_end_its_sessions(database):
    create_account(database, "Bas", Role.ADMIN, PASSWORD)
    create_account(database, "Noor", Role.ADMIN, PASSWORD)
    changes = (
        lambda: accounts.change_password(database, "Noor", PASSWORD + "!"),
        lambda: accounts.change_role(database, "Noor", Role.LEAD),
        lambda: accounts.disable(database, "Noor"),
    )
    noor, bas = verify(database, "Noor", PASSWORD), verify(database, "Bas", PASSWORD)
    other = sign_ins.begin(database, bas)
    for change in changes:
        token = sign_ins.begin(database, noor)
        change()
        assert sign_ins.visitor_of(database, token) is None
    assert sign_ins.visitor_of(database, other) is not None
    assert verify(database, "Noor", PASSWORD + "!") is None
    accounts.disable(database, "Noor", False)
    assert verify(database, "Noor", PASSWORD + "!") is not None
    assert verify(database, "Noor", PASSWORD) is None


def test_the_last_admin_stays(database):
    create_account(database, "Bas", Role.ADMIN, PASSWORD)
    create_account(database, "Noor", Role.LEAD, PASSWORD)
    for change in (lambda: accounts.change_role(database, "Bas", Role.LEAD), lambda: accounts.disable(database, "Bas")):
        with pytest.raises(AccountsError, match="at least one admin"):
            change()
    assert verify(database, "Bas", PASSWORD).role == "admin"
    with pytest.raises(AccountsError, match="not known"):
        accounts.change_role(database, "Piet", Role.LEAD)
