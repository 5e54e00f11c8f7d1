"""A running Vangnet, and a server that answers what a test tells it to."""

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.serving.conftest import Running

Answer = tuple[int, dict[str, str], Any]
"""Status, headers, and a body: bytes as they are, anything else as JSON."""


class Replies:
    """An HTTP server that gives its answers one after another; the last one again and again.

    Attributes:
        asked: Path, headers and parsed body of every request.
    """

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str], Any]] = []
        self._answers: list[Answer | Callable[[Any], Answer]] = []
        replies = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                replies._reply(self)

            def do_POST(self) -> None:
                replies._reply(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def will(self, *answers: Answer | Callable[[Any], Answer]) -> "Replies":
        """What it answers from now on; a callable gets the parsed body."""
        self._answers = list(answers)
        self.asked.clear()
        return self

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _reply(self, handler: BaseHTTPRequestHandler) -> None:
        content = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        body = json.loads(content) if content else None
        self.asked.append((handler.path, dict(handler.headers), body))
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        status, headers, result = answer(body) if callable(answer) else answer
        sent = result if isinstance(result, bytes) else json.dumps(result).encode()
        handler.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(sent))}).items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(sent)


@pytest.fixture
def replies() -> Iterator[Replies]:
    made = Replies()
    yield made
    made.close()


@pytest.fixture(scope="module")
def vangnet(tmp_path_factory: pytest.TempPathFactory, bundle_folder: Path) -> Iterator[Running]:
    """`vangnet serve` with the shipped bundle, as a process of its own.

    The key that counts is its `key`, which allows any rate; `limited` allows ten messages a second.
    """
    made = Running(tmp_path_factory.mktemp("service"), bundle=str(bundle_folder), deadline_ms="60000")
    made.limited = made.make_key("limited", "10/second")  # type: ignore[attr-defined]
    made.make_key()
    yield made.start()
    made.stop()
