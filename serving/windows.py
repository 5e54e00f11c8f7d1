"""Capped lists by key with a time to live: in this process, or in a Redis that several servers share."""

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from cachetools import TLRUCache
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.maint_notifications import MaintNotificationsConfig

PAUSE = 1.0
"""Seconds without an attempt after Redis failed, so that an absent server costs messages nothing."""


class WindowsAway(Exception):
    """The lists cannot be reached now; nothing is known, and the entry may not be kept."""


class Windows(Protocol):
    """The newest entries of each key. An entry is never changed, only added."""

    async def push(self, key: str, entry: bytes, most: int, seconds: int) -> list[bytes]:
        """Add an entry and renew the key's time to live.

        Args:
            key: Which list.
            entry: What is added at its end.
            most: How many entries stay, this one among them; at least 1.
            seconds: After which the list is gone unless something is added; at least 1.

        Returns:
            What the list held before, oldest first, at most `most` entries.

        Raises:
            WindowsAway: The server does not answer.
        """
        ...

    async def drop(self, keys: Sequence[str]) -> int:
        """Forget lists; gives how many there were.

        Raises:
            WindowsAway: The server does not answer: nothing is known to be forgotten.
        """
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class LocalWindows:
    """Lists in the memory of this process, gone when it ends.

    Args:
        places: Most lists; beyond it the one that was not used for longest goes.
        timer: Clock in seconds.
    """

    def __init__(self, places: int, timer: Callable[[], float] = time.monotonic) -> None:
        # Used on the event loop's thread alone, and nothing awaits between reading and writing: no lock is needed.
        self._lists: TLRUCache[str, tuple[int, list[bytes]]] = TLRUCache(
            places, ttu=lambda key, value, now: now + value[0], timer=timer
        )

    async def push(self, key: str, entry: bytes, most: int, seconds: int) -> list[bytes]:
        _, entries = self._lists.get(key, (0, []))
        before = entries[-most:]
        self._lists[key] = (seconds, [*before, entry][-most:])
        return before

    async def drop(self, keys: Sequence[str]) -> int:
        return sum(self._lists.pop(key, None) is not None for key in keys)

    async def close(self) -> None:
        self._lists.clear()


class RedisWindows:
    """Lists in Redis, where they outlive this process. Each push is one transaction, so servers can share them.

    Args:
        url: ``redis://``, ``rediss://`` or ``unix://``, with name and password if the server asks for them.
        timeout: Seconds to connect, and to wait for an answer.
        timer: Clock in seconds.

    Raises:
        ValueError: The URL is none of these.
    """

    def __init__(self, url: str, timeout: float = 0.1, timer: Callable[[], float] = time.monotonic) -> None:
        # No retries: a message does not wait for its context longer than once, and a push may have been carried out.
        # No maintenance notices: with them a connection that the server closed while it was idle is used once more.
        self._redis = Redis.from_url(
            url,
            socket_connect_timeout=timeout,
            socket_timeout=timeout,
            retry=Retry(NoBackoff(), 0),
            maint_notifications_config=MaintNotificationsConfig(enabled=False),
        )
        self._timer = timer
        self._away_until = float("-inf")

    async def push(self, key: str, entry: bytes, most: int, seconds: int) -> list[bytes]:
        self._check()
        async with self._redis.pipeline(transaction=True) as together:
            together.lrange(key, -most, -1)
            together.rpush(key, entry)
            together.ltrim(key, -most, -1)
            together.expire(key, seconds)
            try:
                before: list[bytes] = (await together.execute())[0]
            except (RedisError, OSError) as error:
                raise self._away() from error
        return before

    async def drop(self, keys: Sequence[str]) -> int:
        self._check()
        if not keys:
            return 0
        try:
            return int(await self._redis.delete(*keys))
        except (RedisError, OSError) as error:
            raise self._away() from error

    async def close(self) -> None:
        await self._redis.aclose()

    def _check(self) -> None:
        if self._timer() < self._away_until:
            raise WindowsAway("Redis did not answer a moment ago")

    def _away(self) -> WindowsAway:
        self._away_until = self._timer() + PAUSE
        return WindowsAway("Redis does not answer")
