"""One measured interval of one process, as a record of figures."""

import time
from collections.abc import Sequence
from itertools import cycle

from serving.bench.figures import Record, percentiles
from serving.bench.loops import arrivals, closed_loop, open_loop
from serving.bench.messages import Body
from serving.bench.processes import Raw, Server, cpu_seconds, resident_mb

STATUSES = (200, 429, 503)
"""Answers that are counted by their name; the rest is ``other``."""


def closed_interval(server: Server, requests: Sequence[bytes], connections: int, seconds: float) -> Record:
    """Closed loop: latencies, throughput, memory, processor time of server and client a request.

    Raises:
        OSError: The server is gone.
    """
    used, own = cpu_seconds(server.process), time.process_time()
    sample = closed_loop(server.port, cycle(requests), connections, seconds)
    asked = sample.statuses.total()
    return {
        **percentiles(sample.latencies),
        "per_second": sample.statuses[200] / sample.seconds,
        "resident_mb": resident_mb(server.process),
        "cpu_ms": 1000 * (cpu_seconds(server.process) - used) / asked,
        "client_cpu_ms": 1000 * (time.process_time() - own) / asked,
        "not_200": asked - sample.statuses[200],
    }


def raw_interval(bare: Raw, bodies: Sequence[Body], seconds: float) -> Record:
    """The same figures of the model alone, as far as it has them."""
    found = bare.loop(bodies, seconds)
    judged = len(found["latencies"])
    return {
        **percentiles(found["latencies"]),
        "per_second": judged / found["seconds"],
        "resident_mb": resident_mb(bare.process),
        "cpu_ms": 1000 * found["cpu"] / judged,
    }


def open_interval(server: Server, requests: Sequence[bytes], rate: float, seconds: float, seed: int) -> Record:
    """Open loop, `rate` arrivals a second: latencies, share of each answer, memory before and after, how late was sent."""
    before = resident_mb(server.process)
    sample = open_loop(server.port, cycle(requests), arrivals(rate, seconds, seed))
    asked = sample.statuses.total()
    found = percentiles(sample.latencies)
    return {
        **found,
        "p99_over_p50": found["p99_ms"] / found["p50_ms"] if found["p99_ms"] and found["p50_ms"] else None,
        "late_p99_ms": percentiles(sample.lateness)["p99_ms"],
        "rate": rate,
        "asked": asked,
        **{f"share_{status}": sample.statuses[status] / asked for status in STATUSES},
        "share_other": sum(number for status, number in sample.statuses.items() if status not in STATUSES) / asked,
        "start_mb": before,
        "end_mb": resident_mb(server.process),
    }
