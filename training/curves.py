"""Pictures of a run: loss and validation figures by step."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

_PANELS = (
    ("loss", {"loss": "training", "eval_loss": "validation voices"}),
    ("mean average precision over labels", {"eval_map": "validation voices"}),
    ("AUROC, any risk", {"eval_any_auroc": "validation voices"}),
)


def draw_curves(log: Sequence[Mapping[str, Any]], picture: Path) -> None:
    """Draw a run's log (``log.json``), one panel a figure; training loss is that of rough rows, a teacher's share included.

    Args:
        log: Entries with ``step`` and whatever was measured there.
        picture: PNG file.
    """
    figure = Figure(figsize=(15, 4), layout="constrained")
    for axes, (title, series) in zip(figure.subplots(1, len(_PANELS)), _PANELS, strict=True):
        for name, legend in series.items():
            points = [(entry["step"], entry[name]) for entry in log if name in entry]
            if points:
                axes.plot(*zip(*points, strict=True), label=legend, marker="o" if len(points) < 30 else None)
        axes.set(title=title, xlabel="step")
        if axes.lines:
            axes.legend()
    figure.savefig(picture, dpi=100)
