"""A light HTTP connection of a client; parsing is httptools'."""

import asyncio
import time

import httptools

HOST = "127.0.0.1"
PATH = "/v1/classify"
PATIENCE = 30.0
"""Seconds after which an answer is no longer awaited."""
_IDLE = (
    4.0  # Servers close a connection that idles for five seconds; one that idled longer than this is not used again.
)


class Connection(asyncio.Protocol):
    """One HTTP/1.1 connection that is kept alive; one request at a time."""

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._answer: asyncio.Future[tuple[int, float]] | None = None
        self._transport: asyncio.Transport
        self._used = time.perf_counter()

    @classmethod
    async def open(cls, port: int) -> "Connection":
        """Connect to a server on this machine.

        Raises:
            OSError: Nobody listens.
        """
        _, connection = await asyncio.get_running_loop().create_connection(cls, HOST, port)
        return connection

    @property
    def usable(self) -> bool:
        """Whether another request may be sent."""
        return not self._transport.is_closing() and time.perf_counter() - self._used < _IDLE

    async def ask(self, request: bytes) -> tuple[int, float]:
        """Send a request; its status, 0 without an answer, and the reading of `time.perf_counter` when it was complete."""
        if self._transport.is_closing():
            return 0, time.perf_counter()
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._answer
        except TimeoutError:
            self.close()
            return 0, time.perf_counter()

    def close(self) -> None:
        """Close; what is asked gets no answer."""
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.close()

    def on_message_complete(self) -> None:
        """Of the parser: an answer is whole."""
        self._done(self._parser.get_status_code())

    def connection_lost(self, error: Exception | None) -> None:
        self._done(0)

    def _done(self, status: int) -> None:
        self._used = time.perf_counter()
        if self._answer is not None and not self._answer.done():
            self._answer.set_result((status, self._used))
