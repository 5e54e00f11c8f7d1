from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from serving.console import sign_ins
from serving.console.accounts import create_account, verify
from serving.console.roles import Role
from serving.tables import SignIn

PASSWORD = "een lang en veilig wachtwoord"


@pytest.fixture
def account(database):
    create_account(database, "Noor", Role.LEAD, PASSWORD)
    return verify(database, "Noor", PASSWORD)


def test_a_session_knows_its_visitor_until_it_ends(database, account):
    token = sign_ins.begin(database, account)
    visitor = sign_ins.visitor_of(database, token)
    assert (visitor.name, visitor.role) == ("Noor", Role.LEAD)
    assert visitor.holds(visitor.csrf)
    assert not visitor.holds(None)
    assert not visitor.holds(visitor.csrf[:-1])
    assert sign_ins.visitor_of(database, token + "x") is None
    assert sign_ins.visitor_of(database, None) is None
    sign_ins.end(database, token)
    assert sign_ins.visitor_of(database, token) is None


def test_neither_cookie_nor_another_session_s_token_is_stored_or_shared(database, account):
    first, second = sign_ins.begin(database, account), sign_ins.begin(database, account)
    one, two = sign_ins.visitor_of(database, first), sign_ins.visitor_of(database, second)
    assert not one.holds(two.csrf)
    with database.session() as session:
        stored = " ".join(session.scalars(select(SignIn.sha256)))
    assert first not in stored
    assert second not in stored


@pytest.mark.parametrize(
    ("idle", "old", "lasts"),
    [
        (sign_ins.IDLE - timedelta(minutes=1), timedelta(hours=3), True),
        (sign_ins.IDLE + timedelta(minutes=1), timedelta(hours=3), False),
        (timedelta(0), sign_ins.LONGEST + timedelta(minutes=1), False),
    ],
)
def test_a_session_ends_when_idle_or_old(database, account, idle, old, lasts):
    token, now = sign_ins.begin(database, account), datetime.now(UTC)
    with database.session() as session:
        session.execute(update(SignIn).values(seen_at=now - idle, created_at=now - old))
    assert (sign_ins.visitor_of(database, token) is not None) == lasts
    # A request keeps a session awake; the next sign-in removes what is over.
    sign_ins.begin(database, account)
    with database.session() as session:
        seen = list(session.scalars(select(SignIn.seen_at)))
    assert len(seen) == (2 if lasts else 1)
    assert all(now - one < timedelta(minutes=1) for one in seen)
