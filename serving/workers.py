"""A bounded pool of threads that score messages; when it is full, callers are refused at once."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from classifier.answer import judge
from classifier.classifier import Classifier
from classifier.message import Message


class Busy(Exception):
    """Every worker is taken and the queue is full."""


class Workers:
    """Scores each message on its own thread; onnxruntime releases the interpreter lock while it computes.

    Args:
        classifier: Shared by all threads.
        threads: Messages scored at once.
        queue: Messages that may wait.
    """

    def __init__(self, classifier: Classifier, threads: int, queue: int) -> None:
        self._classifier = classifier
        self.threads = threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="score")
        self._free = threads + queue

    async def judge(self, message: Message, explain: bool = False) -> tuple[dict[str, Any], dict[str, float]]:
        """The answer for one message, and its ``wait_ms`` and ``score_ms``.

        Raises:
            Busy: The pool and its queue are full.
        """
        if self._free == 0:
            raise Busy
        # Counted on the event loop's thread alone, so no lock is needed.
        self._free -= 1
        try:
            asked = time.perf_counter()
            return await asyncio.get_running_loop().run_in_executor(self._pool, self._score, message, explain, asked)
        finally:
            self._free += 1

    def _score(self, message: Message, explain: bool, asked: float) -> tuple[dict[str, Any], dict[str, float]]:
        begun = time.perf_counter()
        answer = judge(self._classifier, message, explain)
        timings = {"wait_ms": begun - asked, "score_ms": time.perf_counter() - begun}
        return answer, {name: round(1000 * seconds, 3) for name, seconds in timings.items()}

    def close(self) -> None:
        """Finish what was accepted, then stop."""
        self._pool.shutdown(wait=True)
