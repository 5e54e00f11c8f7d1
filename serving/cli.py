"""The command `vangnet`: score messages here, or serve them over HTTP."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from classifier import Message, MessageError
from classifier.answer import judge
from serving.app import create_app, load_classifier
from serving.cli_bulk import bulk
from serving.cli_console import console, moderators
from serving.cli_keys import keys
from serving.cli_shared import BUNDLE, clear_errors, open_database, settings_of
from serving.cli_webhooks import webhooks
from serving.database import DatabaseError
from serving.keys import list_keys
from serving.logs import configure as configure_logs
from serving.masking_check import BLIND, check
from serving.masking_check import table as masking_table
from serving.settings import LOOPBACK, Settings


@click.group()
@click.version_option(package_name="vangnet")
def main() -> None:
    """Vangnet: risk in Dutch chat messages. Not a crisis service; people decide."""


main.add_command(bulk)
main.add_command(console)
main.add_command(moderators)
main.add_command(keys)
main.add_command(webhooks)


@main.command()
@click.argument("text", required=False)
@click.option(
    "--file",
    "source",
    type=click.File("r", encoding="utf-8"),
    help="JSON Lines with text and context; - reads standard input.",
)
@click.option("--json", "as_json", is_flag=True, help="One answer a line, in input order, in the endpoint's shape.")
@click.option("--explain", is_flag=True, help="Name the words that carried each reason (takes longer).")
@BUNDLE
def score(text: str | None, source: Any, as_json: bool, explain: bool, bundle: Path | None) -> None:
    """Score one TEXT, or every message of a file.

    A line that is not a valid message is reported with its number and costs no other line its answer; the command
    then ends with status 1.
    """
    if (text is None) == (source is None):
        raise click.UsageError('give either a text, as in: vangnet score "hoi", or --file')
    with clear_errors():
        classifier = load_classifier(settings_of(bundle=bundle))
    table = None if as_json else _table()
    failed = 0
    for number, item in [(1, {"text": text})] if source is None else _lines(source):
        try:
            if isinstance(item, MessageError):
                raise item
            message = Message.from_mapping(item)
        except MessageError as error:
            failed += 1
            click.echo(f"line {number}: {error}", err=True)
            if as_json:
                click.echo(json.dumps({"error": {"line": number, "field": error.field, "problem": error.problem}}))
            continue
        answer = judge(classifier, message, explain)
        if table is None:
            click.echo(json.dumps(answer, ensure_ascii=False))
        else:
            _add(table, number, message, answer)
    if table is not None and table.row_count:
        Console().print(table)
    if failed:
        sys.exit(1)


@main.command()
@click.option("--host", help="Address to listen on; default 127.0.0.1.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on; default 8080.")
@BUNDLE
def serve(host: str | None, port: int | None, bundle: Path | None) -> None:
    """Serve the HTTP API; settings come from VANGNET_... variables, options win."""
    import uvicorn

    with clear_errors():
        settings = settings_of(host=host, port=port, bundle=bundle)
        classifier = load_classifier(settings)
        keyed = _keyed(settings)
        address = settings.host if keyed else LOOPBACK
        app = create_app(settings.model_copy(update={"host": address}), classifier)
    url = f"http://{address}:{settings.port}"
    click.echo(f"{classifier.bundle.name} verified. Starting on {url} (documentation: {url}/docs). Try:\n")
    click.echo(f"  curl -s {url}/v1/classify -H 'Content-Type: application/json' \\")
    if keyed:
        click.echo("    -H 'Authorization: Bearer <key>' \\")
    click.echo("""    -d '{"text": "ik wil gewoon niet meer wakker worden"}'\n""")
    if not keyed:
        click.echo("There is no API key, so only this machine is served. Make one: vangnet keys create NAME")
    configure_logs(settings.log_level)
    # No access log: it would name every caller's address and query.
    uvicorn.run(app, host=address, port=settings.port, access_log=False, log_config=None)


def _keyed(settings: Settings) -> bool:
    """Whether there is an API key; when the database is away there may be one, and nobody is let in until it is read."""
    try:
        with open_database(settings) as database:
            return bool(list_keys(database))
    except DatabaseError as error:
        click.echo(f"{error}; answers begin when it is there", err=True)
        return True


@main.command()
def secret() -> None:
    """Print a new key for VANGNET_SECRETS, which seals what is stored."""
    from cryptography.fernet import Fernet

    click.echo(Fernet.generate_key().decode())


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), default=BLIND)
def masking(file: Path) -> None:
    """Measure what masking misses on the marked messages of FILE; default 300 that ship, which the rules never saw.

    Each line is {"text": ..., "spans": [{"start", "end", "kind"}, ...]}, places in code points, end not included.
    """
    try:
        rows = check(file)
    except ValueError as error:
        raise click.ClickException(f"{file}: {error}") from None
    Console().print(masking_table(rows))


def _lines(source: Any) -> Iterator[tuple[int, Any]]:
    """Number and parsed line; an error in place of a line that is not a JSON object. Blank lines are skipped."""
    try:
        for number, line in enumerate(source, 1):
            if not line.strip():
                continue
            try:
                item = json.loads(line)
            except (ValueError, RecursionError):
                yield number, MessageError("line", "is not JSON")
                continue
            yield number, item if isinstance(item, dict) else MessageError("line", "must be an object with text")
    except UnicodeDecodeError:
        raise click.ClickException("the file is not UTF-8") from None


def _table() -> Table:
    table = Table("#", "decision", "severity", "self_harm", "peer_influence", "reasons", "text")
    for column in (0, 3, 4):
        table.columns[column].justify = "right"
    return table


def _add(table: Table, number: int, message: Message, answer: dict[str, Any]) -> None:
    shown = message.text if len(message.text) <= 60 else message.text[:59] + "…"
    reasons = ", ".join(_reason(message, reason) for reason in answer["reasons"])
    areas = (f"{score:.3f}" for score in answer["areas"].values())
    cells = (str(number), answer["decision"], answer["severity"], *areas, reasons, shown)
    table.add_row(*(Text(cell) for cell in cells))  # Text, so that brackets in a message are not read as markup


def _reason(message: Message, reason: dict[str, Any]) -> str:
    shown = f"{reason['label'].split('/')[1]} {reason['score']:.2f}"
    words = [message.text[span["start"] : span["end"]] for span in reason.get("evidence", ())]
    return f"{shown} ({' … '.join(words)})" if words else shown
