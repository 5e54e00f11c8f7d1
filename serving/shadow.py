"""A candidate bundle that judges the same messages beside the active one, and is only counted."""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from classifier import Classifier
from classifier.message import Message
from serving.faults import log_fault

WAITING = 64
"""Most messages that wait for the candidate; beyond it they are skipped, so that it never holds up an answer."""


class Shadow:
    """Compares decisions.

    Args:
        candidate: Judges by its own policy.
        count: Told the active decision and the candidate's, or ``skipped`` or ``failed``, for each message.
    """

    def __init__(self, candidate: Classifier, count: Callable[[str, str], None]) -> None:
        self._candidate = candidate
        self._count = count
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="shadow")
        self._places = threading.Semaphore(WAITING)

    def compare(self, message: Message, answer: Mapping[str, Any]) -> None:
        """Let the candidate judge a message later, or skip it."""
        if self._places.acquire(blocking=False):
            self._pool.submit(self._judge, message, answer["decision"]).add_done_callback(self._done)
        else:
            self._count(answer["decision"], "skipped")

    def _judge(self, message: Message, active: str) -> None:
        try:
            decision = self._candidate.policy.decide(self._candidate.predict(message).scores)
        except Exception as error:
            log_fault(error)
            self._count(active, "failed")
        else:
            self._count(active, str(decision.action))

    def _done(self, _: Future[None]) -> None:
        self._places.release()

    def close(self) -> None:
        """Drop what waits."""
        self._pool.shutdown(wait=True, cancel_futures=True)
