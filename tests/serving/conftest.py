"""Databases of both kinds, and the service as a process of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from serving.database import Database
from serving.keys import Scope, create_key

ROOT = Path(__file__).parents[2]
VANGNET = [sys.executable, "-c", "from serving.cli import main; main()"]
PATIENCE = 60


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database with all tables."""
    local = request.param == "sqlite"
    made = Database(f"sqlite:///{tmp_path / 'vangnet.db'}" if local else request.getfixturevalue("postgresql_url"))
    made.migrate()
    yield made
    made.close()


class Running:
    """`vangnet serve` as a process.

    Attributes:
        folder: Its data folder; it outlives a kill.
        key: An API key with all scopes, once `start` made one.
        log: Its standard output and error.
    """

    def __init__(self, folder: Path, **settings: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as one:
            self.port = int(one.getsockname()[1])
        self.folder = folder
        self.log = folder / "log"
        names = {f"VANGNET_{name.upper()}": value for name, value in settings.items()}
        self._environment = {**os.environ, "PYTHONPATH": str(ROOT), "VANGNET_DATA": str(folder), **names}
        self._database_url = settings.get("database_url", f"sqlite:///{folder / 'vangnet.db'}")
        self._process: subprocess.Popen[bytes] | None = None
        self.key = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def make_key(self, name: str = "platform", rate: str | None = None) -> str:
        database = Database(self._database_url)
        database.migrate()
        self.key = create_key(database, name, list(Scope), rate)
        database.close()
        return self.key

    def start(self) -> "Running":
        if not self.key:
            self.make_key()
        with self.log.open("ab") as log:
            command = [*VANGNET, "serve", "--port", str(self.port)]
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT, env=self._environment)
        end = time.monotonic() + PATIENCE
        while True:
            try:
                httpx.get(f"{self.url}/live")
                return self
            except httpx.TransportError:
                assert self._process.poll() is None, self.log.read_text()
                assert time.monotonic() < end, self.log.read_text()
                time.sleep(0.05)

    def client(self, **options: object) -> httpx.Client:
        headers = {"Authorization": f"Bearer {self.key}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=PATIENCE, **options)

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(PATIENCE)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[type[Running]]:
    """Makes services; those still running are stopped at the end."""
    made: list[Running] = []

    class Made(Running):
        def __init__(self, name: str = "service", **settings: str) -> None:
            folder = tmp_path / name
            folder.mkdir(exist_ok=True)
            super().__init__(folder, **settings)
            made.append(self)

    yield Made
    for one in made:
        one.stop()
