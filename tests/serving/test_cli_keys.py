"""`vangnet keys`: a key made, listed and revoked from the command line."""

import pytest
from click.testing import CliRunner

from serving.cli import main
from serving.database import Database
from serving.keys import Keys


@pytest.fixture
def keys(monkeypatch, tmp_path):
    monkeypatch.setenv("VANGNET_DATA", str(tmp_path / "new" / "data"))
    return lambda *arguments: CliRunner().invoke(main, ["keys", *arguments])


def test_a_key_is_made_shown_once_listed_and_revoked(keys, tmp_path, monkeypatch):
    made = keys("create", "platform [red]", "--scope", "classify", "--scope", "review", "--rate", "600/minute")
    assert made.exit_code == 0
    key = made.stdout.strip()  # alone on standard output, so that it can be piped
    _, key_id, secret = key.split("_", 2)
    assert "once" in made.stderr
    database = Database(f"sqlite:///{tmp_path / 'new' / 'data' / 'vangnet.db'}")
    service = Keys(database)
    service.refresh()
    found = service.caller(key)
    assert (found.tenant, found.scopes, str(found.rate)) == (
        "platform [red]",
        {"classify", "review"},
        "600 per 1 minute",
    )
    service.refresh()

    narrow = keys("list").output
    assert key_id in narrow
    assert "…" not in narrow
    monkeypatch.setenv("COLUMNS", "160")
    listed = keys("list").output
    assert all(part in listed for part in (key_id, "platform [red]", "600/minute", "classify, review"))
    assert listed.count("UTC") == 2
    assert secret not in narrow + listed
    revoked = keys("revoke", key_id)
    assert (revoked.exit_code, key_id in revoked.output) == (0, True)
    service.refresh()
    assert service.caller(key) is None
    assert keys("list").output.count("UTC") == 3
    database.close()
    assert keys("revoke", key_id).exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("create", ""), "name: "),
        (("create", "platform", "--rate", "often"), "rate: "),
        (("create", "platform", "--scope", "everything"), "--scope"),
        (("revoke", "nothing"), "is not the id of a key"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(keys, arguments, named):
    found = keys(*arguments)
    assert found.exit_code in (1, 2)
    assert named in found.stderr
    assert "Traceback" not in found.output
    assert found.stdout == ""


def test_a_database_that_is_away_is_told_without_its_password(keys, monkeypatch):
    monkeypatch.setenv("VANGNET_DATABASE_URL", "postgresql://vangnet:geheim@127.0.0.1:1/vangnet")
    found = keys("list")
    assert (found.exit_code, "database" in found.stderr, "geheim" in found.output) == (1, True, False)
