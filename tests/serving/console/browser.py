"""A real service, a real console and a real browser: fixtures for the browser tests."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from cryptography.fernet import Fernet
from playwright.sync_api import Browser, Page, sync_playwright

from serving.console.accounts import create_account
from serving.console.roles import Role
from serving.database import Database
from tests.serving.conftest import PATIENCE, ROOT, VANGNET, Running

PASSWORD = "een lang en veilig wachtwoord"
STRICT = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")


class RunningConsole:
    """`vangnet console` as a process, on the stores of a service.

    Attributes:
        url: Its address.
    """

    def __init__(self, service: Running, environment: dict[str, str]) -> None:
        with socket.create_server(("127.0.0.1", 0)) as one:
            port = one.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self._log = service.folder / "console-log"
        with self._log.open("ab") as log:
            command = [*VANGNET, "console", "--port", str(port)]
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT, env=environment)
        end = time.monotonic() + PATIENCE
        while True:
            try:
                httpx.get(f"{self.url}/sign-in")
                return
            except httpx.TransportError:
                assert self._process.poll() is None, self.log()
                assert time.monotonic() < end, self.log()
                time.sleep(0.05)

    def log(self) -> str:
        return self._log.read_text()

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(PATIENCE)


class House:
    """A service that stores masked texts, its console, and people who work there.

    Attributes:
        service: The service.
        console: The console.
        browser: Chromium, without a window.
        complaints: What browsers had to say against a page: errors of scripts, and what its policy refused.
    """

    def __init__(self, folder: Path, browser: Browser) -> None:
        folder.mkdir(exist_ok=True)
        settings = {
            "secrets": Fernet.generate_key().decode(),
            "review_storage": "text",
            "audit_sample": "1",
            "score_log": "1",
            "refresh_seconds": "0.2",
            "workers": "1",
        }
        self.service = Running(folder, **settings).start()
        names = {f"VANGNET_{name.upper()}": value for name, value in settings.items()}
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "VANGNET_DATA": str(folder), **names}
        database = Database(f"sqlite:///{folder / 'vangnet.db'}")
        for name, role in (
            ("Noor", Role.MODERATOR),
            ("Bas", Role.MODERATOR),
            ("Lieke", Role.LEAD),
            ("Ada", Role.ADMIN),
        ):
            create_account(database, name, role, PASSWORD)
        database.close()
        self.console = RunningConsole(self.service, environment)
        self.browser = browser
        self.complaints: list[str] = []

    def send(self, text: str, **fields: Any) -> dict[str, Any]:
        """Let the service judge a message, as a platform does."""
        with self.service.client() as client:
            answer: dict[str, Any] = (
                client.post("/v1/classify", json={"text": text, **fields}).raise_for_status().json()
            )
        return answer

    def person(self, name: str, language: str = "nl", dark: bool = False, width: int = 1280, height: int = 900) -> Page:
        """Somebody signed in, in a browser of their own."""
        context = self.browser.new_context(
            color_scheme="dark" if dark else "light",
            viewport={"width": width, "height": height},
            reduced_motion="reduce",
        )
        page = context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        page.on("console", lambda said: said.type == "error" and self.complaints.append(f"{page.url}: {said.text}"))
        page.goto(f"{self.console.url}/language/{language}")
        page.fill("input[name=name]", name)
        page.fill("input[name=password]", PASSWORD)
        page.click("main button")
        page.wait_for_url("**/queue")
        return page

    def stop(self) -> None:
        self.console.stop()
        self.service.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    path = shutil.which("chromium")
    assert path, "the tests need the Debian package chromium"
    with sync_playwright() as playwright:
        # Without a sandbox of its own, which root cannot have; the pages are ours.
        made = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield made
        made.close()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[House]:
    """Everything running."""
    made = House(tmp_path_factory.mktemp("house"), browser)
    yield made
    made.stop()


def accessibility_faults(page: Page) -> Sequence[str]:
    """What axe finds against WCAG 2.2 A and AA on a page."""
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": list(STRICT)}})
    return [
        f"{fault['id']}: {' '.join(node['html'].split())[:160]}"
        for fault in found.response["violations"]
        for node in fault["nodes"]
    ]
