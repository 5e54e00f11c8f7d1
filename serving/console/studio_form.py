"""What stands in the form of the threshold studio."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Depends, Request

from classifier.errors import PolicyError, VangnetError
from classifier.labels import BY_NAME, HIGH_SEVERITY, LABEL_NAMES
from classifier.policy import Mode, Policy
from serving.console.drafts import document
from serving.console.reference_files import ReferenceFileError
from serving.console.references import UnusableReference
from serving.policies import Conflict, PoliciesError, UnknownPolicy

MAX_REASON = 1000
MAX_NAME = 128
_VERSION = re.compile(r"[A-Za-z0-9._-]{1,64}")
_FIELD = re.compile(r"labels\.(.+)\.(review_at|escalate_at|mode): ")


class Refusal(VangnetError):
    """Something in the form cannot be used.

    Attributes:
        key: Of the text that says so.
        parts: Of the text.
    """

    def __init__(self, key: str, **parts: object) -> None:
        super().__init__(key)
        self.key = key
        self.parts = parts


REFUSALS = (Refusal, PolicyError, PoliciesError, UnusableReference, ReferenceFileError)
"""What a page tells instead of doing what was asked."""


async def _typed(request: Request) -> Mapping[str, str]:
    return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}


Typed = Annotated[Mapping[str, str], Depends(_typed)]
"""The fields as they were sent."""


def fields(policy: Policy) -> dict[str, str]:
    """A policy's thresholds as fields: `review_at.<label>`, `escalate_at.<label>`, `mode.<label>`."""
    found = {}
    for name, one in policy.thresholds.items():
        found[f"review_at.{name}"] = str(one.review_at)
        found[f"escalate_at.{name}"] = "" if one.escalate_at is None else str(one.escalate_at)
        found[f"mode.{name}"] = str(one.mode)
    return found


def draft(typed: Mapping[str, str], model: str, version: str = "draft") -> Policy:
    """The policy that the fields describe.

    Raises:
        PolicyError: A threshold is not a number, out of range, or below another one; names label and field.
    """
    return policy_of({name: _thresholds(typed, name) for name in LABEL_NAMES}, model, version)


def policy_of(thresholds: Mapping[str, Mapping[str, Any]], model: str, version: str = "draft") -> Policy:
    """A policy from thresholds by label.

    Raises:
        PolicyError: As `draft`.
    """
    return Policy.from_dict(document(version, model, thresholds))


def only_observing(wanted: Policy, active: Policy) -> Policy:
    """The same, where labels that differ from the active policy are only observed."""
    changed = {
        name: dict(values, mode=str(Mode.OBSERVE))
        for name, values in wanted.as_dict()["labels"].items()
        if wanted.thresholds[name] != active.thresholds[name]
    }
    return policy_of(wanted.as_dict()["labels"] | changed, wanted.model, wanted.version)


def version_in(typed: Mapping[str, str], field: str) -> str:
    """A version.

    Raises:
        Refusal: It is missing or has other characters than a version may have.
    """
    version = typed.get(field, "").strip()
    if not _VERSION.fullmatch(version):
        raise Refusal("studio.problem_version")
    return version


def reason_in(typed: Mapping[str, str], field: str) -> str:
    """Why something is done.

    Raises:
        Refusal: Nothing was given, or too much.
    """
    # Forms send every line break as CR LF; NUL fits no database.
    reason = typed.get(field, "").replace("\r\n", "\n").replace("\x00", "").strip()
    if not reason:
        raise Refusal("studio.problem_reason")
    if len(reason) > MAX_REASON:
        raise Refusal("studio.problem_reason_long", most=MAX_REASON, has=len(reason))
    return reason


def status_of(problem: Exception) -> int:
    """Of the page that tells a problem."""
    if isinstance(problem, UnknownPolicy) or (isinstance(problem, UnusableReference) and problem.reason == "unknown"):
        return 404
    return 409 if isinstance(problem, Conflict) else 422


def told(problem: Exception, language: str, conflict: str) -> tuple[str, dict[str, Any]]:
    """Key and parts of the text that tells a problem.

    Args:
        problem: One of `REFUSALS`.
        language: ``nl`` or ``en``, of the label that the text may name.
        conflict: Key for a `Conflict`, which means one thing each time.
    """
    match problem:
        case Refusal():
            return problem.key, dict(problem.parts)
        case UnusableReference():
            return f"studio.reference_{problem.reason}", {}
        case ReferenceFileError():
            return f"studio.file_{problem.problem}", {"line": problem.line, "field": problem.field}
        case UnknownPolicy():
            return "studio.problem_unknown", {}
        case Conflict():
            return conflict, {}
    if (found := _FIELD.match(str(problem))) and found[1] in BY_NAME:
        return f"studio.problem_{found[2]}", {"label": getattr(BY_NAME[found[1]], language)}
    return "studio.problem_policy", {}


def _thresholds(typed: Mapping[str, str], name: str) -> dict[str, Any]:
    escalate = typed.get(f"escalate_at.{name}", "").strip() if name in HIGH_SEVERITY else ""
    return {
        "review_at": _number(typed.get(f"review_at.{name}", "")),
        "escalate_at": _number(escalate) if escalate else None,
        "mode": typed.get(f"mode.{name}", str(Mode.ON)),
    }


def _number(text: str) -> float | str:
    """What is no number stays text, which a policy refuses by name."""
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return text
