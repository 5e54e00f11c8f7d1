"""What the commands share."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from classifier.errors import VangnetError
from serving.database import Database
from serving.settings import Settings

BUNDLE = click.option(
    "--bundle", type=click.Path(path_type=Path), help="Folder of the model bundle; default the newest under models/."
)


@contextmanager
def clear_errors() -> Iterator[None]:
    """Tell an error that we raise on purpose in one line."""
    try:
        yield
    except VangnetError as error:
        raise click.ClickException(str(error)) from None


def settings_of(**options: Any) -> Settings:
    """Settings from the environment; options that were given win."""
    try:
        return Settings(**{name: value for name, value in options.items() if value is not None})
    except ValidationError as error:
        raise click.ClickException("; ".join(map(_problem, error.errors()))) from None


@contextmanager
def open_database(settings: Settings) -> Iterator[Database]:
    """The configured database, brought up to date.

    Raises:
        DatabaseError: It is away, or refuses.
    """
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = Database(settings.database)
    try:
        database.migrate()
        yield database
    finally:
        database.close()


def _problem(error: Any) -> str:
    problem = str(error["msg"]).removeprefix("Value error, ")
    return f"VANGNET_{str(error['loc'][0]).upper()}: {problem}" if error["loc"] else problem
