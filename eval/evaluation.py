"""One run: a suite's rows through a system, and every figure that the data allows."""

from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from tqdm.auto import tqdm

from classifier.kinds import SUPPORT
from eval.early import courses, erde, false_alarms, found_within, latency_f1
from eval.errors import EvaluationError
from eval.figure import figure, mean, rounded
from eval.labelled import Gathering, Labelled
from eval.metrics import LEAST_ALARMS, both_right
from eval.rows import Row, read_rows
from eval.scores import Scores
from eval.slices import LENGTHS
from eval.suite import Suite
from eval.system import Judged, System
from eval.target_figures import BRIEF, few_alarms, target_figures
from eval.targets import ANY, TARGETS

CHUNK = 256
"""Rows whose texts are in memory at once."""


def judge_all(suite: Suite, system: System, folder: Path) -> tuple[Labelled, Judged]:
    """Put every row through the system.

    Args:
        suite: What is read.
        system: What judges.
        folder: Gets or has ``scores.jsonl``; a stopped run goes on from it.

    Raises:
        EvaluationError: The data or the system fails; what was judged is kept.
    """
    gathering, scores, parts = Gathering(), Scores(system, folder / "scores.jsonl"), []
    with tqdm(desc=f"{system.name} on {suite.name}", unit="row") as bar:
        for rows in _chunks(read_rows(suite)):
            for row in rows:
                gathering.add(row)
            parts.append(scores.judge([row.message for row in rows], [row.id for row in rows]))
            bar.update(len(rows))
    known = gathering.labelled()
    return known, Judged(np.concatenate([one.scores for one in parts]), np.concatenate([one.flagged for one in parts]))


def evaluate(suite: Suite, system: System, known: Labelled, judged: Judged, command: str, draws: int) -> dict[str, Any]:
    """Every figure, as results.json holds them.

    Args:
        suite: What was read.
        system: What judged.
        known: Its rows.
        judged: Scores and decisions of the same rows.
        command: As it was typed.
        draws: Bootstrap resamples.
    """
    return {
        "suite": {
            "name": suite.name,
            "version": suite.version,
            "description": suite.description,
            "licence": suite.licence,
            "obtain": suite.obtain,
            "status": suite.status,
            "reports_only": suite.reports_only,
            "written": suite.written,
            "file": suite.file.name,
            "sha256": suite.check(),
            "rows": len(known.ids),
        },
        "system": {"name": system.name, "facts": dict(system.facts)},
        "command": command,
        "vangnet": version("vangnet"),
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "targets": {target: _target(known, judged, target, draws) for target in known.known},
        "slices": _slices(known, judged, draws),
        "grid": _grid(known, judged),
        "pairs": _pairs(known, judged, draws),
        "conversations": _conversations(known, judged),
        "support": _support(known, judged, draws),
    }


def _chunks(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while chunk := list(islice(rows, CHUNK)):
        yield chunk


def _target(
    known: Labelled, judged: Judged, target: str, draws: int, rows: np.ndarray | None = None, brief: bool = False
) -> dict[str, Any]:
    column = TARGETS.index(target)
    chosen = np.ones(len(known.ids), bool) if rows is None else rows
    arrays = (array[chosen, column] for array in (known.truth, judged.scores, judged.flagged))
    wanted = {"wanted": BRIEF} if brief else {}
    return target_figures(*arrays, known.clusters[chosen], draws, **wanted)


def _main(known: Labelled) -> str:
    """The target that slices, pairs and conversations are about: any risk where it is known."""
    if not known.known:
        raise EvaluationError("the data: no row says whether it is risky")
    return ANY if ANY in known.known else known.known[0]


def _slices(known: Labelled, judged: Judged, draws: int) -> dict[str, dict[str, Any]]:
    ways = {
        "words": {
            f"{least} to {most}" if most else f"{least} and more": (known.words >= least)
            & (known.words <= (most or np.inf))
            for least, most in LENGTHS
        }
    }
    if known.context.any():
        ways["context"] = {"without": ~known.context, "with": known.context}
    for name, values in known.slices.items():
        ways[name] = {value: values == value for value in sorted(set(values.tolist())) if value}
    target = _main(known)
    return {
        way: {
            value: {target: _target(known, judged, target, draws, rows, brief=True)}
            for value, rows in members.items()
            if rows.any()
        }
        for way, members in ways.items()
    }


def _grid(known: Labelled, judged: Judged) -> dict[str, dict[str, Any]]:
    """Per kind the rows, and how many were decided rightly; also per value of the suite's slice ``about``, if it has that."""
    target = _main(known)
    column = TARGETS.index(target)
    truth, flagged = known.truth[:, column], judged.flagged[:, column]
    decided = ~np.isnan(truth) & ~np.isnan(flagged)
    about = known.slices.get("about")
    found: dict[str, dict[str, Any]] = {}
    for kind in sorted({one for one in known.kinds.tolist() if one}, key=lambda code: (code[0], len(code), code)):
        rows = decided & (known.kinds == kind)
        cells = {"all": rows}
        if about is not None:
            cells |= {value: rows & (about == value) for value in sorted(set(about[rows].tolist())) if value}
        if rows.any():
            found[kind] = {name: _cell(truth[part], flagged[part]) for name, part in cells.items() if part.any()}
    return found


def _cell(truth: np.ndarray, flagged: np.ndarray) -> dict[str, Any]:
    return {"rows": len(truth), "risky": int(truth.sum()), "right": int((truth == flagged).sum())}


def _pairs(known: Labelled, judged: Judged, draws: int) -> dict[str, Any]:
    column = TARGETS.index(_main(known))
    truth, flagged = known.truth[:, column], judged.flagged[:, column]
    row_of = {name: row for row, name in enumerate(known.ids)}
    together: dict[str, list[int]] = {}
    for row, pair in enumerate(known.pairs.tolist()):
        if pair and not np.isnan(truth[row]):
            key = "\n".join(sorted((pair, known.ids[row]))) if pair in row_of else pair
            together.setdefault(key, []).append(row)
    found = []
    for rows in together.values():
        named = rows if len(rows) > 1 else [*rows, row_of.get(str(known.pairs[rows[0]]), rows[0])]
        if len(named) == 2 and {truth[one] for one in named} == {0.0, 1.0}:
            found.append((named[0], named[1]))
    if not found or np.isnan(flagged).any():
        return {}
    right = both_right(truth == 1, flagged == 1, found)
    clusters = known.clusters[[one for one, _ in found]]
    return {"pairs": len(found), "both_right": figure(mean, (right,), clusters, draws)}


def _conversations(known: Labelled, judged: Judged) -> dict[str, Any]:
    flagged = judged.flagged[:, TARGETS.index(_main(known))]
    if not known.conversations.any() or np.isnan(known.onsets).all() or np.isnan(flagged).any():
        return {}
    found = courses(known.conversations, known.turns, known.onsets, flagged == 1)
    figures = {
        **{f"found_within_{messages}": found_within(found, messages) for messages in (0, 1, 3)},
        "false_alarms": false_alarms(found),
        "erde_5": erde(found, 5),
        "latency_f1": latency_f1(found),
    }
    risky = sum(one.onset is not None for one in found)
    return {
        "conversations": len(found),
        "risky": risky,
        "figures": {name: rounded(value) for name, value in figures.items()},
    }


def _support(known: Labelled, judged: Judged, draws: int) -> dict[str, Any]:
    """Share of safe peer support that is flagged."""
    column = TARGETS.index(_main(known))
    rows = np.isin(known.kinds, SUPPORT) & (known.truth[:, column] == 0)
    flagged = judged.flagged[rows, column]
    if not rows.any() or np.isnan(flagged).any():
        return {}
    alarms, safe = int(flagged.sum()), int(rows.sum())
    rate = few_alarms(alarms, safe) if alarms < LEAST_ALARMS else figure(mean, (flagged,), known.clusters[rows], draws)
    return {"rows": safe, "flagged": alarms, "rate": rate}
