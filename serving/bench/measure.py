"""The measurements, in one run: everything side by side in rounds, then the service under load and overload."""

import random
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from serving.bench.figures import Record, add_over_raw, capacity
from serving.bench.interval import closed_interval, open_interval, raw_interval
from serving.bench.messages import Body, as_requests, in_even_order, without_context
from serving.bench.processes import Server, raw, service, uvicorn

CONNECTIONS = (1, 8, 32)
LOAD = 0.7
"""Share of the capacity."""
OVERLOAD = 4
"""Times the capacity."""
WARM_UP = 1.0
"""Seconds that each process works before it is measured; less when measurements are shorter."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """What is run.

    Attributes:
        bundle: Folder of the model bundle.
        bodies: Messages, sent over and over in an even order.
        threads: Of the bare model.
        rounds: Times that everything is measured.
        seconds: Of one measurement.
        overload_seconds: Of the overload.
    """

    bundle: Path
    bodies: Sequence[Body]
    threads: int
    rounds: int
    seconds: float
    overload_seconds: float


def measure(plan: Plan, say: Say) -> dict[str, Any]:
    """All figures: ``starts``, ``closed``, ``load`` (one record a measurement and round) and ``overload`` (one record).

    Args:
        plan: What is run.
        say: Told what is measured next.

    Raises:
        NotStarted: A server did not become ready.
    """
    bodies = {False: in_even_order(without_context(plan.bodies)), True: in_even_order(plan.bodies)}
    requests = {context: as_requests(of_context) for context, of_context in bodies.items()}
    results: dict[str, Any] = {"starts": [], "closed": []}
    for number in range(plan.rounds):
        say(f"round {number + 1} of {plan.rounds}: starting")
        with ExitStack() as stack:
            servers = {
                "service": stack.enter_context(service(plan.bundle)),
                "naive": stack.enter_context(uvicorn("naive", plan.bundle)),
                "empty": stack.enter_context(uvicorn("empty", plan.bundle)),
            }
            bare = stack.enter_context(raw(plan.bundle, plan.threads))
            for what, server in servers.items():
                _warm_up(plan, server, requests[True])
                started = {"start_seconds": server.start_seconds, "start_mb": server.start_mb}
                results["starts"].append({"what": what, "round": number, **started})
            raw_interval(bare, bodies[True], min(WARM_UP, plan.seconds))
            for what, at_once, context in _order(number, plan.threads):
                say(f"round {number + 1} of {plan.rounds}: {what}, {at_once} at once, context {context}")
                if what == "raw":
                    figures = raw_interval(bare, bodies[context], plan.seconds)
                else:
                    figures = closed_interval(servers[what], requests[context], at_once, plan.seconds)
                measured = {"what": what, "at_once": at_once, "context": context, "round": number}
                results["closed"].append(measured | figures)
    add_over_raw(results["closed"])
    rates = {context: capacity(results["closed"], context) for context in requests}
    return results | _under_load(plan, requests, rates, say)


def _under_load(plan: Plan, requests: dict[bool, list[bytes]], rates: dict[bool, float], say: Say) -> dict[str, Any]:
    load: list[Record] = []
    with service(plan.bundle) as server:
        _warm_up(plan, server, requests[True])
        for number, context in product(range(plan.rounds), requests):
            rate = LOAD * rates[context]
            say(f"round {number + 1} of {plan.rounds}: load, {rate:.0f} a second, context {context}")
            figures = open_interval(server, requests[context], rate, plan.seconds, seed=number)
            load.append({"context": context, "round": number, **figures})
        rate = OVERLOAD * rates[True]
        say(f"overload: {rate:.0f} a second")
        overload = open_interval(server, requests[True], rate, plan.overload_seconds, seed=plan.rounds)
    return {"load": load, "overload": overload}


def _warm_up(plan: Plan, server: Server, requests: Sequence[bytes]) -> None:
    closed_interval(server, requests, CONNECTIONS[-1], min(WARM_UP, plan.seconds))


def _order(number: int, threads: int) -> list[tuple[str, int, bool]]:
    """What one round measures, and in which order: another one each round, so that no target always follows the same."""
    targets = [("raw", threads), *product(("service", "naive"), CONNECTIONS)]
    every = [(*target, context) for target in targets for context in (False, True)]
    every.append(("empty", CONNECTIONS[-1], False))
    return random.Random(number).sample(every, len(every))
