"""Messages that were delivered without an answer: they wait here to be asked about again."""

import copy
import threading
from collections.abc import AsyncIterator, Iterator

from vangnet_client.answers import Answer
from vangnet_client.client import AsyncVangnet, Vangnet
from vangnet_client.errors import Invalid, VangnetError
from vangnet_client.messages import Message


class Rescan:
    """A bounded queue in memory, for threads and asyncio alike. It holds texts, and ends with the process.

    Every message that was put in is counted once: it waits, was scored late, or was never scored.

    Args:
        most: Messages that may wait; beyond them the oldest is dropped and was never scored.
    """

    def __init__(self, most: int = 1000) -> None:
        self._most = most
        self._lock = threading.Lock()
        # By number in order of arrival; the order of the dictionary is the order in which they are asked about.
        self._queue: dict[int, Message] = {}
        self._numbers = 0
        self._at_work = 0
        self._scored_late = 0
        self._never_scored = 0

    @property
    def waiting(self) -> int:
        """Messages that wait for an answer."""
        with self._lock:
            return len(self._queue) + self._at_work

    @property
    def scored_late(self) -> int:
        """Messages that were answered after they had waited, since the start."""
        return self._scored_late

    @property
    def never_scored(self) -> int:
        """Messages that were dropped, abandoned, or that the service cannot judge, since the start."""
        return self._never_scored

    def put(self, message: Message) -> None:
        """Keep a message, as it is now."""
        kept = copy.deepcopy(message)
        with self._lock:
            self._numbers += 1
            self._queue[self._numbers] = kept
            if len(self._queue) + self._at_work > self._most:
                del self._queue[min(self._queue)]
                self._never_scored += 1

    def retry(self, client: Vangnet) -> Iterator[tuple[Message, Answer]]:
        """Ask about what waits, one message at a time; act on each answer as it comes.

        Nothing is asked before it is iterated. It ends when every message was asked about once, or at the first that gets
        no answer, which goes to the end of the queue: call it again some seconds later. A message that the service cannot
        judge (`Invalid`) is dropped.
        """
        for _ in range(self.waiting):
            if (taken := self._take()) is None:
                return
            outcome: Answer | VangnetError | None = None
            try:
                outcome = client.classify(**taken[1])
            except VangnetError as error:
                outcome = error
            finally:
                self._settle(*taken, outcome)
            if not isinstance(outcome, VangnetError):
                yield taken[1], outcome
            elif not isinstance(outcome, Invalid):
                return

    async def retry_async(self, client: AsyncVangnet) -> AsyncIterator[tuple[Message, Answer]]:
        """As `retry`, for asyncio."""
        for _ in range(self.waiting):
            if (taken := self._take()) is None:
                return
            outcome: Answer | VangnetError | None = None
            try:
                outcome = await client.classify(**taken[1])
            except VangnetError as error:
                outcome = error
            finally:
                self._settle(*taken, outcome)
            if not isinstance(outcome, VangnetError):
                yield taken[1], outcome
            elif not isinstance(outcome, Invalid):
                return

    def abandon(self) -> None:
        """Give up what waits, before the process ends: it was never scored."""
        with self._lock:
            self._never_scored += len(self._queue)
            self._queue.clear()

    def _take(self) -> tuple[int, Message] | None:
        with self._lock:
            if not self._queue:
                return None
            number = next(iter(self._queue))
            self._at_work += 1
            return number, self._queue.pop(number)

    def _settle(self, number: int, message: Message, outcome: Answer | VangnetError | None) -> None:
        with self._lock:
            self._at_work -= 1
            if isinstance(outcome, Invalid):
                self._never_scored += 1
            elif outcome is None or isinstance(outcome, VangnetError):
                # To the end: one that fails each time does not keep the others waiting. None: asking was interrupted.
                self._queue[number] = message
            else:
                self._scored_late += 1
