"""A run as one HTML page that loads nothing: figures, pictures, and the worst mistakes with their texts blurred."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from classifier import Message
from eval import tables
from eval.errors import EvaluationError
from eval.labelled import Labelled
from eval.metrics import LEAST_ALARMS
from eval.plots import plots
from eval.rows import read_rows
from eval.suite import Suite
from eval.system import Judged
from eval.targets import TARGETS

MOST = 100
"""Mistakes of a kind that are shown."""
_OTHERS = 3
"""Highest scores of other targets that are shown with a mistake."""
_FOLDER = Path(__file__).parent / "templates"
_HEAT = (1.0, 0.95, 0.85, 0.7, 0.5)
"""Shares decided rightly from which a cell of the grid gets a calmer colour, from calm to alarming."""


@dataclass(frozen=True)
class Mistake:
    """A message that was judged wrongly; texts are for the page alone.

    Attributes:
        id: In the data.
        kind: Its code, or empty.
        score: Of the main target; NaN where the system gives none.
        others: The highest scores of other targets, best first.
        truth: Other targets that the data calls risky.
        message: As it was judged.
    """

    id: str
    kind: str
    score: float
    others: list[tuple[str, float]]
    truth: list[str]
    message: Message


@dataclass(frozen=True)
class Mistakes:
    """The worst of one sort, and how many there are."""

    worst: list[Mistake]
    count: int


def write_html(path: Path, results: Mapping[str, Any], known: Labelled, judged: Judged, suite: Suite) -> None:
    """Write the page.

    Args:
        path: The file, replaced where it exists. It holds message texts, so it is to be kept as the data is.
        results: As `eval.evaluation.evaluate` gives them.
        known: The rows that were measured.
        judged: Their scores and decisions.
        suite: Its file is read once more for the texts of mistakes.

    Raises:
        EvaluationError: The suite's file cannot be read, or has changed since.
    """
    target = tables.main_target(results)
    column = TARGETS.index(target)
    truth, scores, flagged = (array[:, column] for array in (known.truth, judged.scores, judged.flagged))
    misses, alarms = _mistakes(known, judged, column, suite)
    source = _environment().get_template("report.html.j2")
    script = (_FOLDER / "report.js").read_text(encoding="utf-8")
    page = source.render(
        results=results,
        tables=tables,
        target=target,
        figures=results["targets"][target]["figures"],
        plots=[(plot, Markup(plot.svg)) for plot in plots(truth, scores, flagged)],
        misses=misses,
        alarms=alarms,
        decides=not np.isnan(flagged[~np.isnan(truth)]).any(),
        heat=_heat,
        least_alarms=LEAST_ALARMS,
        style=Markup((_FOLDER / "report.css").read_text(encoding="utf-8")),
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )
    path.write_text(page, encoding="utf-8")


def _environment() -> Environment:
    # Whatever comes from data is escaped, and what would act without being seen is made visible first.
    return Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=lambda value: value if hasattr(value, "__html__") else tables.visible(str(value)),
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _mistakes(known: Labelled, judged: Judged, column: int, suite: Suite) -> tuple[Mistakes, Mistakes]:
    """Misses by rising score and false alarms by falling score; every row counts where the system does not decide."""
    truth, scores, flagged = (array[:, column] for array in (known.truth, judged.scores, judged.flagged))
    answered = ~(np.isnan(scores) & np.isnan(flagged))
    missed = np.flatnonzero(answered & (truth == 1) & (flagged != 1))
    alarmed = np.flatnonzero(answered & (truth == 0) & (flagged != 0))
    worst = [
        rows[np.argsort(keys[rows], kind="stable")][:MOST] for rows, keys in ((missed, scores), (alarmed, -scores))
    ]
    wanted = {known.ids[row] for rows in worst for row in rows}
    messages = {row.id: row.message for row in read_rows(suite) if row.id in wanted} if wanted else {}
    if wanted - messages.keys():
        raise EvaluationError(f"{suite.file.name}: has changed since it was measured")

    def mistake(row: int) -> Mistake:
        name = known.ids[row]
        others = [
            one for one in np.argsort(-judged.scores[row], kind="stable") if one != column and "/" in TARGETS[one]
        ]
        return Mistake(
            name,
            str(known.kinds[row]),
            float(scores[row]),
            [
                (TARGETS[one], float(judged.scores[row, one]))
                for one in others[:_OTHERS]
                if not np.isnan(judged.scores[row, one])
            ],
            [target for one, target in enumerate(TARGETS) if one != column and known.truth[row, one] == 1],
            messages[name],
        )

    first, second = (
        Mistakes([mistake(row) for row in rows], len(of)) for rows, of in zip(worst, (missed, alarmed), strict=True)
    )
    return first, second


def _heat(cell: Mapping[str, Any]) -> int:
    """0 (all right) to 5."""
    return sum(cell["right"] / cell["rows"] < step for step in _HEAT)
