"""Help lines that fit an answer: by country, by severity, and by whose life may be at risk."""

import tomllib
from collections.abc import Iterable, Sequence
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from classifier.errors import VangnetError
from classifier.labels import BY_NAME, Area, Severity

_BOTH = {"peer_influence/coercion", "peer_influence/pact"}
"""Labels of a message whose author may be at risk as well as the peer that it is aimed at."""


class HelpLinesError(VangnetError):
    """The file of help lines cannot be used."""


class Role(StrEnum):
    """Whom a line is for: the author of the message, or the peer whom it puts at risk."""

    AUTHOR = "author"
    TARGET = "target"


class Country(StrEnum):
    """Where the author or the platform is (ISO 3166-1)."""

    NL = "NL"
    BE = "BE"


class HelpLine(BaseModel):
    """One line of the configured list."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1)
    country: Country
    phone: str = Field(min_length=1)
    other_phone: str | None = None
    url: str | None = None
    audience: str | None = None
    roles: tuple[Role, ...] = Field(min_length=1)
    severities: tuple[Severity, ...] = (Severity.LOW, Severity.MEDIUM, Severity.HIGH)


class HelpLines(BaseModel):
    """The configured list and the day on which somebody last checked it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    checked_on: date
    line: tuple[HelpLine, ...] = Field(min_length=1)

    def for_answer(self, labels: Iterable[str], severity: Severity, country: Country | None) -> list[dict[str, Any]]:
        """The lines for a flagged message, none for a message without labels.

        Args:
            labels: Labels among the decision's reasons.
            severity: The decision's.
            country: Its lines alone; None gives those of all countries.

        Returns:
            Plain values: ``name``, ``country``, ``phone``, what else the list says of the line, and ``for``, the roles of this
            answer that it serves.
        """
        roles = roles_of(labels)
        found = []
        for line in self.line:
            served = [role for role in roles if role in line.roles]
            if served and severity in line.severities and country in (None, line.country):
                facts = line.model_dump(mode="json", exclude={"roles", "severities"}, exclude_none=True)
                found.append(facts | {"for": [str(role) for role in served]})
        return found


def roles_of(labels: Iterable[str]) -> Sequence[Role]:
    """Who may be at risk: the author of self-harm labels, the target of peer influence, both of coercion and pact."""
    names = set(labels)
    author = any(BY_NAME[name].area is Area.SELF_HARM for name in names) or bool(names & _BOTH)
    target = any(BY_NAME[name].area is Area.PEER_INFLUENCE for name in names)
    return [role for role, concerned in ((Role.AUTHOR, author), (Role.TARGET, target)) if concerned]


def read_help_lines(path: Path) -> HelpLines:
    """Read and check a list.

    Raises:
        HelpLinesError: The file cannot be read, or a field is missing or wrong; the message names it.
    """
    try:
        return HelpLines.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        problems = (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise HelpLinesError(f"{path}: {'; '.join(problems)}") from None
    except (OSError, ValueError) as error:
        raise HelpLinesError(f"{path}: {error}") from None
