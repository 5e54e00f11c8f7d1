"""A real service, and a small server that answers as a test tells it to."""

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from vangnet_client import Vangnet

from tests.serving.conftest import PATIENCE, Running

Answered = tuple[int, dict[str, str], str | Iterable[str]]
"""Status, headers and body, or the pieces in which it is sent."""
HANG_UP = None
"""In place of an answer: the connection is closed."""


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    made = Running(tmp_path_factory.mktemp("service"), deadline_ms="60000", review_storage="ids", memory_minutes="5")
    yield made.start()
    made.stop()


@pytest.fixture
def client(service: Running) -> Iterator[Vangnet]:
    with Vangnet(service.url, service.key, timeout=PATIENCE) as client:
        yield client


class Scripted:
    """A server that gives the answers of a script, one a request; the last one again and again.

    Attributes:
        script: What is still to be answered: an answer, `HANG_UP`, or what makes one of them.
        asked: When each request arrived (seconds since the epoch), its path, headers and body.
    """

    def __init__(self) -> None:
        self.script: list[Answered | Callable[[], Answered | None] | None] = []
        self.asked: list[tuple[float, str, dict[str, str], Any]] = []
        scripted = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                scripted.asked.append((time.time(), self.path, dict(self.headers), body))
                answer = scripted.script.pop(0) if len(scripted.script) > 1 else scripted.script[0]
                if callable(answer):
                    answer = answer()
                if answer is None:
                    return
                status, headers, body = answer
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                with contextlib.suppress(ConnectionError):  # a client that gave up does not read on
                    self.end_headers()
                    for piece in [body] if isinstance(body, str) else body:
                        self.wfile.write(piece.encode())

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    made = Scripted()
    yield made
    made.close()
