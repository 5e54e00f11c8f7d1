"""The commands `vangnet keys`."""

import click
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from serving.cli_shared import clear_errors, open_database, settings_of
from serving.keys import Scope, create_key, list_keys, revoke_key


@click.group()
def keys() -> None:
    """API keys of the service."""


@keys.command()
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice([str(scope) for scope in Scope]),
    multiple=True,
    default=[str(Scope.CLASSIFY)],
    show_default=True,
    help="What it may be used for; may be given several times.",
)
@click.option("--rate", help="Most messages, such as 600/minute; default no limit.")
def create(name: str, scopes: tuple[str, ...], rate: str | None) -> None:
    """Make a key for the platform NAME and print it, once.

    Keys of the same NAME share their review items, memory and rate: to rotate, make a new one, put it into use, revoke the old.
    """
    with clear_errors(), open_database(settings_of()) as database:
        key = create_key(database, name, [Scope(scope) for scope in scopes], rate)
    click.echo("This key is shown once; keep it where secrets are kept.", err=True)
    click.echo(key)


@keys.command("list")
def listed() -> None:
    """Show all keys, without their secret part."""
    with clear_errors(), open_database(settings_of()) as database:
        rows = list_keys(database)
    rest = (Column(name, overflow="fold") for name in ("name", "scopes", "rate", "created", "last used", "revoked"))
    table = Table(Column("id", no_wrap=True), *rest)
    for row in rows:
        times = (row.created_at, row.last_used_at, row.revoked_at)
        shown = ["" if at is None else f"{at:%Y-%m-%d %H:%M} UTC" for at in times]
        table.add_row(row.id, Text(row.name), ", ".join(row.scopes), row.rate or "", *shown)
    Console().print(table)


@keys.command()
@click.argument("key_id")
def revoke(key_id: str) -> None:
    """Refuse the key with this id from now on; services notice within VANGNET_REFRESH_SECONDS."""
    with clear_errors(), open_database(settings_of()) as database:
        revoke_key(database, key_id)
    click.echo(f"{key_id} is revoked")
