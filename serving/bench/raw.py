"""The model without HTTP: threads that share one session as the service's workers do.

A process of its own, so that memory and processor time are the model's. Reads jobs from standard input, one JSON object a
line: ``seconds`` and ``messages``; answers each with one line: ``latencies`` and ``seconds``, ``cpu`` of its interval.
"""

import json
import sys
import threading
import time
from collections.abc import Sequence
from itertools import cycle
from typing import Any

from classifier import Classifier, Message


def loop(classifier: Classifier, messages: Sequence[Message], threads: int, seconds: float) -> dict[str, Any]:
    """Predict for `seconds`, each thread the next message as soon as it is done, at least one; all times in seconds."""
    latencies: list[float] = []
    waiting = cycle(messages)
    start, used = time.perf_counter(), time.process_time()

    def work() -> None:
        done = start
        while done < start + seconds:
            begun = time.perf_counter()
            classifier.predict(next(waiting))
            done = time.perf_counter()
            latencies.append(done - begun)

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return {
        "latencies": latencies,
        "seconds": time.perf_counter() - start,
        "cpu": time.process_time() - used,
    }


def main(bundle: str, threads: str) -> None:
    """Serve jobs until standard input ends."""
    classifier = Classifier.load(bundle)
    for line in sys.stdin:
        job = json.loads(line)
        messages = [Message.from_mapping(body) for body in job["messages"]]
        print(json.dumps(loop(classifier, messages, int(threads), job["seconds"])), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
