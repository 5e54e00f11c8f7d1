"""A bounded pool of threads that score messages; when it is full, callers are refused at once."""

import asyncio
import os
import sys
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from classifier.answer import judge
from classifier.classifier import Classifier
from classifier.errors import VangnetError
from classifier.message import Message
from classifier.policy import Policy

NICE = 5
"""Priority of the threads that score, 0 (as the event loop) to 19 (last)."""
RECENT = 0.05
"""Weight of the newest message in the running mean of what scoring takes, which is about that of the last twenty."""
EVIDENCE_SHARE = 0.5
"""Share of the deadline after which evidence is left out, so that it never costs a message its decision."""


class Busy(VangnetError):
    """Every worker is taken and the queue is full, or too slow."""

    def __init__(self) -> None:
        super().__init__("all workers are busy; nothing was judged")


class TooLate(VangnetError):
    """The message was not judged within the deadline."""

    def __init__(self) -> None:
        super().__init__("the message was not judged within the deadline")


class Workers:
    """Scores each message on its own thread; onnxruntime releases the interpreter lock while it computes.

    A caller that stops waiting, because of the deadline or because it is cancelled, takes its message out of the queue; one
    that is being scored is finished and keeps its place until then.

    Args:
        classifier: Shared by all threads.
        threads: Messages scored at once.
        queue: Messages that may wait.
        patience: Seconds that a message may be expected to wait, by what scoring took lately.
        deadline: Seconds that a message may wait and be scored.
    """

    def __init__(self, classifier: Classifier, threads: int, queue: int, patience: float, deadline: float) -> None:
        self._classifier = classifier
        self.threads = threads
        self.places = threads + queue
        self.taken = 0
        self._patience = patience
        self._deadline = deadline
        self._pace = 0.0
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="score", initializer=_give_way)
        # Messages wait as coroutines, so that one whose caller left is gone; one a thread stands ready so that none idles.
        self._turns = asyncio.Semaphore(2 * threads)

    @property
    def full(self) -> bool:
        """Whether another message would be refused: no place is left, or it would wait too long."""
        before = self.taken - self.threads + 1  # that must end before another one begins
        return self.taken >= self.places or before / self.threads * self._pace > self._patience

    async def judge(
        self, message: Message, policy: Policy, explain: bool = False, patient: bool = False
    ) -> tuple[dict[str, Any], dict[str, float]]:
        """The answer for one message, and its ``wait_ms`` and ``score_ms``.

        Args:
            message: What is judged.
            policy: Decides.
            explain: Whether reasons come with evidence.
            patient: Whether to wait where others would be refused; the caller bounds how many do.

        Raises:
            Busy: The pool and its queue are full, or the wait would be too long.
            TooLate: The deadline passed.
        """
        if self.full and not patient:
            raise Busy()
        loop = asyncio.get_running_loop()
        asked = time.perf_counter()
        # Counted on the event loop's thread alone, so no lock is needed.
        self.taken += 1
        work = None
        try:
            async with asyncio.timeout(self._deadline):
                await self._turns.acquire()
                work = self._pool.submit(self._score, message, policy, explain, asked)
                work.add_done_callback(lambda done: loop.call_soon_threadsafe(self._finished, done))
                return await asyncio.wrap_future(work)
        except TimeoutError:
            raise TooLate() from None
        finally:
            if work is None:
                self.taken -= 1

    def _finished(self, done: Future[tuple[dict[str, Any], dict[str, float]]]) -> None:
        self._turns.release()
        self.taken -= 1
        if not done.cancelled() and done.exception() is None:
            _, timings = done.result()
            self._pace += RECENT * (timings["score_ms"] / 1000 - self._pace)

    def _score(
        self, message: Message, policy: Policy, explain: bool, asked: float
    ) -> tuple[dict[str, Any], dict[str, float]]:
        begun = time.perf_counter()
        answer = judge(self._classifier, message, explain, asked + EVIDENCE_SHARE * self._deadline, policy)
        timings = {"wait_ms": begun - asked, "score_ms": time.perf_counter() - begun}
        return answer, {name: round(1000 * seconds, 3) for name, seconds in timings.items()}

    def close(self) -> None:
        """Finish what was accepted, then stop."""
        self._pool.shutdown(wait=True)


def _give_way() -> None:
    """Let the event loop go before scoring where cores are scarce, so that refusals and answers do not wait for it."""
    if sys.platform == "linux":  # where a thread has a priority of its own
        thread = threading.get_native_id()
        # Never up: a process that was started with less priority may not.
        os.setpriority(os.PRIO_PROCESS, thread, max(NICE, os.getpriority(os.PRIO_PROCESS, thread)))
