"""The commands `vangnet webhooks`."""

import click
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from serving.cli_shared import clear_errors, open_database, settings_of
from serving.webhooks import dead_letters
from serving.webhooks import replay as make_due


@click.group()
def webhooks() -> None:
    """Events that could not be delivered."""


@webhooks.command()
def dead() -> None:
    """Show events that were given up."""
    with clear_errors(), open_database(settings_of()) as database:
        rows = dead_letters(database)
    table = Table(Column("item", no_wrap=True), "target", "type", "created", "attempts", "last problem")
    for row in rows:
        created = f"{row.created_at:%Y-%m-%d %H:%M} UTC"
        table.add_row(
            row.item_id, Text(row.target), row.payload["type"], created, str(row.attempts), row.last_problem or ""
        )
    Console().print(table)


@webhooks.command()
@click.option("--item", help="Events of this item, whatever became of them; default all that were given up.")
def replay(item: str | None) -> None:
    """Send events again; the service does so within a second or two."""
    with clear_errors(), open_database(settings_of()) as database:
        count = make_due(database, item)
    click.echo(f"{count} events are due")
