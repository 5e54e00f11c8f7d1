"""A console in process, with accounts and review items."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher
from cryptography.fernet import Fernet
from starlette.testclient import TestClient

from classifier import Classifier
from classifier.labels import LABEL_NAMES
from serving.console.accounts import create_account
from serving.console.app import create_console
from serving.console.roles import Role
from serving.settings import Settings
from serving.tables import ReviewItem
from tests.serving.console.browser import PASSWORD, browser, house

__all__ = ["PASSWORD", "browser", "house"]


class Desk:
    """A console with an account for each role, named as the role.

    Attributes:
        app: The console.
        stores: What it works on.
    """

    def __init__(self, settings: Settings, classifier: Classifier) -> None:
        self.app = create_console(settings, classifier)
        self.stores = self.app.state.stores
        self._clients: list[TestClient] = []
        for role in Role:
            create_account(self.stores.database, str(role), role, PASSWORD)

    def visitor(self) -> TestClient:
        """Somebody who is not signed in."""
        client = TestClient(self.app, base_url="http://127.0.0.1", follow_redirects=True)
        self._clients.append(client)
        return client

    def client(self, name: str = "moderator", language: str = "nl") -> TestClient:
        """Somebody who is signed in: a role's name, or that of an account made by the test."""
        client = self.visitor()
        client.cookies.set("vangnet-language", language)
        answer = client.post("/sign-in", data={"name": name, "password": PASSWORD}, follow_redirects=False)
        assert answer.status_code == 303, answer.text
        return client

    def csrf(self, client: TestClient) -> str:
        """The token of somebody's session."""
        found = re.search(r'name="csrf" content="([^"]+)"', client.get("/password").text)
        assert found
        return found[1]

    def post(self, client: TestClient, path: str, **data: Any) -> httpx.Response:
        """A form, sent as its page would."""
        return client.post(path, data={"csrf": self.csrf(client)} | data)

    def put(
        self,
        text: str | None = "ik wil gewoon niet meer wakker worden",
        *,
        message_id: str | None = None,
        decision: str = "review",
        severity: str = "medium",
        labels: Sequence[str] = ("self_harm/ideation",),
        context: Sequence[tuple[str, str]] = (),
        scores: Sequence[float] | None = None,
        probability: float = 1.0,
        age: timedelta = timedelta(minutes=5),
        **columns: Any,
    ) -> str:
        """Store a review item as the service would; gives its id. A text of None is stored as ids alone."""
        made = len(self._all_ids()) + 1
        item_id = f"00000000-0000-4000-8000-{made:012}"
        content = {"text": text, "context": [list(turn) for turn in context]}
        allowed = decision == "allow"
        row: dict[str, Any] = {
            "id": item_id,
            "tenant": "platform",
            "message_id": message_id or f"m{made}",
            "revision": 0,
            "conversation_id": None,
            "author_id": None,
            "sent_at": None,
            "received_at": datetime.now(UTC) - age,
            "decision": decision,
            "severity": "none" if allowed else severity,
            "reasons": []
            if allowed
            else [{"label": name, "score": 0.5, "threshold": 0.1443, "action": decision} for name in labels],
            "scores": list(scores)
            if scores is not None
            else [0.5 if name in labels and not allowed else 0.01 for name in LABEL_NAMES],
            "versions": {"model": self.stores.classifier.bundle.name, "policy": self.stores.policies.active.version},
            "trend": None,
            "probability": probability,
            "sealed": None if text is None else self.stores.sealing.pack(content),
        }
        with self.stores.database.session() as session:
            session.add(ReviewItem(**row | columns))
        return item_id

    def close(self) -> None:
        for client in self._clients:
            client.close()
        self.stores.close()

    def _all_ids(self) -> list[str]:
        with self.stores.database.session() as session:
            return [row.id for row in session.query(ReviewItem.id)]


@pytest.fixture(params=["sqlite"])
def desk(
    request: pytest.FixtureRequest, tmp_path: Path, classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    """A console on SQLite; parametrise indirectly with "postgresql" for the other one."""
    # Hashes as strong as in use would take most of the tests' time; test_accounts.py and the browser tests use those.
    monkeypatch.setattr("serving.console.accounts._hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    url = {} if request.param == "sqlite" else {"database_url": request.getfixturevalue("postgresql_url")}
    settings = Settings(data=tmp_path, secrets=(Fernet.generate_key().decode(),), **url)
    made = Desk(settings, classifier)
    yield made
    made.close()
