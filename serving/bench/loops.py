"""Requests in closed loop (each connection waits for its answer) and in open loop (arrivals wait for nobody)."""

import asyncio
import selectors
import time
from collections import Counter
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serving.bench.connection import Connection

MOST_CONNECTIONS = 512
"""Of the open loop. An arrival beyond them waits at the client and its latency counts the wait; select ends at 1,024 files."""


@dataclass
class Sample:
    """What was seen in one interval.

    Attributes:
        latencies: Seconds until the answer, of those with status 200.
        lateness: Seconds by which a request was sent after its scheduled moment; empty in closed loop.
        statuses: Answers by status; 0 is no answer.
        seconds: From the start to the last answer.
    """

    latencies: list[float] = field(default_factory=list)
    lateness: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    seconds: float = 0.0

    def add(self, status: int, latency: float) -> None:
        """Count one answer."""
        self.statuses[status] += 1
        if status == 200:
            self.latencies.append(latency)


def closed_loop(port: int, requests: Iterator[bytes], connections: int, seconds: float) -> Sample:
    """Send over each connection as soon as its last answer is there, at least once.

    Raises:
        OSError: Nobody listens.
    """
    return _run(_closed(port, requests, connections, seconds))


def open_loop(port: int, requests: Iterator[bytes], moments: NDArray[np.float64]) -> Sample:
    """Send at fixed moments, however slow the answers are; latencies count from the scheduled moment.

    Args:
        port: Of the server.
        requests: Taken in order.
        moments: Seconds from the start, rising, shape (requests,).
    """
    return _run(_open(port, requests, moments))


def arrivals(rate: float, seconds: float, seed: int) -> NDArray[np.float64]:
    """Moments of independent arrivals (Poisson), `rate` a second on average; the first is at 0."""
    gaps = np.random.default_rng(seed).exponential(1 / rate, int(2 * rate * seconds) + 100)
    moments: NDArray[np.float64] = np.cumsum(gaps) - gaps[0]
    return moments[: int(np.searchsorted(moments, seconds))]


def _run(work: Coroutine[Any, Any, Sample]) -> Sample:
    # Timers of epoll have milliseconds, those of select microseconds; an open loop needs them.
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selectors.SelectSelector())) as runner:
        return runner.run(work)


async def _closed(port: int, requests: Iterator[bytes], connections: int, seconds: float) -> Sample:
    sample = Sample()
    opened = [await Connection.open(port) for _ in range(connections)]
    start = time.perf_counter()

    async def ask_on(connection: Connection) -> None:
        status, answered = 200, start
        while answered < start + seconds:
            if status == 0:
                connection = await Connection.open(port)
                opened.append(connection)
            sent = time.perf_counter()
            status, answered = await connection.ask(next(requests))
            sample.add(status, answered - sent)

    await asyncio.gather(*map(ask_on, list(opened)))
    sample.seconds = time.perf_counter() - start
    await _close(opened)
    return sample


async def _open(port: int, requests: Iterator[bytes], moments: NDArray[np.float64]) -> Sample:
    sample = Sample()
    places = asyncio.Semaphore(MOST_CONNECTIONS)
    idle: list[Connection] = []
    start = time.perf_counter()

    async def ask_at(moment: float, request: bytes) -> None:
        async with places:
            try:
                connection = _usable(idle) or await Connection.open(port)
            except OSError:
                sample.add(0, 0.0)
                return
            sample.lateness.append(time.perf_counter() - moment)
            status, answered = await connection.ask(request)
            idle.append(connection)
        sample.add(status, answered - moment)

    async with asyncio.TaskGroup() as group:
        for moment in (start + moments).tolist():
            if (wait := moment - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            group.create_task(ask_at(moment, next(requests)))
    sample.seconds = time.perf_counter() - start
    await _close(idle)
    return sample


def _usable(idle: list[Connection]) -> Connection | None:
    """The connection used last, so that few are kept warm."""
    while idle:
        connection = idle.pop()
        if connection.usable:
            return connection
        connection.close()
    return None


async def _close(connections: list[Connection]) -> None:
    for connection in connections:
        connection.close()
    await asyncio.sleep(0)  # closing takes a turn of the event loop
