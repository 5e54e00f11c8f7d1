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

_PUSH = """
local now = redis.call('TIME')
local at = now[1] * 1000000 + now[2]
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', at - ARGV[3] * 1000000)
local before = redis.call('ZRANGE', KEYS[1], -ARGV[2], -1)
redis.call('ZADD', KEYS[1], at, ARGV[1])
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -(ARGV[2] + 1))
redis.call('EXPIRE', KEYS[1], ARGV[3])
return before
"""
"""A sorted set by the server's clock: lists of Redis cannot let single entries go."""

PAUSE = 1.0
"""Seconds without an attempt after Redis failed, so that an absent server costs messages nothing."""


class WindowsAway(Exception):
    """The lists cannot be reached now; nothing is known, and the entry may not be kept."""


class Windows(Protocol):
    """The newest entries of each key. An entry is never changed, only added."""

    async def push(self, key: str, entry: bytes, most: int, seconds: int) -> list[bytes]:
        """Add an entry, and let go of those whose time is over.

        Args:
            key: Which list.
            entry: What is added at its end; no two entries are equal.
            most: How many entries stay, this one among them; at least 1.
            seconds: How long an entry is given back; at least 1. It is gone with the next push after that, at the latest when
                the list has been silent for as long.

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
        self._lists: TLRUCache[str, tuple[int, list[tuple[float, bytes]]]] = TLRUCache(
            places, ttu=lambda key, value, now: now + value[0], timer=timer
        )

    async def push(self, key: str, entry: bytes, most: int, seconds: int) -> list[bytes]:
        now = self._lists.timer()
        _, entries = self._lists.get(key, (0, []))
        before = [(at, one) for at, one in entries[-most:] if at > now - seconds]
        self._lists[key] = (seconds, [*before, (now, entry)][-most:])
        return [one for _, one in before]

    async def drop(self, keys: Sequence[str]) -> int:
        return sum(self._lists.pop(key, None) is not None for key in keys)

    async def close(self) -> None:
        self._lists.clear()


class RedisWindows:
    """Lists in Redis, where they outlive this process. Each push is one script, so servers can share them.

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
        self._push = self._redis.register_script(_PUSH)
        self._timer = timer
        self._away_until = float("-inf")

    async def push(self, key: str, entry: bytes, most: int, seconds: int) -> list[bytes]:
        self._check()
        try:
            before: list[bytes] = await self._push(keys=[key], args=[entry, most, seconds])
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
