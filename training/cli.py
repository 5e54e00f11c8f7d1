"""The command `vangnet-train`."""

import json
import random
import sys
from pathlib import Path

import click

from classifier.errors import VangnetError
from training.corpus_files import FOLDER, SPLITS, read_corpus, read_splits, summary
from training.errors import TrainingError


@click.group()
def main() -> None:
    """Train Vangnet: from a written corpus to a model bundle."""


@main.command()
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Bundle folder: <name>-<x>.<y>.<z>.")
@click.option("--work", type=click.Path(path_type=Path), help="Checkpoints and logs; default runs/<name of out>.")
@click.option("--base", default=None, help="Hub id or folder; default the packaged multilingual-e5-small.")
@click.option("--corpus", type=click.Path(path_type=Path), default=FOLDER, help="Folder of the written corpus.")
@click.option("--presumed-safe", type=click.Path(path_type=Path), help="Real sentences, one a line (negatives).")
@click.option("--epochs", type=click.FloatRange(min=0.01), help="Passes over the training rows; default 6.")
@click.option("--seed", type=int, help="Default 1.")
def run(
    out: Path,
    work: Path | None,
    base: str | None,
    corpus: Path,
    presumed_safe: Path | None,
    epochs: float | None,
    seed: int | None,
) -> None:
    """Train, export, calibrate and write a bundle."""
    # torch and transformers take seconds to import; --help should not.
    from training.finetune import Recipe
    from training.run import RunSettings
    from training.run import run as run_training

    recipe = Recipe(**{name: value for name, value in (("epochs", epochs), ("seed", seed)) if value is not None})
    chosen = {"base": base} if base else {}
    settings = RunSettings(
        out, work or Path("runs") / out.name, corpus=corpus, presumed_safe=presumed_safe, recipe=recipe, **chosen
    )
    with _clear_errors():
        click.echo(f"bundle: {run_training(settings)}")


@main.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option("--results", type=click.Path(path_type=Path), required=True, help="results.json of vangnet-eval.")
def card(bundle: Path, results: Path) -> None:
    """Render the model card of BUNDLE from an evaluation's results."""
    from training.card import write_card

    with _clear_errors():
        click.echo(write_card(bundle, results))


@main.group()
def corpus() -> None:
    """Look at the written corpus."""


@corpus.command()
@click.option("--corpus", "folder", type=click.Path(path_type=Path), default=FOLDER)
def check(folder: Path) -> None:
    """Check every line and print the counts per split as JSON."""
    with _clear_errors():
        read = read_corpus(folder)
    click.echo(json.dumps({split: summary(read.split(split)) for split in SPLITS}, indent=2))


@corpus.command()
@click.argument("split", type=click.Choice(SPLITS))
@click.option("--corpus", "folder", type=click.Path(path_type=Path), default=FOLDER)
def files(split: str, folder: Path) -> None:
    """Print the files of one split's voices, for example for vangnet-eval."""
    with _clear_errors():
        for voice, name in read_splits(folder).items():
            if name == split:
                click.echo(folder / f"{voice}.jsonl")


@main.command("chat-spelling")
@click.option("--seed", type=int, default=0)
def chat(seed: int) -> None:
    """Turn clean sentences (standard input, one a line) into chat spelling (standard output)."""
    from training.noise import chat_spelling

    rng = random.Random(seed)
    for line in sys.stdin:
        click.echo(chat_spelling(line.rstrip("\n"), rng))


class _clear_errors:
    """Show what was wrong as one message, without a traceback."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if isinstance(error, TrainingError | VangnetError):
            raise click.ClickException(str(error)) from None
