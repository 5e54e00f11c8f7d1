"""Records on their way to the database, kept on this machine's disk until they are there."""

import json
import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from classifier.errors import VangnetError


class SpoolError(VangnetError):
    """A record cannot be kept: the spool or the disk is full."""


class Spool:
    """A queue of JSON records in a file; what was put there survives a killed process and a power cut.

    Args:
        path: The file; processes may share it.
        megabytes: Its largest size.

    Raises:
        SpoolError: The file cannot be used.
    """

    def __init__(self, path: Path, megabytes: int) -> None:
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
                self._connection.execute(f"PRAGMA {pragma}")
            (page,) = self._connection.execute("PRAGMA page_size").fetchone()
            self._connection.execute(f"PRAGMA max_page_count={megabytes * 1024 * 1024 // page}")
            self._connection.execute(
                "create table if not exists records (id integer primary key autoincrement, record text)"
            )
        except (OSError, sqlite3.Error) as error:
            raise SpoolError(f"{path}: {type(error).__name__}") from None

    def put(self, record: dict[str, Any]) -> None:
        """Keep a record.

        Raises:
            SpoolError: It is full, or the disk is.
        """
        try:
            with self._lock:
                self._connection.execute("insert into records (record) values (?)", (json.dumps(record),))
        except sqlite3.Error as error:
            raise SpoolError(f"a record cannot be kept: {type(error).__name__}") from None

    def hand_over(self, take: Callable[[Sequence[dict[str, Any]]], None], most: int = 100) -> int:
        """Give the oldest records to `take` and remove them once it returns; when it raises, they stay.

        Returns:
            How many were taken.
        """
        with self._lock:
            rows = self._connection.execute("select id, record from records order by id limit ?", (most,)).fetchall()
        if rows:
            take([json.loads(record) for _, record in rows])
            self._delete([row_id for row_id, _ in rows])
        return len(rows)

    def remove(self, where: Callable[[dict[str, Any]], bool]) -> int:
        """Remove the records that a test names.

        Returns:
            How many were removed.
        """
        with self._lock:
            rows = self._connection.execute("select id, record from records").fetchall()
        chosen = [row_id for row_id, record in rows if where(json.loads(record))]
        self._delete(chosen)
        return len(chosen)

    def holds(self, record_id: str) -> bool:
        """Whether a record whose `id` is this one waits."""
        found = "select exists (select 1 from records where json_extract(record, '$.id') = ?)"
        with self._lock:
            return bool(self._connection.execute(found, (record_id,)).fetchone()[0])

    def _delete(self, ids: Sequence[int]) -> None:
        try:
            with self._lock, self._connection:
                self._connection.execute("begin immediate")
                self._connection.executemany("delete from records where id = ?", ((one,) for one in ids))
            with self._lock:
                # The log holds what was deleted until it is written over.
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as error:
            raise SpoolError(f"records cannot be removed: {type(error).__name__}") from None

    def __len__(self) -> int:
        """Records waiting."""
        with self._lock:
            count: int = self._connection.execute("select count(*) from records").fetchone()[0]
        return count

    def close(self) -> None:
        """Close the file."""
        self._connection.close()
