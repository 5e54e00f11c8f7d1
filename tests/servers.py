"""Real PostgreSQL, Redis and Prometheus servers on private ports, in temporary folders: fixtures, and classes to stop one."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import redis

PATIENCE = 60
"""Seconds that a server may take to accept connections, or to stop."""


class Server(ABC):
    """One server process. It keeps its port and its folder between stop and start.

    Attributes:
        folder: Temporary folder of the server, removed by `close`.
        port: Its port on 127.0.0.1.
    """

    package = ""
    gentle = signal.SIGTERM
    user: str | None = None

    def __init__(self) -> None:
        self.port = _free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="vangnet-"))
        self._process: subprocess.Popen[bytes] | None = None
        if self.user:
            shutil.chown(self.folder, self.user)

    def start(self) -> None:
        """Start and wait until connections are accepted; nothing happens when it runs already.

        Raises:
            RuntimeError: The server stopped at once or is not there in time; with its log.
        """
        if self._process:
            return
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(self._command(), stdout=log, stderr=log, **self._place())
        end = time.monotonic() + PATIENCE
        while not self._accepts():
            if self._process.poll() is not None or time.monotonic() > end:
                self.stop()
                raise RuntimeError(f"{self.package} did not start: {(self.folder / 'log').read_text()}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Close all connections and stop; data in the folder stay."""
        if self._process:
            self._process.send_signal(self.gentle)
            self._process.wait(PATIENCE)
            self._process = None

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.folder)

    def _place(self) -> dict[str, object]:
        # The server may not see the folder that the tests run in, and needs nothing of their environment.
        place: dict[str, object] = {"cwd": self.folder, "env": {"PATH": os.environ["PATH"], "LC_ALL": "C"}}
        if self.user:
            place |= {"user": self.user, "group": pwd.getpwnam(self.user).pw_gid, "extra_groups": []}
        return place

    @abstractmethod
    def _command(self) -> Sequence[str]: ...

    @abstractmethod
    def _accepts(self) -> bool: ...


class PostgreSQL(Server):
    """A PostgreSQL server that writes to disk as in production. Not started yet."""

    package = "postgresql"
    gentle = signal.SIGINT  # a "fast" stop: running transactions are rolled back

    def __init__(self) -> None:
        self._binaries = _postgresql_binaries()
        if os.geteuid() == 0:
            self.user = "postgres"  # PostgreSQL refuses to run as root
        super().__init__()
        self._databases = 0
        # `data` gets its log-ins by trust: only this machine can reach it, and it holds nothing but test data.
        options = ["--username=vangnet", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"]
        command = [self._binaries / "initdb", "--pgdata=data", *options]
        subprocess.run(command, check=True, capture_output=True, **self._place())

    @property
    def url(self) -> str:
        """SQLAlchemy URL of the database `postgres`."""
        return self._url("postgres")

    def new_database(self) -> str:
        """Make an empty database; gives its SQLAlchemy URL."""
        self._databases += 1
        name = f"test_{self._databases}"
        with closing(self._connect()) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self._url(name)

    def _url(self, name: str) -> str:
        return f"postgresql+psycopg://vangnet@127.0.0.1:{self.port}/{name}"

    def _connect(self) -> psycopg.Connection:
        where = {"host": "127.0.0.1", "port": self.port, "user": "vangnet", "dbname": "postgres"}
        return psycopg.connect(**where, connect_timeout=5, autocommit=True)

    def _command(self) -> Sequence[str]:
        program = str(self._binaries / "postgres")
        options = ["listen_addresses=127.0.0.1", f"port={self.port}", "unix_socket_directories=", "fsync=on"]
        return [program, "-D", "data", *(part for option in options for part in ("-c", option))]

    def _accepts(self) -> bool:
        try:
            self._connect().close()
        except psycopg.OperationalError:
            return False
        return True


class Redis(Server):
    """A Redis server that keeps everything in memory: what it held is gone after a stop. Not started yet."""

    package = "redis-server"

    def __init__(self) -> None:
        if not shutil.which("redis-server"):
            _missing()
        super().__init__()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def clear(self) -> None:
        """Forget all keys."""
        with closing(redis.Redis.from_url(self.url)) as client:
            client.flushall()

    def _command(self) -> Sequence[str]:
        place = ["--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.folder)]
        return ["redis-server", *place, "--save", "", "--appendonly", "no"]

    def _accepts(self) -> bool:
        try:
            with closing(redis.Redis.from_url(self.url, socket_timeout=5)) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


class Prometheus(Server):
    """A Prometheus server; `prometheus.yml` in its folder says what it scrapes and has to be there at the start."""

    package = "prometheus"

    def __init__(self) -> None:
        if not shutil.which("prometheus"):
            _missing()
        super().__init__()
        self._client = httpx.Client(base_url=self.url, timeout=PATIENCE)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(self, path: str, **parameters: str) -> Any:
        """What its API answers.

        Raises:
            AssertionError: It refuses; with the reason.
        """
        answer = self._client.get(f"/api/v1/{path}", params=parameters).json()
        assert answer["status"] == "success", answer["error"]
        return answer["data"]

    def close(self) -> None:
        super().close()
        self._client.close()

    def _command(self) -> Sequence[str]:
        place = ["--config.file=prometheus.yml", "--storage.tsdb.path=data"]
        return ["prometheus", *place, f"--web.listen-address=127.0.0.1:{self.port}"]

    def _accepts(self) -> bool:
        try:
            return self._client.get("/-/ready").is_success
        except httpx.TransportError:
            return False


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """The server of all tests; one that stops it starts it again."""
    with closing(PostgreSQL()) as server:
        yield server


@pytest.fixture
def postgresql_url(postgresql: PostgreSQL) -> str:
    """SQLAlchemy URL of an empty database of this test alone."""
    postgresql.start()
    return postgresql.new_database()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Redis]:
    """The server of all tests; one that stops it starts it again."""
    with closing(Redis()) as server:
        yield server


@pytest.fixture
def redis_url(redis_server: Redis) -> str:
    """URL of the server, emptied for this test."""
    redis_server.start()
    redis_server.clear()
    return redis_server.url


@pytest.fixture
def prometheus() -> Iterator[Prometheus]:
    """A server of this test alone, not started yet: its configuration is missing."""
    with closing(Prometheus()) as server:
        yield server


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


def _postgresql_binaries() -> Path:
    # Debian keeps them by version, outside of PATH; the newest counts.
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    somewhere = shutil.which("initdb")
    if not somewhere:
        _missing()
    return Path(somewhere).resolve().parent


def _missing() -> None:
    pytest.fail(
        "these tests need real servers: install the Debian packages `postgresql`, `redis-server` and `prometheus`"
    )
