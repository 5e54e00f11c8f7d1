"""A bounded pool of threads that score messages; when it is full, callers are refused at once."""

import asyncio
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
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="score")
        self._free = threads + queue

    async def judge(self, message: Message) -> dict[str, Any]:
        """The answer for one message.

        Raises:
            Busy: The pool and its queue are full.
        """
        if self._free == 0:
            raise Busy
        # Counted on the event loop's thread alone, so no lock is needed.
        self._free -= 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, judge, self._classifier, message)
        finally:
            self._free += 1

    def close(self) -> None:
        """Finish what was accepted, then stop."""
        self._pool.shutdown(wait=True)
