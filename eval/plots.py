"""Pictures of one target's scores, as SVG that stands in a page: text stays text, and equal data gives equal markup."""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator, PercentFormatter
from sklearn.metrics import precision_recall_curve, roc_curve

from classifier.metrics import false_alarm_rate, precision, recall
from eval.metrics import LEAST_ALARMS, reliability_curve

_STYLE = {
    "figure.figsize": (5.2, 3.7),  # inches; about 10 px letters on a phone, 14 px on a desk
    "figure.facecolor": "white",  # on a dark page too
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 10,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#dddddd",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "hatch.linewidth": 0.6,
    "svg.fonttype": "none",
}
_RISKY, _SAFE = "#d55e00", "#0072b2"  # told apart by most colour-blind eyes (Okabe and Ito); lines differ in stroke too
_LOWEST = 0.001
"""Where the axis of false alarms begins."""


@dataclass(frozen=True)
class Plot:
    """A picture, or the reason why there is none.

    Attributes:
        title: What is shown.
        caption: How to read it; without a picture, why it is left out.
        svg: An ``<svg>`` element with its text alternative in ``aria-label``; empty without a picture.
    """

    title: str
    caption: str
    svg: str = ""


@dataclass(frozen=True)
class _Data:
    """Rows whose truth is known: each array of shape (n,)."""

    risky: np.ndarray
    scores: np.ndarray
    flagged: np.ndarray

    @property
    def decides(self) -> bool:
        return not np.isnan(self.flagged).any()


def plots(truth: np.ndarray, scores: np.ndarray, flagged: np.ndarray) -> list[Plot]:
    """Draw precision and recall, recall and false alarms, reliability, scores, and thresholds.

    Args:
        truth: Shape (n,), 1, 0 or NaN for unknown; unknown rows are left out.
        scores: Shape (n,), NaN where the system gives none: then nothing is drawn.
        flagged: Shape (n,), 1, 0 or NaN where the system does not decide: then its own point is not drawn.
    """
    known = ~np.isnan(truth)
    data = _Data(truth[known] == 1, scores[known], flagged[known])
    found = []
    for title, draw in _DRAWINGS.items():
        if reason := _obstacle(data, draw):
            found.append(Plot(title, reason))
            continue
        # Whatever the machine's own settings are, and without changing them for others.
        with matplotlib.rc_context():
            matplotlib.rcdefaults()
            matplotlib.rcParams.update(_STYLE | {"svg.hashsalt": title})  # its own, as ids are shared within a page
            figure = Figure(layout="constrained")
            alternative, caption = draw(figure, data)
            found.append(Plot(title, caption, _svg(figure, f"{title}. {alternative}")))
    return found


def _obstacle(data: _Data, draw: "_Draw") -> str:
    rows, missing, risky = len(data.risky), int((~np.isfinite(data.scores)).sum()), int(data.risky.sum())
    if not rows:
        return "no row is labelled"
    if missing:
        return f"the system gives no score for {missing:,} of {rows:,} messages"
    if draw is not _histogram and risky in (0, rows):
        return f"needs risky and safe messages, and all {rows:,} are {'risky' if risky else 'safe'}"
    if draw is _reliability and not 0 <= data.scores.min() <= data.scores.max() <= 1:
        return "the scores are no probabilities: some lie outside 0 to 1"
    return ""


def _precision_recall(figure: Figure, data: _Data) -> tuple[str, str]:
    axes = _axes(figure, "recall: share of risky messages found", "precision: share of alarms that are right")
    right, found, _ = precision_recall_curve(data.risky, data.scores, drop_intermediate=True)
    axes.plot(found, right, color=_RISKY, drawstyle="steps-post", label="all thresholds")
    axes.axhline(base := data.risky.mean(), color="gray", linestyle=":", label="by chance")
    own = _own(axes, data, recall, precision)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    axes.set(xlim=(0, 1.02), ylim=(0, 1.02))
    axes.legend(loc="lower left")
    best = {wanted: right[found >= wanted].max() for wanted in (0.5, 0.8, 0.95)}
    points = "; ".join(f"at {_percent(wanted)} recall precision is {_percent(value)}" for wanted, value in best.items())
    return (
        f"{points}{own}.",
        f"Every threshold trades recall for precision. Precision holds for this set, where {_percent(base)} of "
        f"{len(data.risky):,} messages are risky; where risk is rarer, it is lower.",
    )


def _false_alarms(figure: Figure, data: _Data) -> tuple[str, str]:
    axes = _axes(figure, "false alarms: share of safe messages flagged", "recall: share of risky messages found")
    alarms, found, _ = roc_curve(data.risky, data.scores)
    safe = int((~data.risky).sum())
    # A logarithmic axis has no 0, so the curve begins left of what is shown.
    axes.plot(np.maximum(alarms, _LOWEST / 10), found, color=_RISKY, drawstyle="steps-post", label="all thresholds")
    chance = np.geomspace(_LOWEST, 1)
    axes.plot(chance, chance, color="gray", linestyle=":", label="by chance")
    own = _own(axes, data, false_alarm_rate, recall)
    axes.set(xscale="log", xlim=(_LOWEST, 1), ylim=(0, 1.02))
    few = LEAST_ALARMS / safe
    if few > _LOWEST:
        axes.axvspan(
            _LOWEST, min(few, 1), facecolor="#eeeeee", edgecolor="#bbbbbb", hatch="//", label="too few messages"
        )
    axes.set_xticks([0.001, 0.01, 0.1, 1], ["0.1 %", "1 %", "10 %", "100 %"])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    axes.legend(loc="lower right")
    points = "; ".join(
        f"at {_percent(rate)} false alarms recall is {_percent(found[alarms <= rate].max())}"
        for rate in (0.001, 0.01, 0.05)
        if rate >= few
    )
    return (
        f"{points or f'{safe:,} safe messages are too few for rates of 5 % and below'}{own}.",
        "The axis of false alarms is logarithmic, as a filter that flags one safe message in ten is of little use. "
        f"Where the ground is hatched, fewer than {LEAST_ALARMS} alarms are expected on the {safe:,} safe messages.",
    )


def _reliability(figure: Figure, data: _Data) -> tuple[str, str]:
    axes = _axes(figure, "mean score", "share that is risky")
    scores, shares = reliability_curve(data.risky, data.scores)
    axes.plot([0, 1], [0, 1], color="gray", linestyle=":", label="what scores promise")
    axes.plot(scores, shares, color=_SAFE, marker="o", label="tenths of the messages")
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    axes.legend(loc="best")
    points = "; ".join(
        f"score {_percent(score)}, {_percent(share)} risky" for score, share in zip(scores, shares, strict=True)
    )
    return (
        f"From the lowest tenth of the scores to the highest: {points}.",
        "Each point is a tenth of the messages by score. Scores calibrated for another share of risk than this set's lie off "
        "the dotted line, and may still be right where they are used.",
    )


def _histogram(figure: Figure, data: _Data) -> tuple[str, str]:
    axes = _axes(figure, "score", "messages, logarithmic")
    edges = np.histogram_bin_edges(data.scores, 40, _range(data.scores))
    for name, rows, look in (
        ("safe", ~data.risky, {"color": _SAFE, "fill": True, "alpha": 0.55}),
        ("risky", data.risky, {"color": _RISKY, "hatch": "////", "linewidth": 1.4}),
    ):
        axes.stairs(np.histogram(data.scores[rows], edges)[0], edges, baseline=0.5, label=name, **look)
    axes.set(yscale="log", ylim=(0.5, None), xlim=(edges[0], edges[-1]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda count, _: f"{count:,.0f}"))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.legend(loc="upper center", ncols=2)
    parts = [
        f"{rows.sum():,} {name} messages, half of them score below {np.median(data.scores[rows]):.3f}"
        for name, rows in (("risky", data.risky), ("safe", ~data.risky))
        if rows.any()
    ]
    return (
        f"{'; '.join(parts)}.",
        "How many safe (filled) and risky (hatched) messages have a score. Where both are, no threshold tells them apart.",
    )


def _thresholds(figure: Figure, data: _Data) -> tuple[str, str]:
    upper, lower = figure.subplots(2, sharex=True)
    low, high = _range(data.scores)
    at = np.linspace(low, high, 401)
    found, alarms = (
        1 - np.searchsorted(np.sort(data.scores[rows]), at) / rows.sum() for rows in (data.risky, ~data.risky)
    )
    upper.plot(at, found, color=_RISKY)
    upper.set(ylabel="recall", ylim=(0, 1.04), xlim=(low, high))
    upper.yaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    lower.plot(at, 1000 * alarms, color=_SAFE, linestyle="--")
    lower.set(xlabel="threshold: a score at or above it is flagged", ylabel="alarms per 1,000")
    lower.set(yscale="log", ylim=(0.5, 1100))
    lower.set_yticks([1, 10, 100, 1000], ["1", "10", "100", "1,000"])
    lower.yaxis.set_minor_locator(NullLocator())
    points = "; ".join(
        f"{at[step]:.3g} finds {_percent(found[step])} of risky messages and flags {1000 * alarms[step]:.1f} of 1,000 safe ones"
        for step in (40, 120, 200, 280, 360)
    )
    return (
        f"Thresholds from low to high: {points}.",
        "What one threshold on this score would find (above), and how many of 1,000 safe messages it would flag (below, "
        "logarithmic; the line ends where none are left).",
    )


_Draw = Callable[[Figure, _Data], tuple[str, str]]
_DRAWINGS: dict[str, _Draw] = {
    "Precision and recall": _precision_recall,
    "Recall and false alarms": _false_alarms,
    "Reliability": _reliability,
    "Scores": _histogram,
    "Thresholds": _thresholds,
}


def _axes(figure: Figure, across: str, up: str) -> Axes:
    axes = figure.add_subplot()
    axes.set(xlabel=across, ylabel=up)
    return axes


def _own(axes: Axes, data: _Data, across: Callable[..., float], up: Callable[..., float]) -> str:
    """Mark the system's own decision, and say where it lies."""
    if not data.decides:
        return ""
    place = across(data.risky, data.flagged == 1), up(data.risky, data.flagged == 1)
    if np.isnan(place).any():
        return "; the system flags nothing"
    # An alarm-free decision stands on the edge of a logarithmic axis.
    axes.plot(max(place[0], _LOWEST), place[1], "D", color="black", label="the system's decision", clip_on=False)
    names = (one.__name__.replace("_", " ") for one in (across, up))
    return "; the system's decision: " + ", ".join(
        f"{name} {_percent(one)}" for name, one in zip(names, place, strict=True)
    )


def _range(scores: np.ndarray) -> tuple[float, float]:
    """0 to 1 for scores that lie there, otherwise theirs; never empty."""
    low, high = float(scores.min()), float(scores.max())
    if low >= 0 and high <= 1:
        return 0.0, 1.0
    return (low, high) if low < high else (low - 0.5, high + 0.5)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _svg(figure: Figure, alternative: str) -> str:
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    # Names that every figure has, and that nothing refers to, would stand in the page more than once.
    source = re.sub(r' id="[\w.]+_\d+"', "", file.getvalue())
    head = re.compile(
        r"^.*?<svg [^>]*(viewBox=\"[^\"]*\")[^>]*>", re.DOTALL
    )  # the page has a doctype and sizes of its own
    return head.sub(lambda found: f'<svg {found[1]} role="img" aria-label="{escape(alternative)}">', source, count=1)
