"""The command `vangnet bulk`."""

import sys
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from serving.app import load_classifier
from serving.bulk import bulk as score_archive
from serving.bulk_formats import Columns, format_of
from serving.bulk_parts import errors_of
from serving.cli_shared import BUNDLE, clear_errors, settings_of


@click.command()
@click.argument("source", metavar="IN", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("out", metavar="OUT", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--text", default=Columns.text, show_default=True, help="Column of the message.")
@click.option("--id", "message_id", default=Columns.message_id, show_default=True, help="Column of your own id.")
@click.option(
    "--threads",
    type=click.IntRange(1, 64),
    help="Messages scored at once; default VANGNET_WORKERS, else the number of CPUs.",
)
@click.option("--restart", is_flag=True, help="Delete OUT and what is done of it, and begin again.")
@BUNDLE
def bulk(
    source: Path, out: Path, text: str, message_id: str, threads: int | None, restart: bool, bundle: Path | None
) -> None:
    """Score the archive IN into OUT; the texts are not copied.

    Formats, by the names' endings: JSON Lines (.jsonl, .ndjson) and CSV (.csv), also gzipped (.gz), and Parquet (.parquet).
    A column `context` may hold what stood before: a list of {role, text}, in CSV as JSON.

    Rows that cannot be scored are named in OUT.errors.jsonl; the command then ends with status 1. When it is interrupted, the
    same command goes on where it was.
    """
    console = Console(stderr=True)
    look = TextColumn("{task.fields[rows]:,} rows, {task.fields[rate]:,.0f} messages/s")
    shown = Progress(
        BarColumn(),
        TaskProgressColumn(),
        look,
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with clear_errors():
        for path in (source, out):
            format_of(path)
        settings = settings_of(bundle=bundle, workers=threads)
        classifier = load_classifier(settings)
        with shown as progress:
            task = progress.add_task("", total=1.0, rows=0, rate=0.0)

            def told(rows: int, share: float) -> None:
                rate = rows / max(progress.tasks[0].elapsed or 0.0, 1e-9)
                progress.update(task, completed=share, rows=rows, rate=rate)

            try:
                columns = Columns(text, message_id)
                counted = score_archive(classifier, source, out, columns, settings.workers, restart, told)
            except KeyboardInterrupt:
                click.echo("stopped; the same command goes on from here", err=True)
                sys.exit(130)
    click.echo(f"{out}: {counted.results:,} rows")
    if counted.errors:
        click.echo(f"{errors_of(out)}: {counted.errors:,} rows that cannot be scored")
    click.echo(
        f"this run: {counted.scored:,} rows, {counted.seconds:.1f} seconds, "
        f"{counted.scored / counted.seconds:,.1f} messages/s, {counted.cpu_seconds:.1f} processor seconds"
    )
    if counted.errors:
        sys.exit(1)
