"""Commands of `vangnet-train` that train models for a comparison."""

from pathlib import Path
from typing import Any

import click

from training.cli_shared import TEACHER, clear_errors, open_trial, trial_options, write_json
from training.corpus_files import SPLITS


@click.command()
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="JSON file with the figures."
)
@click.option(
    "--probe",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Real sentences that training does not see.",
)
@trial_options
def curve(out: Path, probe: Path | None, **trial: Any) -> None:
    """Train on an eighth, a quarter, half and all of the training voices; measure on the validation voices."""
    from training.curve import curve_text, learning_curve, read_probe

    out.parent.mkdir(parents=True, exist_ok=True)  # before the hours of training
    with clear_errors():
        bench, read = open_trial(**trial)
        sentences = read_probe(probe, bench.real) if probe else []
        points = learning_curve(bench, read, sentences)
    write_json(out, points)
    click.echo(curve_text(points))


@click.command()
@click.argument("settings", nargs=-1, required=True)
@click.option("--share", type=click.FloatRange(min=0, max=1, min_open=True), default=0.25, show_default=True)
@click.option("--seeds", type=click.IntRange(min=1), default=3, show_default=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="JSON file.")
@TEACHER
@trial_options
def compare(settings: tuple[str, ...], share: float, seeds: int, out: Path, **trial: Any) -> None:
    """Train the plain recipe and each of SETTINGS (learning_rate=2e-4, say) on a share of the voices; measure both."""
    from training.compare import compare as compare_recipes
    from training.compare import compare_text, read_setting

    out.parent.mkdir(parents=True, exist_ok=True)
    with clear_errors():
        changes = {text: read_setting(text) for text in settings}
        bench, read = open_trial(**trial)
        measured = compare_recipes(bench, read, changes, share, seeds)
    write_json(out, measured)
    click.echo(compare_text(measured))


@click.command()
@click.argument("counts", nargs=-1, type=click.IntRange(min=1), metavar="[LAYERS]...")
@click.option("--share", type=click.FloatRange(min=0, max=1, min_open=True), default=0.25, show_default=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="JSON file.")
@TEACHER
@trial_options
def depth(counts: tuple[int, ...], share: float, out: Path, **trial: Any) -> None:
    """Train models of so many LAYERS (default 12 6 4 3) on a share of the voices; measure recall and milliseconds of each."""
    from training.depth import depth_text, depths

    out.parent.mkdir(parents=True, exist_ok=True)
    with clear_errors():
        bench, read = open_trial(**trial)
        found = depths(bench, read, counts or (12, 6, 4, 3), share)
    write_json(out, found)
    click.echo(depth_text(found))


@click.command()
@click.argument("bundle", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--fp32", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The run's model.fp32.onnx.")
@click.option("--split", type=click.Choice(SPLITS), default="validation", show_default=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="JSON file.")
@trial_options
def baselines(bundle: Path, fp32: Path | None, split: str, out: Path, **trial: Any) -> None:
    """Measure BUNDLE beside a keyword list, TF-IDF and the frozen encoder, on the same messages."""
    from classifier import Classifier
    from training.baselines import baselines as measure_all
    from training.baselines import baselines_text

    out.parent.mkdir(parents=True, exist_ok=True)
    with clear_errors():
        bench, read = open_trial(**trial)
        figures = measure_all(bench, read, split, Classifier.load(bundle), fp32)
    write_json(out, figures)
    click.echo(baselines_text(figures))
