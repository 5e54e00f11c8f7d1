"""API keys: what is kept of them, when their use and their end count, and what a key cannot be."""

import hashlib
from contextlib import closing

import pytest

from serving.database import Database, DatabaseError
from serving.keys import MAX_NAME, Keys, KeysError, Scope, create_key, list_keys, revoke_key


@pytest.fixture(scope="module")
def one_database(tmp_path_factory):
    with closing(Database(f"sqlite:///{tmp_path_factory.mktemp('keys') / 'vangnet.db'}")) as database:
        database.migrate()
        yield database


def test_a_key_is_kept_as_a_hash_only(database, tmp_path, request):
    key = create_key(database, "platform", [Scope.CLASSIFY])
    secret = key.split("_", 2)[2]
    assert len(secret) >= 43
    with database.engine.connect() as connection:
        folder = tmp_path if connection.dialect.name == "sqlite" else request.getfixturevalue("postgresql").folder
    kept = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    # The hash is found in the files, so the secret would be.
    assert hashlib.sha256(key.encode()).hexdigest().encode() in kept
    assert secret.encode() not in kept
    assert create_key(database, "platform", [Scope.CLASSIFY]) != key


def test_keys_of_one_name_are_one_tenant_each_with_its_own_scopes(database):
    old = create_key(database, "platform", [Scope.CLASSIFY], "5/minute")
    new = create_key(database, "platform", [Scope.ADMIN, Scope.REVIEW, Scope.ADMIN])
    keys = Keys(database)
    assert (keys.known, keys.any, keys.caller(old)) == (False, False, None)
    keys.refresh()
    assert (keys.known, keys.any) == (True, True)
    first, second = keys.caller(old), keys.caller(new)
    assert first.tenant == second.tenant == "platform"
    assert first.key_id != second.key_id
    assert (first.scopes, second.scopes) == ({Scope.CLASSIFY}, {Scope.ADMIN, Scope.REVIEW})
    assert (first.rate.amount, first.rate.get_expiry(), second.rate) == (5, 60, None)
    for wrong in ("", "vgn", old[:-1], old + "a", old.upper(), "é", "\udcff"):
        assert keys.caller(wrong) is None


def test_the_last_use_is_written_at_refresh(database):
    used, idle = (create_key(database, name, [Scope.CLASSIFY]) for name in ("used", "idle"))
    keys = Keys(database)
    keys.refresh()
    keys.caller(used)
    keys.caller(idle[:-1])
    assert [row.last_used_at for row in list_keys(database)] == [None, None]
    keys.refresh()
    first, second = list_keys(database)
    assert first.last_used_at >= first.created_at
    assert second.last_used_at is None
    keys.refresh()
    assert list_keys(database)[0].last_used_at == first.last_used_at


def test_without_its_database_keys_stay_valid_and_their_use_is_written_later(postgresql, postgresql_url):
    database = Database(postgresql_url)
    database.migrate()
    used, later = (create_key(database, name, [Scope.CLASSIFY]) for name in ("used", "later"))
    keys = Keys(database)
    keys.refresh()
    assert keys.caller(used)
    postgresql.stop()
    try:
        with pytest.raises(DatabaseError):
            keys.refresh()
        assert keys.caller(later)
    finally:
        postgresql.start()
    keys.refresh()
    written = [row.last_used_at is not None for row in list_keys(database)]
    database.close()
    assert written == [True, True]


def test_a_revoked_key_is_refused_from_the_next_refresh_on_and_keys_stay_needed(database):
    key = create_key(database, "platform", [Scope.CLASSIFY])
    keys = Keys(database)
    keys.refresh()
    key_id = keys.caller(key).key_id
    revoke_key(database, key_id)
    assert keys.caller(key) is not None
    keys.refresh()
    assert keys.caller(key) is None
    for again in (Keys(database), keys):
        again.refresh()
        assert again.any
    for wrong in (key_id, key):  # a whole key must not be repeated
        with pytest.raises(KeysError, match="is not the id of a key in use") as told:
            revoke_key(database, wrong)
        assert wrong not in str(told.value)


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("name", {"name": ""}),
        ("name", {"name": "a" * (MAX_NAME + 1)}),
        ("name", {"name": "a\nb"}),
        ("name", {"name": "a\udcff"}),
        ("scopes", {"scopes": []}),
        ("rate", {"rate": "often"}),
        ("rate", {"rate": ""}),
        ("rate", {"rate": "-1/minute"}),
        ("rate", {"rate": "0/minute"}),
        ("rate", {"rate": "600/minute; 10/second"}),
        ("rate", {"rate": "9" * 60 + "/minute"}),
    ],
)
def test_what_a_key_cannot_be_is_named_and_nothing_is_made(one_database, field, wrong):
    before = len(list_keys(one_database))
    with pytest.raises(KeysError, match=f"^{field}: "):
        create_key(one_database, **{"name": "platform", "scopes": [Scope.CLASSIFY], "rate": "600/minute"} | wrong)
    assert len(list_keys(one_database)) == before


def test_the_longest_name_and_all_scopes_are_kept(database):
    create_key(database, "é" * MAX_NAME, list(Scope), "600/minute")
    [row] = list_keys(database)
    assert (row.name, set(row.scopes), row.rate) == ("é" * MAX_NAME, set(Scope), "600/minute")
