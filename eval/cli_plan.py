"""`vangnet-eval plan`: a threshold for what a platform can review, and what it would mean there."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from classifier.labels import LABEL_NAMES
from classifier.policy import Policy
from eval.cli_shared import clear_errors
from eval.compare import Run, read_run
from eval.errors import EvaluationError
from eval.markdown_report import markdown
from eval.metrics import LEAST_ALARMS
from eval.plan import HOURS, Rows, Wish, as_policy, choose, halves, report, usable
from eval.tables import UNSURE, Table, caveat

_FILE = click.Path(path_type=Path, dir_okay=False)
_SHARE = click.FloatRange(0, 1, min_open=True, max_open=True)
_VERSION = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""What the service takes as a version."""
ROWS = {
    "recall": ("share of risky messages found", 3),
    "missed_a_day": ("risky messages missed a day (a person may write several)", 1),
    "false_alarm_rate": ("share of safe messages flagged", 4),
    "alarms_per_1000": ("alarms per 1,000 messages", 1),
    "alarms_a_day": ("alarms a day", 0),
    "precision": ("share of alarms that are right", 3),
    "reviewers": (f"reviewers needed, {HOURS} hours a day each", 1),
}
"""Figures in the order of the table, what it calls them, and their decimals."""


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--volume", required=True, type=click.IntRange(1), help="Messages of the platform a day.")
@click.option("--minutes", default=3.0, type=click.FloatRange(0, min_open=True), help="Of a reviewer for an alarm.")
@click.option("--prevalence", default=0.01, type=_SHARE, help="Share of the platform's messages that are risky.")
@click.option(
    "--alarms", type=click.FloatRange(0, 1000, min_open=True), help="Wish: at most so many per 1,000 messages."
)
@click.option("--recall", type=click.FloatRange(0, 1, min_open=True), help="Wish: at least this share found.")
@click.option("--seed", default=0, help="Of the halving.")
@click.option("--draws", default=1000, type=click.IntRange(100), help="Bootstrap resamples.")
@click.option(
    "--policy", "version", help="Version of a policy document to write; letters, digits, dot, dash, underscore."
)
@click.option("--base", type=_FILE, help="The policy now in use (policy.json): its escalate_at stay.")
@click.option("--out", type=_FILE, help="Where the policy document goes.")
def plan(
    folder: Path,
    volume: int,
    minutes: float,
    prevalence: float,
    alarms: float | None,
    recall: float | None,
    seed: int,
    draws: int,
    version: str | None,
    base: Path | None,
    out: Path | None,
) -> None:
    """Choose review_at on one half of the rows of the run in FOLDER, and report on the other half what it would mean.

    The policy document is the `policy` of a POST to /v1/policies, beside `author` and `reason`.
    """
    if (alarms is None) == (recall is None):
        raise click.UsageError("give one wish: --alarms or --recall")
    if (version is None) != (out is None) or (base is not None and out is None):
        raise click.UsageError("--policy and --out belong together, and --base goes with them")
    if version is not None and not _VERSION.fullmatch(version):
        raise click.UsageError("--policy: must be 1 to 64 letters, digits, dots, dashes or underscores")
    with clear_errors():
        run = read_run(folder)
        rows = usable(run)
        chooses, reports = halves(rows, seed)
        threshold = choose(chooses, Wish(prevalence, alarms, recall))
        found = {
            name: report(half, threshold, prevalence, volume, minutes, draws)
            for name, half in (("chose", chooses), ("reports", reports))
        }
        document = None if version is None else as_policy(rows, threshold, version, _model(run), _base(base, run))
    click.echo(_text(run, rows, threshold, found, f"{volume:,} messages a day, {prevalence:g} of them risky"))
    if document is not None and out is not None:
        with clear_errors():
            out.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
        click.echo(f"\n{out} has the policy {version} for {document['model']}.")
        if base is None:
            click.echo("Nothing escalates under it: --base keeps the escalate_at of a policy.")


def _model(run: Run) -> str:
    model = run.results["system"].get("facts", {}).get("model")
    if not model:
        raise EvaluationError("results.json: the system is no Vangnet model, so that it cannot have a policy")
    return str(model)


def _base(path: Path | None, run: Run) -> Policy | None:
    if path is None:
        return None
    try:
        policy = Policy.from_dict(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise EvaluationError(f"{path}: {error.strerror}") from None
    except ValueError:
        raise EvaluationError(f"{path}: is not JSON") from None
    if policy.model != _model(run):
        raise EvaluationError(f"{path}: is for {policy.model}, the run is of {_model(run)}")
    return policy


def _text(run: Run, rows: Rows, threshold: float, found: Mapping[str, Any], platform: str) -> str:
    half, chose = found["reports"], found["chose"]
    lines = [(name, _shown(half["figures"][key], digits)) for key, (name, digits) in ROWS.items()]
    parts = [
        f"# review_at {threshold:g} for {rows.target}",
        f"Chosen on {chose['rows']:,} messages ({chose['risky']:,} risky), reported on {half['rows']:,} others "
        f"({half['risky']:,} risky) of other clusters. {caveat(run.results)}".rstrip(),
        markdown(Table(platform, ("figure", "value and 95 % interval"), lines)),
        "This holds as far as the safe and the risky messages of the data are like those of the platform.",
    ]
    if chose["false_alarms"] < LEAST_ALARMS:
        parts.append(
            f"The choice rests on {chose['false_alarms']} false alarms: fewer than {LEAST_ALARMS} say little. "
            "Take more safe messages."
        )
    if others := [name for name in LABEL_NAMES if name not in rows.labels]:
        parts.append(f"Nothing is planned for {', '.join(others)}: a policy made here only observes them.")
    return "\n\n".join(parts)


def _shown(figure: Mapping[str, Any], digits: int) -> str:
    if "not_estimable" in figure:
        return f"{UNSURE}: {figure['not_estimable']}"
    value, low, high = (
        "-" if figure[key] is None else f"{figure[key]:,.{digits}f}" for key in ("value", "low", "high")
    )
    return f"{value} ({low} to {high})"
