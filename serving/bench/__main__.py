"""`python -m serving.bench`: measure, and write bench.json, bench.md and bench.png."""

import datetime
import json
import shlex
import signal
import sys
from pathlib import Path
from typing import Any

import click

from classifier import VangnetError, latest_bundle
from classifier.bundle import read_bundle
from serving.bench.machine import machine, versions
from serving.bench.measure import Plan, measure
from serving.bench.messages import calibration_files, mix, read_messages
from serving.bench.picture import draw
from serving.bench.tables import render
from serving.settings import Settings

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.option("--out", type=click.Path(path_type=Path), default=Path("results/bench"), show_default=True)
@click.option("--bundle", type=click.Path(path_type=Path), help="Folder of the model bundle; default the newest.")
@click.option(
    "--messages", type=_FILE, help="JSON Lines with text and context; default the corpus's calibration voices."
)
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True)
@click.option("--seconds", type=click.FloatRange(0, min_open=True), default=5.0, show_default=True)
@click.option("--overload-seconds", type=click.FloatRange(0, min_open=True), default=60.0, show_default=True)
def main(
    out: Path, bundle: Path | None, messages: Path | None, rounds: int, seconds: float, overload_seconds: float
) -> None:
    """Measure the service beside the bare model and a naive endpoint, under load and overload, on this machine."""
    settings = Settings()
    try:
        folder = bundle or settings.bundle or latest_bundle(settings.models)
        facts = {"bundle": read_bundle(folder).name, "machine": machine(), "versions": versions()}
        bodies = read_messages([messages] if messages else calibration_files())
        plan = Plan(folder, bodies, settings.workers, rounds, seconds, overload_seconds)
        figures = measure(plan, lambda text: click.echo(text, err=True))
    except VangnetError as error:
        raise click.ClickException(str(error)) from None
    options = {"threads": settings.workers, "rounds": rounds, "seconds": seconds, "overload_seconds": overload_seconds}
    results: dict[str, Any] = {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "command": shlex.join(["python", "-m", "serving.bench", *_given()]),
        "options": options,
        **facts,
        "mix": mix(bodies),
        **figures,
    }
    report = render(results)
    out.mkdir(parents=True, exist_ok=True)
    (out / "bench.json").write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    (out / "bench.md").write_text(report, encoding="utf-8")
    click.echo(report)
    draw(results["closed"], out / "bench.png")


def _given() -> list[str]:
    """The options, defaults included."""
    given = ((f"--{name.replace('_', '-')}", value) for name, value in click.get_current_context().params.items())
    return [part for name, value in given if value is not None for part in (name, str(value))]


if __name__ == "__main__":
    # A plain `kill` passes through the context managers, too, which end what was started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    main()
