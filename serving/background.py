"""Work beside the requests, each kind on its own thread: refresh, forward, deliver, clean up."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from serving.faults import log_fault

_LOG = logging.getLogger("vangnet.background")
RETRY_SECONDS = 5.0
"""After which work that failed is tried again, where its own pause is longer."""


@dataclass(frozen=True)
class Chore:
    """Work that is done again and again.

    Attributes:
        name: In metrics, readiness and logs.
        seconds: Pause between two runs.
        run: Does it; may raise.
        at_end: Whether it is done once more when the service stops.
    """

    name: str
    seconds: float
    run: Callable[[], object]
    at_end: bool = False


class Background:
    """Runs chores until it is closed; one that fails is tried again and holds up no other.

    Args:
        chores: What there is to do.
        failed: Told a chore's name at each failure.
    """

    def __init__(self, chores: list[Chore], failed: Callable[[str], None]) -> None:
        self._stop = threading.Event()
        self._failed = failed
        self.failing: set[str] = set()
        """Names of the chores whose last run failed."""
        self._threads = [threading.Thread(target=self._loop, args=(chore,), name=chore.name) for chore in chores]
        self._chores = chores

    def start(self) -> None:
        """Start all threads."""
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Let every chore finish what it does, do once more what is to be done at the end, then stop."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _loop(self, chore: Chore) -> None:
        while not self._stop.is_set():
            self._once(chore)
            self._stop.wait(min(chore.seconds, RETRY_SECONDS) if chore.name in self.failing else chore.seconds)
        if chore.at_end:
            self._once(chore)

    def _once(self, chore: Chore) -> None:
        try:
            chore.run()
        except Exception as error:
            if chore.name not in self.failing:
                log_fault(error)
            self.failing.add(chore.name)
            self._failed(chore.name)
        else:
            if chore.name in self.failing:
                _LOG.warning("%s works again", chore.name)
            self.failing.discard(chore.name)
