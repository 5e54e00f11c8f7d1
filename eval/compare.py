"""Which differences between two runs on the same rows are real, and which messages they are about."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tqdm.auto import tqdm

from eval.errors import EvaluationError
from eval.figure import rounded
from eval.labelled import Labelled
from eval.metrics import LEAST_ALARMS, estimable, mcnemar
from eval.result_rows import read_rows_file
from eval.system import Judged
from eval.target_figures import DECIDING, RANKING
from eval.targets import TARGETS

NAMES = ("recall", "false_alarm_rate", "precision", "f1", "auroc", "ap", "recall_at_5_percent", "recall_at_1_percent")
"""Figures that are compared, as `eval.target_figures` names them."""
LEAST_CLUSTERS = 10
"""Fewer clusters than this give a bootstrap too little to draw from."""
LEAST_CHANGED = 6
"""A difference between decisions is real only if so many clusters hold a changed one: with 5, an exact test of signs has
p = 0.06 at best, while the bootstrap would already exclude 0."""
REAL, NOT_SHOWN = "real", "not shown"
_AT = {"recall_at_5_percent": 0.05, "recall_at_1_percent": 0.01}
_TOLERANCE = 1e-12
"""Two ways to the same figure may differ by so much."""


@dataclass(frozen=True)
class Run:
    """One folder of ``vangnet-eval run``.

    Attributes:
        results: What results.json says.
        known: Its rows.
        judged: Scores and decisions of the same rows.
    """

    results: Mapping[str, Any]
    known: Labelled
    judged: Judged


def read_run(folder: Path) -> Run:
    """Read results.json and rows.jsonl.

    Raises:
        EvaluationError: One of them is missing or has another form.
    """
    path = folder / "results.json"
    try:
        results = json.loads(path.read_text(encoding="utf-8"))
        if not {"name", "written", "reports_only"} <= set(results["suite"]) or "name" not in results["system"]:
            raise ValueError
    except OSError as error:
        raise EvaluationError(f"{path}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise EvaluationError(f"{path}: is not what vangnet-eval run writes") from None
    return Run(results, *read_rows_file(folder / "rows.jsonl"))


def aligned(one: Run, two: Run) -> Judged:
    """What `two` judged, in the order of the rows of `one`.

    Raises:
        EvaluationError: They are not about the same rows; the message says what differs and in how many of them.
    """
    place = {name: row for row, name in enumerate(two.known.ids)}
    only_one = [name for name in one.known.ids if name not in place]
    only_two = set(place) - set(one.known.ids)
    if only_one or only_two:
        raise EvaluationError(
            f"the runs are on other rows: {len(only_one)} ids only in the first, {len(only_two)} only in the second"
        )
    order = np.array([place[name] for name in one.known.ids])
    for what, left, right in (
        ("truth", one.known.truth, two.known.truth[order]),
        ("cluster", one.known.clusters[:, None], two.known.clusters[order][:, None]),
    ):
        same = (left == right) | ((left != left) & (right != right))
        if differing := np.flatnonzero(~same.all(axis=1)).tolist():
            where = f"{len(differing)} rows, the first is {one.known.ids[differing[0]]!r}"
            raise EvaluationError(f"the runs are on other data: {what} differs in {where}")
    return Judged(two.judged.scores[order], two.judged.flagged[order])


def compare(known: Labelled, one: Judged, two: Judged, draws: int = 1000, seed: int = 0) -> dict[str, Any]:
    """Compare two systems on the same rows; every difference is that of `two` minus `one`.

    Args:
        known: The rows.
        one: What the first system judged.
        two: What the second did.
        draws: Bootstrap resamples; each draws whole clusters, the same ones for both systems.
        seed: Of the resampling.

    Returns:
        ``rows``, ``clusters``, ``draws`` and ``targets``: per target ``rows``, ``positives``, ``differences`` (per figure
        ``one``, ``two``, ``value``, ``low``, ``high`` and ``verdict``, or ``not_estimable``), ``mcnemar`` (``only_one_right``,
        ``only_two_right``, ``p``, and ``p_holm``, corrected for the number of targets) and ``changes`` (ids by ``now_found``,
        ``now_missed``, ``new_alarm`` and ``alarm_gone``); the last two are empty where a system does not decide.
    """
    ids = np.array(known.ids, dtype=object)
    targets: dict[str, Any] = {}
    for target in tqdm(known.known, desc="comparing", unit="target"):
        column = TARGETS.index(target)
        rows = ~np.isnan(known.truth[:, column])
        risky = known.truth[rows, column] == 1
        scores = tuple(system.scores[rows, column] for system in (one, two))
        flagged = tuple(system.flagged[rows, column] for system in (one, two))
        decides = not np.isnan(flagged).any()
        targets[target] = {
            "rows": len(risky),
            "positives": int(risky.sum()),
            "differences": _differences(risky, scores, flagged, known.clusters[rows], draws, seed),
            "mcnemar": _mcnemar(risky, flagged) if decides else {},
            "changes": _changes(ids[rows], risky, flagged) if decides else {},
        }
    tested = [entry["mcnemar"] for entry in targets.values() if entry["mcnemar"]]
    for test, corrected in zip(tested, holm([test["p"] for test in tested]), strict=True):
        test["p_holm"] = corrected
    clusters = len(np.unique(known.clusters))
    return {"rows": len(known.ids), "clusters": clusters, "draws": draws, "targets": targets}


def holm(values: Sequence[float]) -> list[float]:
    """P-values corrected for their number by Holm's step-down method (Holm 1979), in the given order.

    The i-th smallest of m is multiplied by m - i + 1; none becomes smaller than the one before it, or greater than 1.
    """
    corrected, least = [0.0] * len(values), 0.0
    for step, place in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        least = max(least, min(1.0, values[place] * (len(values) - step)))
        corrected[place] = least
    return corrected


def drawn(clusters: np.ndarray, draws: int, seed: int) -> Iterator[np.ndarray]:
    """Rows of each resample: as many whole clusters as there are, with replacement."""
    groups = np.unique(clusters, return_inverse=True)[1]
    order, sizes = np.argsort(groups, kind="stable"), np.bincount(groups)
    starts = np.cumsum(sizes) - sizes
    random = np.random.default_rng(seed)
    for _ in range(draws):
        chosen = random.integers(0, len(sizes), len(sizes))
        lengths = sizes[chosen]
        within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        yield order[np.repeat(starts[chosen], lengths) + within]


_Pair = tuple[np.ndarray, np.ndarray]


def _differences(
    risky: np.ndarray, scores: _Pair, flagged: _Pair, clusters: np.ndarray, draws: int, seed: int
) -> dict[str, Any]:
    reasons = {name: _why_not(name, risky, scores, flagged, clusters) for name in NAMES}
    metrics = {name: {**RANKING, **DECIDING}[name] for name in NAMES if not reasons[name]}
    columns = {name: scores if name in RANKING else flagged for name in metrics}
    values: dict[str, list[float]] = {name: [] for name in metrics}
    for rows in drawn(clusters, draws if metrics else 0, seed):
        for name, metric in metrics.items():
            before, after = (metric(risky[rows], system[rows]) for system in columns[name])
            values[name].append(after - before)
    found: dict[str, Any] = {}
    for name in NAMES:
        if name not in metrics:
            found[name] = {"not_estimable": reasons[name]}
            continue
        before, after = (metrics[name](risky, system) for system in columns[name])
        low, high = np.nan, np.nan
        if np.isnan(values[name]).mean() <= 0.5:
            low, high = np.nanquantile(values[name], [0.025, 0.975])
        real = (low > _TOLERANCE or high < -_TOLERANCE) and (
            name in RANKING or _changed(name, risky, flagged, clusters) >= LEAST_CHANGED
        )
        numbers = {"one": before, "two": after, "value": after - before, "low": low, "high": high}
        found[name] = {key: rounded(value) for key, value in numbers.items()} | {"verdict": REAL if real else NOT_SHOWN}
    return found


def _why_not(name: str, risky: np.ndarray, scores: _Pair, flagged: _Pair, clusters: np.ndarray) -> str:
    """Why a figure cannot be compared; empty when it can."""
    if np.isnan(scores if name in RANKING else flagged).any():
        return "a system does not give what it needs"
    for kind, members in (("risky", risky), ("safe", ~risky)):
        if {"recall": "safe", "false_alarm_rate": "risky"}.get(name) == kind:
            continue
        if (groups := len(np.unique(clusters[members]))) < LEAST_CLUSTERS:
            return f"{groups} clusters with {kind} messages: fewer than {LEAST_CLUSTERS}"
    safe = int((~risky).sum())
    if name in _AT and not estimable(_AT[name], safe):
        return f"{safe} safe rows: fewer than {LEAST_ALARMS} alarms are expected"
    if name == "false_alarm_rate" and (alarms := max(int(one[~risky].sum()) for one in flagged)) < LEAST_ALARMS:
        return f"{alarms} alarms on {safe} safe rows: fewer than {LEAST_ALARMS}"
    return ""


def _changed(name: str, risky: np.ndarray, flagged: _Pair, clusters: np.ndarray) -> int:
    """Clusters in which a decision changed that the figure is about."""
    rows = {"recall": risky, "false_alarm_rate": ~risky}.get(name, np.ones(len(risky), bool))
    return len(np.unique(clusters[rows & (flagged[0] != flagged[1])]))


def _mcnemar(risky: np.ndarray, flagged: _Pair) -> dict[str, Any]:
    one, two = ((system == 1) == risky for system in flagged)
    return {
        "only_one_right": int((one & ~two).sum()),
        "only_two_right": int((two & ~one).sum()),
        "p": mcnemar(one, two),
    }


def _changes(ids: np.ndarray, risky: np.ndarray, flagged: _Pair) -> dict[str, list[str]]:
    one, two = (system == 1 for system in flagged)
    kinds = {
        "now_found": risky & ~one & two,
        "now_missed": risky & one & ~two,
        "new_alarm": ~risky & ~one & two,
        "alarm_gone": ~risky & one & ~two,
    }
    return {kind: ids[rows].tolist() for kind, rows in kinds.items()}
