"""`vangnet-eval compare`: which differences between two runs are real."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from eval.cli_shared import clear_errors
from eval.compare import LEAST_CHANGED, REAL, Run, aligned, read_run
from eval.compare import compare as compare_runs
from eval.markdown_report import markdown
from eval.tables import FIGURES, UNSURE, Table, caveat, number, visible

_FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)
CHANGES = {
    "now_found": "now found",
    "now_missed": "now missed",
    "new_alarm": "new alarm",
    "alarm_gone": "alarm gone",
}
"""How decisions change from A to B, and what tables call it."""
SHOWN = 50
"""Ids of each kind of change that the terminal gets."""


@click.command()
@click.argument("a", type=_FOLDER)
@click.argument("b", type=_FOLDER)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="JSON of everything, all ids included.")
@click.option("--draws", default=1000, type=click.IntRange(100), help="Bootstrap resamples.")
@click.option("--seed", default=0, help="Of the resampling.")
def compare(a: Path, b: Path, out: Path | None, draws: int, seed: int) -> None:
    """Compare the runs in the folders A and B, made by `vangnet-eval run` on the same rows: which differences are real."""
    with clear_errors():
        one, two = read_run(a), read_run(b)
        found = compare_runs(one.known, one.judged, aligned(one, two), draws, seed)
        runs = {"a": _described(one), "b": _described(two)}
        if out is not None:
            out.write_text(json.dumps(runs | found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    click.echo(_text(runs, found, caveat(one.results)))


def _described(run: Run) -> str:
    return f"{run.results['system']['name']} on {run.results['suite']['name']}"


def _text(runs: Mapping[str, str], found: Mapping[str, Any], written: str) -> str:
    figures = [one for entry in found["targets"].values() for one in entry["differences"].values() if "verdict" in one]
    real = sum(one["verdict"] == REAL for one in figures)
    parts = [
        "# B compared with A",
        "\n".join(f"- {name.upper()}: {visible(run)}" for name, run in runs.items()),
        f"{found['rows']:,} rows in {found['clusters']:,} clusters; {found['draws']:,} resamples of whole clusters, the "
        f'same for both. "{REAL}": the 95 % interval of B - A excludes 0 and, for figures of decisions, these changed in at '
        f"least {LEAST_CHANGED} clusters. {written}".rstrip(),
        *(markdown(_differences(target, entry)) for target, entry in found["targets"].items()),
        f"{real} of {len(figures)} differences are real. Each stands for itself: without any true difference, about "
        f"{0.05 * len(figures):.1f} would be called so by chance.",
        markdown(_tests(found["targets"])),
        "p: exact McNemar test of being right, which takes messages as independent of each other; corrected for the number "
        "of targets by Holm's method.",
        markdown(_counts(found["targets"])),
        _ids(next(iter(found["targets"].items()))),
    ]
    return "\n\n".join(part for part in parts if part)


def _differences(target: str, entry: Mapping[str, Any]) -> Table:
    rows = [
        (FIGURES[name], "", "", f"{UNSURE}: {one['not_estimable']}", "")
        if "not_estimable" in one
        else (FIGURES[name], _shown(one["one"]), _shown(one["two"]), _signed(one), one["verdict"])
        for name, one in entry["differences"].items()
    ]
    title = f"{target}: {entry['positives']:,} of {entry['rows']:,} messages are risky"
    return Table(title, ("figure", "A", "B", "B - A", "verdict"), rows)


def _tests(targets: Mapping[str, Any]) -> Table:
    rows = [
        (
            target,
            f"{test['only_one_right']:,}",
            f"{test['only_two_right']:,}",
            _p(test["p"]),
            _p(test["p_holm"]),
        )
        for target, entry in targets.items()
        if (test := entry["mcnemar"])
    ]
    return Table("right and wrong", ("target", "only A right", "only B right", "p", "p corrected"), rows)


def _counts(targets: Mapping[str, Any]) -> Table:
    rows = [
        (target, *(f"{len(entry['changes'][kind]):,}" for kind in CHANGES))
        for target, entry in targets.items()
        if entry["changes"]
    ]
    return Table("changed decisions", ("target", *CHANGES.values()), rows)


def _ids(main: tuple[str, Mapping[str, Any]]) -> str:
    target, entry = main
    lines = []
    for kind, name in CHANGES.items():
        if ids := entry["changes"].get(kind):
            more = f" and {len(ids) - SHOWN:,} more (--out has them)" if len(ids) > SHOWN else ""
            lines.append(f"- {name}: {', '.join(map(visible, ids[:SHOWN]))}{more}")
    return "\n".join([f"Changed decisions of {target}, by id:", *lines]) if lines else ""


def _p(value: float) -> str:
    return f"{value:.4f}" if value >= 0.0001 else "under 0.0001"


def _shown(value: float | None) -> str:
    return "-" if value is None else number(value)


def _signed(figure: Mapping[str, Any]) -> str:
    value, low, high = (figure[key] for key in ("value", "low", "high"))
    if value is None or low is None or high is None:
        return "-" if value is None else f"{value:+.4f}"
    return f"{value:+.4f} ({low:+.4f} to {high:+.4f})"
