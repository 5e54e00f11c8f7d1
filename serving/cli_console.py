"""The commands `vangnet console` and `vangnet moderators`."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from serving.app import load_classifier
from serving.cli_shared import BUNDLE, clear_errors, open_database, settings_of
from serving.console.roles import Role
from serving.logs import configure as configure_logs
from serving.settings import LOOPBACK


@contextmanager
def _extra() -> Iterator[None]:
    """Tell that a package is missing which only the console needs."""
    try:
        yield
    except ModuleNotFoundError as missing:
        raise click.ClickException(f"{missing.name} is missing: pip install 'vangnet[console]'") from None


@click.command()
@click.option(
    "--host", default=LOOPBACK, show_default=True, help="Address to listen on; put TLS in front of any other."
)
@click.option("--port", type=click.IntRange(0, 65535), default=8090, show_default=True, help="Port to listen on.")
@BUNDLE
def console(host: str, port: int, bundle: Path | None) -> None:
    """Serve the moderators' console, on the same settings as the service."""
    with _extra():
        import uvicorn

        from serving.console.accounts import list_accounts
        from serving.console.app import create_console
    with clear_errors():
        settings = settings_of(bundle=bundle)
        app = create_console(settings, load_classifier(settings))
        anybody = list_accounts(app.state.stores.database)
    click.echo(f"The console starts on http://{host}:{port}")
    if not anybody:
        click.echo("There is no account yet. Make one: vangnet moderators create NAME --role admin")
    configure_logs(settings.log_level)
    # Whoever is believed about the scheme can do no more than make a cookie secure.
    uvicorn.run(app, host=host, port=port, access_log=False, log_config=None, forwarded_allow_ips="*")


@click.group()
def moderators() -> None:
    """Accounts of the console."""


@moderators.command()
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice([str(role) for role in Role]),
    default=str(Role.MODERATOR),
    show_default=True,
    help="moderator: queue; lead: thresholds and insight as well; admin: accounts and audit log as well.",
)
@click.option(
    "--password-file", type=click.File("r"), help="First line is the password; default: one is made and shown once."
)
def create(name: str, role: str, password_file: TextIO | None) -> None:
    """Add NAME; the password can be changed in the console."""
    made = password_file is None
    password = secrets.token_urlsafe(12) if password_file is None else password_file.readline().rstrip("\r\n")
    with _extra():
        from serving.console import accounts
    with clear_errors(), open_database(settings_of()) as database:
        accounts.create_account(database, name, Role(role), password)
    if made:
        click.echo("This password is shown once.", err=True)
        click.echo(password)


@moderators.command("list")
def listed() -> None:
    """Show all accounts."""
    with _extra():
        from serving.console import accounts
    with clear_errors(), open_database(settings_of()) as database:
        rows = accounts.list_accounts(database)
    table = Table("name", "role", "since", "disabled")
    for row in rows:
        times = ["" if at is None else f"{at:%Y-%m-%d %H:%M} UTC" for at in (row.created_at, row.disabled_at)]
        table.add_row(Text(row.name), row.role, *times)
    Console().print(table)


@moderators.command()
@click.argument("name")
def password(name: str) -> None:
    """Give NAME a new password, print it once, and end all sessions of the account."""
    made = secrets.token_urlsafe(12)
    with _extra():
        from serving.console import accounts
    with clear_errors(), open_database(settings_of()) as database:
        accounts.change_password(database, name, made)
    click.echo(made)


@moderators.command()
@click.argument("name")
def disable(name: str) -> None:
    """Shut NAME out at once; what they did stays under their name."""
    with _extra():
        from serving.console import accounts
    with clear_errors(), open_database(settings_of()) as database:
        accounts.disable(database, name)
    click.echo(f"{name} is disabled")
