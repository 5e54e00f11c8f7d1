"""What a policy would do on scored messages whose labels are known."""

from typing import Any

from classifier.policy import Policy
from serving.console.references import Scored

Figure = dict[str, Any]
"""``value``, ``low`` and ``high``, or ``not_estimable``: why not."""


def figures(scored: Scored, policy: Policy) -> dict[str, Any]:
    """Every figure."""
    raise NotImplementedError
