"""The database, SQLite and PostgreSQL: its schema, who migrates when, what errors tell, and times."""

import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import func, inspect, select, text

from serving.database import Database, DatabaseError
from serving.tables import ApiKey, Deletion, PolicyDocument, Table
from tests.serving.conftest import ROOT

SECRET = "geheim"
NOW = datetime(2026, 11, 22, 13, 0, tzinfo=UTC)


def differences(database):
    with database.engine.connect() as connection:
        return compare_metadata(MigrationContext.configure(connection), Table.metadata)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'new.db'}"
    return request.getfixturevalue("postgresql_url")


def test_migrations_give_exactly_the_declared_tables_and_find_them_done_later(database):
    assert differences(database) == []
    with database.session() as session:
        session.add(Deletion(tenant="a", value_sha256="0", at=NOW))
    database.migrate()
    with database.session() as session:
        assert session.scalar(select(func.count()).select_from(Deletion)) == 1
        session.execute(text("drop index ix_deletions_at"))
    assert differences(database) != []


def test_processes_that_start_together_all_find_the_tables(empty_url):
    program = "import sys; from serving.database import Database; Database(sys.argv[1]).migrate()"
    started = [
        subprocess.Popen([sys.executable, "-c", program, empty_url], cwd=ROOT, stderr=subprocess.PIPE) for _ in range(3)
    ]
    assert [(one.communicate()[1].decode(), one.returncode) for one in started] == [("", 0)] * 3
    with closing(Database(empty_url)) as database:
        assert differences(database) == []


def test_a_migration_that_breaks_off_leaves_nothing_and_can_be_done_again(empty_url):
    with closing(Database(empty_url)) as database:
        with database.session() as session:
            session.execute(text("create table verdicts (id integer)"))
        with pytest.raises(DatabaseError):
            database.migrate()
        assert set(inspect(database.engine).get_table_names()) - {"alembic_version"} == {"verdicts"}
        with database.session() as session:
            session.execute(text("drop table verdicts"))
        database.migrate()
        assert differences(database) == []


def test_a_schema_of_newer_software_is_a_clear_error(database):
    with database.session() as session:
        session.execute(text("update alembic_version set version_num = '9999'"))
    with pytest.raises(DatabaseError):
        database.migrate()


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://vangnet:{SECRET}@127.0.0.1:1/vangnet",
        f"postgres://127.0.0.1:1/vangnet?user=vangnet&password={SECRET}",
        f"postgresql://vangnet:{SECRET}@127.0.0.1:port/vangnet",
        f"postgresql://vangnet:{SECRET}@127.0.0.1:1/vangnet?unknown_option={SECRET}",
        f"mysql://vangnet:{SECRET}@127.0.0.1/vangnet",
        f"sqlite+unknown:///{SECRET}",
        "sqlite:////nowhere/at/all/vangnet.db",
        SECRET,
        "",
    ],
)
def test_a_database_that_cannot_be_reached_or_used_is_an_error_without_its_password(url):
    with pytest.raises(DatabaseError) as error:
        Database(url).migrate()
    assert SECRET not in str(error.value)
    assert "database" in str(error.value)


def test_times_come_back_in_utc_from_any_zone(database):
    local = NOW.astimezone(timezone(timedelta(hours=-5)))
    with database.session() as session:
        session.add(ApiKey(id="1", name="a", sha256="0", scopes=["classify"], created_at=local))
    with database.session() as session:
        row = session.scalars(select(ApiKey).where(ApiKey.created_at <= NOW)).one()
        assert (row.created_at, row.created_at.tzinfo) == (NOW, UTC)
        assert row.last_used_at is None


def test_a_session_is_all_or_nothing_and_its_error_repeats_no_value(database):
    row = {"version": SECRET, "model": "m", "document": {"a": 1}, "created_at": NOW}

    def break_off():
        with database.session() as session:
            session.add(PolicyDocument(**row | {"version": "other"}))
            session.flush()
            session.execute(text("insert into policies (version) values (:version)"), {"version": SECRET})

    with pytest.raises(DatabaseError) as error:
        break_off()
    assert SECRET not in str(error.value)
    with database.session() as session:
        assert [database.insert_new(session, PolicyDocument, row) for _ in range(2)] == [True, False]
    with database.session() as session:
        assert session.scalars(select(PolicyDocument.version)).all() == [SECRET]
