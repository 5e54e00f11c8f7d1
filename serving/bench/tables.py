"""The figures in words: Markdown tables, each cell the median of the rounds and, in brackets, lowest and highest."""

from collections.abc import Sequence
from typing import Any

from serving.bench.figures import Record, over_rounds, select

NAMES = {"raw": "model alone", "service": "Vangnet", "naive": "naive FastAPI", "empty": "empty FastAPI"}
_CLOSED = {
    "p50 ms": "p50_ms",
    "p95 ms": "p95_ms",
    "p99 ms": "p99_ms",
    "messages/s": "per_second",
    "memory MB": "resident_mb",
    "CPU ms": "cpu_ms",
    "CPU over model": "cpu_over_raw",
    "client CPU ms": "client_cpu_ms",
    "not 200": "not_200",
}
_LOAD = {
    "messages/s": "rate",
    "p50 ms": "p50_ms",
    "p95 ms": "p95_ms",
    "p99 ms": "p99_ms",
    "p99/p50": "p99_over_p50",
    "share 200": "share_200",
    "sent late, p99 ms": "late_p99_ms",
}
_OVERLOAD = {
    "messages/s": "rate",
    "asked": "asked",
    "200": "share_200",
    "429": "share_429",
    "503": "share_503",
    "other": "share_other",
    "p50 ms": "p50_ms",
    "p99 ms": "p99_ms",
    "max ms": "max_ms",
    "MB before": "start_mb",
    "MB after": "end_mb",
    "sent late, p99 ms": "late_p99_ms",
}
_STARTS = {"seconds to ready": "start_seconds", "memory MB": "start_mb"}


def render(results: dict[str, Any]) -> str:
    """The report, from what goes into bench.json."""
    machine, options, mix = results["machine"], results["options"], results["mix"]
    lengths = mix["code_points"]
    parts = [
        f"# Benchmark of {results['bundle']}\n",
        f"`{results['command']}` on {results['date']}; {machine['processor']}, {machine['cores']} cores, load average "
        f"{machine['load']:.1f} at the start. " + ", ".join(f"{k} {v}" for k, v in results["versions"].items()) + ".\n",
        f"{mix['messages']} messages, {lengths['p50']:.0f} code points in the median ({lengths['p5']:.0f} at the 5th, "
        f"{lengths['p95']:.0f} at the 95th percentile), {100 * mix['with_context']:.0f} % bring context. Median of "
        f"{options['rounds']} rounds of {options['seconds']:g} seconds, lowest and highest in brackets. The client runs on the "
        "same cores. How to read this: docs/benchmarks.md.\n",
    ]
    for context in (False, True):
        parts += [f"## Closed loop, {_said(context)}\n", _closed(select(results["closed"], context=context))]
    parts += ["## Load: 70 % of the capacity, arrivals that wait for nobody\n", _load(results["load"])]
    parts += [f"## Overload: 4 times the capacity, {options['overload_seconds']:g} seconds, with context\n"]
    parts += [table(["", *_OVERLOAD], [[NAMES["service"], *_cells([results["overload"]], _OVERLOAD)]])]
    parts += ["## Start\n", _starts(results["starts"])]
    return "\n".join(parts)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; all columns but the first stand right."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def cell(spread: tuple[float, float, float] | None) -> str:
    """Median and, where rounds differ, lowest and highest; a dash for nothing."""
    if spread is None:
        return "–"
    low, median, high = map(_number, spread)
    return median if low == high else f"{median} ({low}–{high})"


def _closed(records: Sequence[Record]) -> str:
    rows = []
    for what, name in NAMES.items():
        own = select(records, what=what)
        for at_once in sorted({record["at_once"] for record in own}):
            rows.append([name, str(at_once), *_cells(select(own, at_once=at_once), _CLOSED)])
    return table(["", "at once", *_CLOSED], rows)


def _load(records: Sequence[Record]) -> str:
    cells = {context: _cells(select(records, context=context), _LOAD) for context in (False, True)}
    return table(["", *_LOAD], [[_said(context), *cells[context]] for context in cells])


def _starts(records: Sequence[Record]) -> str:
    kinds = dict.fromkeys(record["what"] for record in records)
    return table(["", *_STARTS], [[NAMES[what], *_cells(select(records, what=what), _STARTS)] for what in kinds])


def _cells(records: Sequence[Record], columns: dict[str, str]) -> list[str]:
    return [cell(over_rounds(records, figure)) for figure in columns.values()]


def _said(context: bool) -> str:
    return "with context" if context else "without context"


def _number(value: float) -> str:
    """Three digits where the value is small."""
    if value >= 100 or value == int(value):
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
