"""`vangnet-eval annotate` and `vangnet-eval agreement`: messages to label in Label Studio, and how far labellers agree."""

import json
import re
from pathlib import Path
from typing import Any

import click

from eval.agreement import agreement as agreement_of
from eval.agreement import read_labels
from eval.cli_shared import clear_errors
from eval.errors import EvaluationError
from eval.label_studio import configuration, labelled, read_messages, tasks
from eval.markdown_report import markdown
from eval.tables import Table, number, visible

_FILE = click.Path(path_type=Path, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)
_NAME = re.compile(r"[\w.@+-]{1,128}", re.ASCII)


@click.command()
@click.argument("one", type=_FILE)
@click.argument("two", type=_FILE)
@click.option("--out", type=_FILE, help="JSON of everything, with both labellings of each disagreement.")
def agreement(one: Path, two: Path, out: Path | None) -> None:
    """Cohen's kappa and Krippendorff's alpha of two labellings: JSON Lines with id and labels."""
    with clear_errors():
        found = agreement_of(read_labels(one), read_labels(two))
        if out is not None:
            out.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    rows = [
        (target, *(f"{entry[key]:,}" for key in ("one", "two", "both")), _shown(entry["kappa"]), _shown(entry["alpha"]))
        for target, entry in found["targets"].items()
    ]
    title = f"{found['messages']:,} messages labelled in both, {found['missing']:,} not"
    click.echo(markdown(Table(title, ("target", "one", "two", "both", "kappa", "alpha"), rows)))
    names = ", ".join(visible(message["id"]) for message in found["disagreeing"])
    click.echo(f"\n{len(found['disagreeing']):,} messages with other labels{': ' if names else ''}{names}")


@click.group()
def annotate() -> None:
    """Label messages in Label Studio."""


@annotate.command("export")
@click.argument("messages", type=_FILE)
@click.option("--text", default="text", help="Column of the text.")
@click.option("--id", "name", default="id", help="Column of the id; labellers see it.")
@click.option("--seed", default=0, help="Of the order.")
@click.option("--out", required=True, type=_FOLDER, help="Folder of tasks.json and labelling.xml.")
def export_tasks(messages: Path, text: str, name: str, seed: int, out: Path) -> None:
    """Turn MESSAGES (JSON Lines with id, text and optional context) into tasks and a labelling configuration."""
    with clear_errors():
        found = tasks(read_messages(messages, text, name), seed)
        out.mkdir(parents=True, exist_ok=True)
        (out / "tasks.json").write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        (out / "labelling.xml").write_text(configuration(), encoding="utf-8")
    click.echo(
        f"{out / 'tasks.json'}: {len(found):,} tasks to import; {out / 'labelling.xml'}: the labelling interface"
    )


@annotate.command("import")
@click.argument("export", type=_FILE)
@click.option("--out", required=True, type=_FOLDER, help="Folder of one JSON Lines file for each annotator.")
def import_labels(export: Path, out: Path) -> None:
    """Turn Label Studio's JSON EXPORT into JSON Lines with labels, one file for each annotator."""
    with clear_errors():
        found = labelled(_json(export))
        if strange := [who for who in found if not _NAME.fullmatch(who)]:
            raise EvaluationError(
                f"{len(strange)} annotators have a name that cannot be a file's; export numbers instead"
            )
    out.mkdir(parents=True, exist_ok=True)
    for who, rows in found.items():
        path = out / f"annotator-{who}.jsonl"
        path.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows), encoding="utf-8")
        click.echo(f"{path}: {len(rows):,} messages, {sum(row['doubt'] for row in rows):,} with doubt")


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise EvaluationError(f"{path}: {error.strerror}") from None
    except ValueError:
        raise EvaluationError(f"{path}: is not JSON") from None


def _shown(value: float | None) -> str:
    return "-" if value is None else number(value)
