"""What the commands of `vangnet-train` share: options of trials, results as JSON, errors without a traceback."""

import json
from pathlib import Path
from typing import Any

import click

from classifier.errors import VangnetError
from training.corpus_files import FOLDER, Corpus, read_corpus
from training.errors import TrainingError


def trial_options(command: Any) -> Any:
    """Options of the commands that train models for a comparison."""
    for option in (
        click.option(
            "--work", type=click.Path(path_type=Path), default=Path("runs/trials"), help="Keeps trained models."
        ),
        click.option("--base", default=None, help="Hub id or folder; default the packaged multilingual-e5-small."),
        click.option("--corpus", "folder", type=click.Path(path_type=Path), default=FOLDER, help="The written corpus."),
        click.option(
            "--presumed-safe", type=click.Path(path_type=Path), help="Real sentences, one a line (negatives)."
        ),
        click.option("--layers", type=click.IntRange(min=1), default=6, show_default=True, help="First layers kept."),
        click.option("--epochs", type=click.FloatRange(min=0.01), default=5.0, show_default=True),
        click.option("--seed", type=int, default=1, show_default=True),
    ):
        command = option(command)
    return command


TEACHER = click.option("--teacher", type=click.Path(path_type=Path), help="Logits of a larger model to learn from.")


def open_trial(
    work: Path,
    base: str | None,
    folder: Path,
    presumed_safe: Path | None,
    layers: int,
    epochs: float,
    seed: int,
    teacher: Path | None = None,
) -> tuple[Any, Corpus]:
    """What a trial needs: a bench, and the corpus; arguments are those of `trial_options`."""
    from training.finetune import Recipe
    from training.held_out import refuse_overlap
    from training.presumed_safe import read_presumed_safe
    from training.teacher import read_teacher
    from training.trials import open_bench

    read = read_corpus(folder)
    refuse_overlap(read.examples)
    real = read_presumed_safe(presumed_safe) if presumed_safe else None
    recipe = Recipe(layers=layers, epochs=epochs, seed=seed)
    judged = read_teacher(teacher, read.split("train")) if teacher else None
    return open_bench(read, real, recipe, work, teacher=judged, **({"base": base} if base else {})), read


def write_json(out: Path, content: Any) -> None:
    """Write results; a full disk is told in one line."""
    with clear_errors():
        out.write_text(json.dumps(content, indent=2, allow_nan=False) + "\n", encoding="utf-8")


class clear_errors:
    """Show what was wrong as one message, without a traceback; a full disk and a missing permission too."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if isinstance(error, TrainingError | VangnetError | OSError):
            raise click.ClickException(str(error)) from None
