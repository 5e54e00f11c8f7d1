"""The database: SQLite in the data folder, or PostgreSQL by URL; its schema is brought up to date at the start."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import create_engine, event, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.orm import Session

from classifier.errors import VangnetError
from serving.tables import Table

MIGRATIONS = Path(__file__).with_name("migrations")
SECONDS = 5
"""After which a connection attempt or a statement is given up."""
_LOCK = 711_300_113
"""Number of the advisory lock that one replica holds while it migrates."""


class DatabaseError(VangnetError):
    """The database cannot be reached or used; the message holds no password."""


class Database:
    """Sessions on one database.

    Args:
        url: SQLAlchemy URL, ``sqlite:///...`` or ``postgresql+psycopg://...``; ``postgresql://`` means the latter.

    Raises:
        DatabaseError: The URL is none of these.
    """

    def __init__(self, url: str) -> None:
        try:
            parsed = make_url(url)
            if parsed.drivername in ("postgresql", "postgres"):
                parsed = parsed.set(drivername="postgresql+psycopg")
            # A password may stand in the query as well.
            self.name = parsed.set(query={}).render_as_string(hide_password=True)
            self._is_sqlite = parsed.drivername in ("sqlite", "sqlite+pysqlite")
            if self._is_sqlite:
                self.engine = create_engine(parsed, connect_args={"timeout": SECONDS})
                event.listen(self.engine, "connect", _prepare_sqlite)
            elif parsed.drivername == "postgresql+psycopg":
                limits = {"connect_timeout": SECONDS, "options": f"-c statement_timeout={1000 * SECONDS}"}
                self.engine = create_engine(parsed, pool_pre_ping=True, pool_size=4, connect_args=limits)
            else:
                raise DatabaseError("the database must be SQLite (sqlite:///...) or PostgreSQL (postgresql://...)")
        except (ArgumentError, NoSuchModuleError, ValueError):
            raise DatabaseError("the database URL cannot be read") from None

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A transaction: committed at the end, rolled back on an error.

        Raises:
            DatabaseError: The database is away or refuses.
        """
        try:
            with Session(self.engine) as session, session.begin():
                yield session
        except SQLAlchemyError as error:
            # Its message may repeat bound values.
            raise DatabaseError(f"the database {self.name}: {_kind(error)}") from None

    def migrate(self) -> None:
        """Bring the schema up to date; replicas that start together wait for each other.

        Raises:
            DatabaseError: The database is away or refuses.
        """
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        try:
            with self.engine.begin() as connection:
                if self._is_sqlite:
                    # Its driver begins no transaction before DDL by itself: a migration would be half done after a kill.
                    connection.exec_driver_sql("begin immediate")
                else:
                    connection.execute(text("set local statement_timeout = 0"))
                    connection.execute(text(f"select pg_advisory_xact_lock({_LOCK})"))
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
        except CommandError:
            raise DatabaseError(
                f"the database {self.name}: its tables are not of this version of the software"
            ) from None
        except SQLAlchemyError as error:
            raise DatabaseError(f"the database {self.name}: {_kind(error)}") from None

    def insert_new(self, session: Session, table: type[Table], row: dict[str, Any]) -> bool:
        """Insert a row unless one with its key is there.

        Returns:
            Whether it was new.
        """
        insert = sqlite.insert if self._is_sqlite else postgresql.insert
        wanted = insert(table).values(row).on_conflict_do_nothing()
        # Without this option the rowcount of an insert is -1 on PostgreSQL.
        result = session.connection().execute(wanted, execution_options={"preserve_rowcount": True})
        return bool(result.rowcount == 1)

    def hold(self, session: Session, table: type[Table]) -> None:
        """Let nobody write to a table until the end of the transaction; call it first in a transaction."""
        held = "begin immediate" if self._is_sqlite else f"lock table {table.__tablename__} in share mode"
        session.connection().exec_driver_sql(held)

    def forget_deleted(self) -> None:
        """Empty SQLite's write-ahead log, which still holds what was deleted; PostgreSQL looks after itself.

        While somebody reads, as much as can be is emptied; the next call does the rest.

        Raises:
            DatabaseError: The database refuses.
        """
        if self._is_sqlite:
            with self.session() as session:
                session.connection().exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def _kind(error: SQLAlchemyError) -> str:
    inner = getattr(error, "orig", None)
    return type(error).__name__ if inner is None else type(inner).__name__


def _prepare_sqlite(connection: Any, _: Any) -> None:
    cursor = connection.cursor()
    # Write-ahead log: readers do not wait for the writer. FULL: what is committed survives a power cut.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
