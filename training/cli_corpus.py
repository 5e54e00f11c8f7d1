"""Commands of `vangnet-train corpus`."""

from pathlib import Path
from typing import Any

import click

from training.cli_shared import clear_errors, open_trial, trial_options
from training.conversations import FOLDER as CONVERSATIONS
from training.conversations import read_conversations
from training.corpus_files import FOLDER, SPLITS, read_corpus, read_splits


@click.group()
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

    with clear_errors():
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

    with clear_errors():
        click.echo(agreement_text(labels or SECOND_LABELS))


@corpus.command()
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="CSV file.")
@trial_options
def doubts(out: Path, **trial: Any) -> None:
    """Write training messages whose labels an out-of-fold model doubts, the most doubtful first."""
    from training.label_noise import doubts as find_doubts
    from training.label_noise import write_doubts

    out.parent.mkdir(parents=True, exist_ok=True)  # before the hours of training
    with clear_errors():
        bench, read = open_trial(**trial)
        found = find_doubts(bench, read)
        write_doubts(out, found)
    click.echo(f"{len(found)} messages: {out}")


@corpus.command()
@click.argument("split", type=click.Choice(SPLITS))
@click.option("--corpus", "folder", type=click.Path(path_type=Path), default=FOLDER)
def files(split: str, folder: Path) -> None:
    """Print the files of one split's voices, for example for vangnet-eval."""
    with clear_errors():
        for voice, name in read_splits(folder).items():
            if name == split:
                click.echo(folder / f"{voice}.jsonl")
