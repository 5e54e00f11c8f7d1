"""Rate limits per key, counted here or, for several replicas, in Redis."""

import math
import time

from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter, SlidingWindowCounterRateLimiter
from redis.asyncio import ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from serving.keys import Caller

_SECONDS = 0.1
"""After which Redis is given up for this request, and after a failure ten times as long for all."""


class Rates:
    """Counts messages of each platform.

    Args:
        redis_url: Where replicas count together; None counts in this process.
    """

    def __init__(self, redis_url: str | None = None) -> None:
        self._local = MovingWindowRateLimiter(MemoryStorage())
        self._shared: SlidingWindowCounterRateLimiter | None = None
        if redis_url is not None:
            # No retries: a message waits for its count once.
            self._pool = ConnectionPool.from_url(
                redis_url, socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS, retry=Retry(NoBackoff(), 0)
            )
            shared = RedisStorage("async+redis://", implementation="redispy", connection_pool=self._pool)  # type: ignore[arg-type]
            self._shared = SlidingWindowCounterRateLimiter(shared)
        self._retry_at = 0.0
        self.away = False
        """Whether Redis did not answer when it was last asked: every replica counts for itself."""

    async def wait(self, caller: Caller, messages: int = 1) -> int | None:
        """Count messages and let them pass, or say how long to wait.

        Returns:
            None when they may pass, else the seconds until the oldest ones no longer count.
        """
        if caller.rate is None:
            return None
        if self._shared is not None and time.monotonic() >= self._retry_at:
            try:
                seconds = await self._count(self._shared, caller, messages)
            except (TimeoutError, RedisError, OSError):
                # Without Redis every replica counts for itself: more may pass, nobody is locked out.
                self.away = True
                self._retry_at = time.monotonic() + 10 * _SECONDS
            else:
                self.away = False
                return seconds
        return await self._count(self._local, caller, messages)

    async def close(self) -> None:
        """Close connections."""
        if self._shared is not None:
            await self._pool.aclose()

    async def _count(
        self, limiter: MovingWindowRateLimiter | SlidingWindowCounterRateLimiter, caller: Caller, messages: int
    ) -> int | None:
        assert caller.rate is not None
        if await limiter.hit(caller.rate, caller.tenant, cost=messages):
            return None
        stats = await limiter.get_window_stats(caller.rate, caller.tenant)
        return max(1, math.ceil(stats.reset_time - time.time()))
