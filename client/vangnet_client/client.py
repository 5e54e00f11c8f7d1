"""The service's endpoints, for threads (`Vangnet`) and for asyncio (`AsyncVangnet`)."""

import asyncio
import json
import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from types import TracebackType
from typing import Any, Literal, Self, Unpack, cast

import httpx

from vangnet_client.answers import Answer, BatchItem, Deleted, Label, Model, Ruling, VerdictKept
from vangnet_client.errors import VangnetError, failed
from vangnet_client.messages import Fields, Message
from vangnet_client.retry import Attempts, RetryPolicy

TIMEOUT = 5.0
RETRIES = 2


class Vangnet:
    """A service, for threads: one client serves them all and keeps connections open.

    Every method raises `VangnetError` when there is no answer, and `Invalid` when the request itself is wrong. What the
    service refuses for now (429, 503) and connections that fail are tried again, not earlier than the service asks.

    Args:
        base_url: Such as ``http://127.0.0.1:8080``.
        api_key: None for a service that has no keys yet.
        timeout: Seconds for a call, its repetitions and pauses included. Each attempt has what is left of them to
            connect, and again to wait for the answer.
        retries: Repetitions of a call, at most.
    """

    def __init__(
        self, base_url: str, api_key: str | None = None, *, timeout: float = TIMEOUT, retries: int = RETRIES
    ) -> None:
        self._policy = RetryPolicy(retries, timeout)
        self._http = httpx.Client(base_url=base_url, headers=_headers(api_key))

    def classify(self, text: str, **fields: Unpack[Fields]) -> Answer:
        """Judge one message. It has no lasting effect that a repetition would double, given its `message_id`."""
        return cast(Answer, self._ask("POST", "/v1/classify", {"text": text, **fields}))

    def classify_batch(self, messages: Iterable[Message]) -> list[BatchItem]:
        """Judge up to 256 messages, each on its own: the items stand in the same order, with `result` or `error`."""
        body = {"messages": list(messages)}
        return cast(list[BatchItem], self._ask("POST", "/v1/classify/batch", body)["results"])

    def labels(self) -> list[Label]:
        """The labels, in Dutch and English."""
        return cast(list[Label], self._ask("GET", "/v1/labels"))

    def model(self) -> Model:
        """The model and the policy that judge."""
        return cast(Model, self._ask("GET", "/v1/model"))

    def verdict(
        self,
        message_id: str,
        labels: Mapping[str, Ruling],
        *,
        moderator: str,
        revision: int = 0,
        action: str | None = None,
    ) -> VerdictKept:
        """Keep what a moderator found; a later verdict of the same moderator takes its place.

        Args:
            message_id: The platform's own id of the message.
            labels: Per label name whether it holds for the message.
            moderator: Who judged; a pseudonym will do.
            revision: Which edit of the message.
            action: What was done, in the platform's words.
        """
        body = _verdict(message_id, labels, moderator, revision, action)
        return cast(VerdictKept, self._ask("POST", "/v1/verdicts", body))

    def delete(self, of: Literal["message", "conversation", "author"], id: str) -> Deleted:
        """Delete what is stored of a message, a conversation or an author of this key's platform."""
        return cast(Deleted, self._ask("POST", "/v1/deletions", {"of": of, "id": id}))

    def close(self) -> None:
        """Close connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        attempts, content = Attempts(self._policy), _encoded(body)
        while True:
            outcome: httpx.Response | Exception
            try:
                outcome = self._http.request(method, path, content=content, timeout=attempts.left)
            except httpx.RequestError as error:
                outcome = error
            pause = attempts.pause(outcome)
            if pause is None:
                return _read(outcome)
            time.sleep(pause)


class AsyncVangnet:
    """A service, for asyncio; otherwise as `Vangnet`. No call takes longer than `timeout`."""

    def __init__(
        self, base_url: str, api_key: str | None = None, *, timeout: float = TIMEOUT, retries: int = RETRIES
    ) -> None:
        self._policy = RetryPolicy(retries, timeout)
        self._http = httpx.AsyncClient(base_url=base_url, headers=_headers(api_key), timeout=None)

    async def classify(self, text: str, **fields: Unpack[Fields]) -> Answer:
        """As `Vangnet.classify`."""
        return cast(Answer, await self._ask("POST", "/v1/classify", {"text": text, **fields}))

    async def classify_batch(self, messages: Iterable[Message]) -> list[BatchItem]:
        """As `Vangnet.classify_batch`."""
        body = {"messages": list(messages)}
        return cast(list[BatchItem], (await self._ask("POST", "/v1/classify/batch", body))["results"])

    async def labels(self) -> list[Label]:
        """As `Vangnet.labels`."""
        return cast(list[Label], await self._ask("GET", "/v1/labels"))

    async def model(self) -> Model:
        """As `Vangnet.model`."""
        return cast(Model, await self._ask("GET", "/v1/model"))

    async def verdict(
        self,
        message_id: str,
        labels: Mapping[str, Ruling],
        *,
        moderator: str,
        revision: int = 0,
        action: str | None = None,
    ) -> VerdictKept:
        """As `Vangnet.verdict`."""
        body = _verdict(message_id, labels, moderator, revision, action)
        return cast(VerdictKept, await self._ask("POST", "/v1/verdicts", body))

    async def delete(self, of: Literal["message", "conversation", "author"], id: str) -> Deleted:
        """As `Vangnet.delete`."""
        return cast(Deleted, await self._ask("POST", "/v1/deletions", {"of": of, "id": id}))

    async def aclose(self) -> None:
        """Close connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _ask(self, method: str, path: str, body: Any = None) -> Any:
        attempts, content = Attempts(self._policy), _encoded(body)
        while True:
            outcome: httpx.Response | Exception
            try:
                async with asyncio.timeout(attempts.left):
                    outcome = await self._http.request(method, path, content=content)
            except (httpx.RequestError, TimeoutError) as error:
                outcome = error
            pause = attempts.pause(outcome)
            if pause is None:
                return _read(outcome)
            await asyncio.sleep(pause)


def _headers(api_key: str | None) -> dict[str, str]:
    key = {} if api_key is None else {"Authorization": f"Bearer {api_key}"}
    return {"Content-Type": "application/json"} | key


def _verdict(
    message_id: str, labels: Mapping[str, Ruling], moderator: str, revision: int, action: str | None
) -> dict[str, Any]:
    return {
        "message_id": message_id,
        "revision": revision,
        "moderator": moderator,
        "labels": dict(labels),
        "action": action,
    }


def _encoded(body: Any) -> bytes | None:
    # ASCII with escapes: a text with half a character in it reaches the service, which says so, and raises nothing here.
    return None if body is None else json.dumps(body, default=_plain).encode()


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else list(value)


def _read(outcome: httpx.Response | Exception) -> Any:
    if not isinstance(outcome, httpx.Response):
        # What it says may come from the request or the answer; its kind does not.
        raise VangnetError(None, f"no answer from the service ({type(outcome).__name__})")
    if not outcome.is_success:
        raise failed(outcome)
    try:
        body = outcome.json()
    except ValueError:
        body = None
    if not isinstance(body, dict | list):
        raise VangnetError(outcome.status_code, "what answered is not the service")
    return body
