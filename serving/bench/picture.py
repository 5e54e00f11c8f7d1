"""Latency and throughput by connections."""

from collections.abc import Sequence
from pathlib import Path

from serving.bench.figures import Record, over_rounds, select
from serving.bench.tables import NAMES


def draw(records: Sequence[Record], picture: Path) -> None:
    """Draw the closed loop, without context above and with context below; a band is the spread of the rounds.

    Args:
        records: See `serving.bench.measure.measure`, ``closed``.
        picture: PNG file.
    """
    from matplotlib.figure import Figure  # Only here: who serves does not need it.

    figure = Figure(figsize=(11, 8), layout="constrained")
    for (latency, throughput), context in zip(figure.subplots(2, 2), (False, True), strict=True):
        title = "with context" if context else "without context"
        for color, what in (("tab:blue", "service"), ("tab:orange", "naive")):
            own = select(records, what=what, context=context)
            connections = sorted({record["at_once"] for record in own})
            by_connections = [select(own, at_once=number) for number in connections]
            lines = ((latency, "p50_ms", "-"), (latency, "p99_ms", "--"), (throughput, "per_second", "-"))
            for axes, name, style in lines:
                spreads = [over_rounds(rounds, name) or (float("nan"),) * 3 for rounds in by_connections]
                low, median, high = zip(*spreads, strict=True)
                legend = NAMES[what] + {"p50_ms": ", p50", "p99_ms": ", p99"}.get(name, "")
                axes.plot(connections, median, style, color=color, marker="o", label=legend)
                axes.fill_between(connections, low, high, color=color, alpha=0.2, linewidth=0)
        bare = over_rounds(select(records, what="raw", context=context), "per_second")
        if bare is not None:
            throughput.axhline(bare[1], color="gray", linestyle=":", label=NAMES["raw"])
        latency.set(title=f"latency, {title}", ylabel="ms", ylim=(0, None))
        throughput.set(title=f"throughput, {title}", ylabel="messages/s", ylim=(0, None))
        for axes in (latency, throughput):
            axes.set(xlabel="connections", xscale="log", xticks=connections, xticklabels=map(str, connections))
            axes.minorticks_off()
            axes.legend()
    figure.savefig(picture, dpi=100)
