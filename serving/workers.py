"""A bounded pool of threads that score messages; when it is full, callers are refused at once."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from classifier.answer import judge
from classifier.classifier import Classifier
from classifier.message import Message

EVIDENCE_SHARE = 0.5
"""Share of the deadline after which evidence is left out, so that it never costs a message its decision."""


class Busy(Exception):
    """Every worker is taken and the queue is full."""


class TooLate(Exception):
    """The message was not judged within the deadline."""


class Workers:
    """Scores each message on its own thread; onnxruntime releases the interpreter lock while it computes.

    A caller that stops waiting, because of the deadline or because it is cancelled, takes its message out of the queue; one
    that is being scored is finished and keeps its place until then.

    Args:
        classifier: Shared by all threads.
        threads: Messages scored at once.
        queue: Messages that may wait.
        deadline: Seconds that a message may wait and be scored.
    """

    def __init__(self, classifier: Classifier, threads: int, queue: int, deadline: float) -> None:
        self._classifier = classifier
        self.threads = threads
        self._deadline = deadline
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="score")
        self._free = self._places = threads + queue

    @property
    def taken(self) -> int:
        """Messages at work and waiting."""
        return self._places - self._free

    async def judge(self, message: Message, explain: bool = False) -> tuple[dict[str, Any], dict[str, float]]:
        """The answer for one message, and its ``wait_ms`` and ``score_ms``.

        Raises:
            Busy: The pool and its queue are full.
            TooLate: The deadline passed.
        """
        if self._free == 0:
            raise Busy
        # Counted on the event loop's thread alone, so no lock is needed.
        self._free -= 1
        loop = asyncio.get_running_loop()
        work = self._pool.submit(self._score, message, explain, time.perf_counter())
        work.add_done_callback(lambda _: loop.call_soon_threadsafe(self._release))
        try:
            async with asyncio.timeout(self._deadline):
                return await asyncio.wrap_future(work)
        except TimeoutError:
            raise TooLate from None

    def _score(self, message: Message, explain: bool, asked: float) -> tuple[dict[str, Any], dict[str, float]]:
        begun = time.perf_counter()
        answer = judge(self._classifier, message, explain, asked + EVIDENCE_SHARE * self._deadline)
        timings = {"wait_ms": begun - asked, "score_ms": time.perf_counter() - begun}
        return answer, {name: round(1000 * seconds, 3) for name, seconds in timings.items()}

    def _release(self) -> None:
        self._free += 1

    def close(self) -> None:
        """Finish what was accepted, then stop."""
        self._pool.shutdown(wait=True)
