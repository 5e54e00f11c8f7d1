"""The command `vangnet-train`."""

import json
import random
import sys
from pathlib import Path

import click

from training.cli_corpus import corpus as corpus_group
from training.cli_shared import clear_errors, write_json
from training.cli_trials import baselines, compare, curve, depth
from training.conversations import FOLDER as CONVERSATIONS
from training.corpus_files import FOLDER, read_corpus


@click.group()
def main() -> None:
    """Train Vangnet: from a written corpus to a model bundle."""


for _command in (corpus_group, curve, compare, depth, baselines):
    main.add_command(_command)


@main.command()
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Bundle folder: <name>-<x>.<y>.<z>.")
@click.option("--work", type=click.Path(path_type=Path), help="Checkpoints and logs; default runs/<name of out>.")
@click.option("--base", default=None, help="Hub id or folder; default the packaged multilingual-e5-small.")
@click.option("--corpus", type=click.Path(path_type=Path), default=FOLDER, help="Folder of the written corpus.")
@click.option(
    "--conversations", type=click.Path(path_type=Path), default=CONVERSATIONS, help="Folder of the conversations."
)
@click.option("--presumed-safe", type=click.Path(path_type=Path), help="Real sentences, one a line (negatives).")
@click.option("--teacher", type=click.Path(path_type=Path), help="Logits of a larger model (vangnet-train teach).")
@click.option(
    "--start", type=click.Path(path_type=Path), help="Folder of a finished run to go on from; default the base."
)
@click.option("--epochs", type=click.FloatRange(min=0.01), help="Passes over the training rows; default 1.75.")
@click.option("--layers", type=click.IntRange(min=1), help="First layers of the encoder to keep; default all.")
@click.option("--seed", type=int, help="Default 1.")
def run(
    out: Path,
    work: Path | None,
    base: str | None,
    corpus: Path,
    conversations: Path,
    presumed_safe: Path | None,
    teacher: Path | None,
    start: Path | None,
    epochs: float | None,
    layers: int | None,
    seed: int | None,
) -> None:
    """Train, export, calibrate and write a bundle."""
    # torch and transformers take seconds to import; --help should not.
    from training.finetune import Recipe
    from training.run import RunSettings
    from training.run import run as run_training

    asked = {"epochs": epochs, "layers": layers, "seed": seed}
    recipe = Recipe(**{name: value for name, value in asked.items() if value is not None})
    chosen = {"base": base} if base else {}
    settings = RunSettings(
        out,
        work or Path("runs") / out.name,
        corpus=corpus,
        conversations=conversations,
        presumed_safe=presumed_safe,
        teacher=teacher,
        start=start,
        recipe=recipe,
        **chosen,
    )
    with clear_errors():
        click.echo(f"bundle: {run_training(settings)}")


@main.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option("--results", type=click.Path(path_type=Path), required=True, help="results.json of vangnet-eval.")
def card(bundle: Path, results: Path) -> None:
    """Render the model card of BUNDLE from an evaluation's results."""
    from training.card import write_card

    with clear_errors():
        click.echo(write_card(bundle, results))


@main.command()
@click.argument("run_folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--corpus", type=click.Path(path_type=Path), default=FOLDER, help="Folder of the written corpus.")
@click.option(
    "--conversations", type=click.Path(path_type=Path), default=CONVERSATIONS, help="Folder of the conversations."
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Default: training/teacher.npz.")
def teach(run_folder: Path, corpus: Path, conversations: Path, out: Path | None) -> None:
    """Write the logits of the model in RUN_FOLDER for the training messages, for a smaller model to learn from."""
    from training.run import training_examples
    from training.teach import teach as write_logits
    from training.teacher import FILE

    with clear_errors():
        examples, _ = training_examples(read_corpus(corpus), conversations)
        count = write_logits(run_folder, examples, out or FILE)
    click.echo(f"{count} messages: {out or FILE}")


@main.command()
@click.argument("bundle", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--corpus", "folder", type=click.Path(path_type=Path), default=FOLDER, help="The written corpus.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="JSON file.")
def evidence(bundle: Path, folder: Path, out: Path | None) -> None:
    """Compare BUNDLE's evidence with words that another hand marked; the exit code is 1 when it is no better than others."""
    from classifier import Classifier
    from training.evidence_check import evidence_report, read_marks, report_text

    with clear_errors():
        report = evidence_report(Classifier.load(bundle), read_marks(read_corpus(folder)))
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        write_json(out, report)
    click.echo(report_text(report))
    if not report["passed"]:
        raise click.ClickException("the evidence is not better than a shuffled head, the keyword list and random words")


@main.command("chat-spelling")
@click.option("--seed", type=int, default=0)
def chat(seed: int) -> None:
    """Turn clean sentences (standard input, one a line) into chat spelling (standard output)."""
    from training.noise import chat_spelling

    rng = random.Random(seed)
    for line in sys.stdin:
        click.echo(chat_spelling(line.rstrip("\n"), rng))


@main.command("disguise")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--tails", is_flag=True, help="A greeting, a number to call or the like beside the text, all of which stays."
)
@click.option("--seed", type=int, default=0)
def disguised(files: tuple[Path, ...], tails: bool, seed: int) -> None:
    """Print the risky messages of FILES (JSON Lines) with some words disguised, for vangnet-eval measure --disguised."""
    from training.noise import disguise
    from training.tails import with_tail

    rng = random.Random(seed)
    for path in files:
        for line in path.read_text(encoding="utf-8").rstrip("\n").split("\n"):
            row = json.loads(line)
            if row["labels"]:
                text = with_tail(row["text"], rng, share=1.0) if tails else disguise(row["text"], rng)
                click.echo(json.dumps({**row, "text": text}, ensure_ascii=False))
