"""Figures of one interval, and their spread over rounds."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

Record = dict[str, Any]
"""One measurement: what was measured, under which circumstances, and its figures."""


def percentiles(seconds: Sequence[float]) -> dict[str, float | None]:
    """50th, 95th, 99th percentile and highest, in milliseconds, interpolated linearly; None when there is nothing."""
    names = {"p50_ms": 50, "p95_ms": 95, "p99_ms": 99, "max_ms": 100}
    if not seconds:
        return dict.fromkeys(names)
    found = 1000 * np.percentile(seconds, list(names.values()))
    return dict(zip(names, found.tolist(), strict=True))


def select(records: Sequence[Record], **circumstances: Any) -> list[Record]:
    """The records that have these values."""
    return [record for record in records if all(record[name] == value for name, value in circumstances.items())]


def over_rounds(records: Sequence[Mapping[str, Any]], name: str) -> tuple[float, float, float] | None:
    """Lowest, median and highest value of a figure; None when no round has it."""
    values = [record[name] for record in records if record.get(name) is not None]
    return (min(values), float(np.median(values)), max(values)) if values else None


def capacity(records: Sequence[Record], context: bool) -> float:
    """Messages a second that the service answers over its best number of connections, median of the rounds."""
    own = select(records, what="service", context=context)
    rates = (over_rounds(select(own, at_once=number), "per_second") for number in {record["at_once"] for record in own})
    return max(median for _, median, _ in filter(None, rates))


def add_over_raw(records: Sequence[Record]) -> None:
    """Set ``cpu_over_raw``: processor time a message over that of the model alone, in the same round and context."""
    for record in records:
        if record["what"] in ("service", "naive"):
            [bare] = select(records, what="raw", context=record["context"], round=record["round"])
            record["cpu_over_raw"] = record["cpu_ms"] / bare["cpu_ms"]
