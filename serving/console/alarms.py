"""How many alarms a policy would raise a day, and how scores lie."""

from typing import Any

from classifier.policy import Policy
from serving.database import Database


def alarms_a_day(database: Database, policy: Policy, model: str, share: float) -> dict[str, Any]:
    """Alarms a day."""
    raise NotImplementedError


def distribution(database: Database, model: str, label: str, bins: int = 40) -> dict[str, list[Any]]:
    """Histogram."""
    raise NotImplementedError
