"""What the commands share."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from classifier import VangnetError
from eval.errors import EvaluationError


@contextmanager
def clear_errors() -> Iterator[None]:
    """Tell what is wrong with input, bundle or disk in one line."""
    try:
        yield
    except (EvaluationError, VangnetError) as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"{error.filename or 'writing'}: {error.strerror}") from None
