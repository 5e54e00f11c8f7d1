"""The command `vangnet-train`."""

import json
import random
import sys
from pathlib import Path
from typing import Any

import click

from classifier.errors import VangnetError
from training.conversations import FOLDER as CONVERSATIONS
from training.conversations import read_conversations
from training.corpus_files import FOLDER, SPLITS, Corpus, read_corpus, read_splits
from training.errors import TrainingError


@click.group()
def main() -> None:
    """Train Vangnet: from a written corpus to a model bundle."""


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
@click.option("--epochs", type=click.FloatRange(min=0.01), help="Passes over the training rows; default 2.25.")
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
        recipe=recipe,
        **chosen,
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

    with _clear_errors():
        examples, _ = training_examples(read_corpus(corpus), conversations)
        count = write_logits(run_folder, examples, out or FILE)
    click.echo(f"{count} messages: {out or FILE}")


def _trial_options(command: Any) -> Any:
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


_TEACHER = click.option("--teacher", type=click.Path(path_type=Path), help="Logits of a larger model to learn from.")


def _open(
    work: Path,
    base: str | None,
    folder: Path,
    presumed_safe: Path | None,
    layers: int,
    epochs: float,
    seed: int,
    teacher: Path | None = None,
) -> tuple[Any, Corpus]:
    from training.finetune import Recipe
    from training.presumed_safe import read_presumed_safe
    from training.teacher import read_teacher
    from training.trials import open_bench

    read = read_corpus(folder)
    real = read_presumed_safe(presumed_safe) if presumed_safe else None
    recipe = Recipe(layers=layers, epochs=epochs, seed=seed)
    judged = read_teacher(teacher, read.split("train")) if teacher else None
    return open_bench(read, real, recipe, work, teacher=judged, **({"base": base} if base else {})), read


@main.command()
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="JSON file with the figures."
)
@click.option(
    "--probe",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Real sentences that training does not see.",
)
@_trial_options
def curve(out: Path, probe: Path | None, **trial: Any) -> None:
    """Train on an eighth, a quarter, half and all of the training voices; measure on the validation voices."""
    from training.curve import curve_text, learning_curve, read_probe

    out.parent.mkdir(parents=True, exist_ok=True)  # before the hours of training
    with _clear_errors():
        bench, read = _open(**trial)
        sentences = read_probe(probe, bench.real) if probe else []
        points = learning_curve(bench, read, sentences)
    _write(out, points)
    click.echo(curve_text(points))


@main.command()
@click.argument("settings", nargs=-1, required=True)
@click.option("--share", type=click.FloatRange(min=0, max=1, min_open=True), default=0.25, show_default=True)
@click.option("--seeds", type=click.IntRange(min=1), default=3, show_default=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="JSON file.")
@_TEACHER
@_trial_options
def compare(settings: tuple[str, ...], share: float, seeds: int, out: Path, **trial: Any) -> None:
    """Train the plain recipe and each of SETTINGS (learning_rate=2e-4, say) on a share of the voices; measure both."""
    from training.compare import compare as compare_recipes
    from training.compare import compare_text, read_setting

    out.parent.mkdir(parents=True, exist_ok=True)
    with _clear_errors():
        changes = {text: read_setting(text) for text in settings}
        bench, read = _open(**trial)
        measured = compare_recipes(bench, read, changes, share, seeds)
    _write(out, measured)
    click.echo(compare_text(measured))


@main.command()
@click.argument("counts", nargs=-1, type=click.IntRange(min=1), metavar="[LAYERS]...")
@click.option("--share", type=click.FloatRange(min=0, max=1, min_open=True), default=0.25, show_default=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="JSON file.")
@_TEACHER
@_trial_options
def depth(counts: tuple[int, ...], share: float, out: Path, **trial: Any) -> None:
    """Train models of so many LAYERS (default 12 6 4 3) on a share of the voices; measure recall and milliseconds of each."""
    from training.depth import depth_text, depths

    out.parent.mkdir(parents=True, exist_ok=True)
    with _clear_errors():
        bench, read = _open(**trial)
        found = depths(bench, read, counts or (12, 6, 4, 3), share)
    _write(out, found)
    click.echo(depth_text(found))


@main.command()
@click.argument("bundle", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--fp32", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The run's model.fp32.onnx.")
@click.option("--split", type=click.Choice(SPLITS), default="validation", show_default=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="JSON file.")
@_trial_options
def baselines(bundle: Path, fp32: Path | None, split: str, out: Path, **trial: Any) -> None:
    """Measure BUNDLE beside a keyword list, TF-IDF and the frozen encoder, on the same messages."""
    from classifier import Classifier
    from training.baselines import baselines as measure_all
    from training.baselines import baselines_text

    out.parent.mkdir(parents=True, exist_ok=True)
    with _clear_errors():
        bench, read = _open(**trial)
        figures = measure_all(bench, read, split, Classifier.load(bundle), fp32)
    _write(out, figures)
    click.echo(baselines_text(figures))


@main.command()
@click.argument("bundle", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--corpus", "folder", type=click.Path(path_type=Path), default=FOLDER, help="The written corpus.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="JSON file.")
def evidence(bundle: Path, folder: Path, out: Path | None) -> None:
    """Compare BUNDLE's evidence with words that another hand marked; the exit code is 1 when it is no better than others."""
    from classifier import Classifier
    from training.evidence_check import evidence_report, read_marks, report_text

    with _clear_errors():
        report = evidence_report(Classifier.load(bundle), read_marks(read_corpus(folder)))
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        _write(out, report)
    click.echo(report_text(report))
    if not report["passed"]:
        raise click.ClickException("the evidence is not better than a shuffled head, the keyword list and random words")


@main.group()
def corpus() -> None:
    """Look at the written corpus."""


@corpus.command()
@click.option("--corpus", "folder", type=click.Path(path_type=Path), default=FOLDER)
@click.option(
    "--conversations", type=click.Path(path_type=Path), default=CONVERSATIONS, help="Folder of conversations."
)
def check(folder: Path, conversations: Path) -> None:
    """Check every line; print counts, findings and the shortcut report as Markdown.

    The exit code is 1 when something must be mended: a wrong line, a leak between splits, personal data, an amount.
    """
    # scikit-learn and datasketch take seconds to import; --help should not.
    from training.corpus_check import counts_table, find, shortcut_text

    with _clear_errors():
        read = read_corpus(folder)
        whole, splits = read_conversations(conversations)
    findings = find(read, whole, splits)
    click.echo(f"# Counts\n\n{counts_table(read, whole, splits)}\n# Shortcuts\n\n{shortcut_text(read)}")
    for title, found in (("To be mended", findings.faults), ("To look at", findings.notices)):
        click.echo(f"# {title}: {len(found)}\n")
        click.echo("".join(f"- {line}\n" for line in found))
    if findings.faults:
        raise click.ClickException(f"{len(findings.faults)} faults in the corpus")


@corpus.command()
@click.option(
    "--labels", type=click.Path(exists=True, file_okay=False, path_type=Path), default=None, help="Folder of CSV files."
)
def agreement(labels: Path | None) -> None:
    """Print Cohen's kappa per label between the hands that labelled the same messages."""
    from training.agreement import FOLDER as SECOND_LABELS
    from training.agreement import agreement_text

    with _clear_errors():
        click.echo(agreement_text(labels or SECOND_LABELS))


@corpus.command()
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="CSV file.")
@_trial_options
def doubts(out: Path, **trial: Any) -> None:
    """Write training messages whose labels an out-of-fold model doubts, the most doubtful first."""
    from training.label_noise import doubts as find_doubts
    from training.label_noise import write_doubts

    out.parent.mkdir(parents=True, exist_ok=True)  # before the hours of training
    with _clear_errors():
        bench, read = _open(**trial)
        found = find_doubts(bench, read)
        write_doubts(out, found)
    click.echo(f"{len(found)} messages: {out}")


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


@main.command("disguise")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--seed", type=int, default=0)
def disguised(files: tuple[Path, ...], seed: int) -> None:
    """Print the risky messages of FILES (JSON Lines) with some words disguised, for vangnet-eval run --disguised."""
    from training.noise import disguise

    rng = random.Random(seed)
    for path in files:
        for line in path.read_text(encoding="utf-8").rstrip("\n").split("\n"):
            row = json.loads(line)
            if row["labels"]:
                click.echo(json.dumps({**row, "text": disguise(row["text"], rng)}, ensure_ascii=False))


def _write(out: Path, content: Any) -> None:
    with _clear_errors():
        out.write_text(json.dumps(content, indent=2, allow_nan=False) + "\n", encoding="utf-8")


class _clear_errors:
    """Show what was wrong as one message, without a traceback; a full disk and a missing permission too."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if isinstance(error, TrainingError | VangnetError | OSError):
            raise click.ClickException(str(error)) from None
