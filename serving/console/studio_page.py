"""The page of the threshold studio."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from classifier.labels import Area
from classifier.policy import Mode, Policy
from serving.console import references
from serving.console.drafts import next_version
from serving.console.pages import Pages
from serving.console.presets import Preset, preset
from serving.console.reference_files import MAX_BYTES
from serving.console.references import Listed, Scored, UnusableReference
from serving.console.stores import Stores
from serving.console.studio_form import MAX_NAME, MAX_REASON, fields, status_of, told
from serving.policies import Change, UnknownPolicy

CHANGES = 200
"""Messages that would get another decision, on the page."""
LOGGED = 50
"""Entries of the log on the page."""
_ALL = 10_000
_EMPTY = (
    "held_out",
    "reason",
    "activate",
    "activate_reason",
    "force",
    "roll_back_reason",
    "upload_name",
    "upload_kind",
)


def show(
    request: Request,
    stores: Stores,
    typed: Mapping[str, str],
    problem: Exception | None = None,
    conflict: str = "shared.conflict",
    changes: Sequence[Mapping[str, Any]] | None = None,
) -> HTMLResponse:
    """The page.

    Args:
        request: Whose page.
        stores: Of the console.
        typed: Fields as they were sent; what is missing is filled in from the active policy.
        problem: Why something was not done; also gives the status.
        conflict: Key of the text for a `Conflict`.
        changes: Messages that would get another decision, once asked for.

    Raises:
        DatabaseError: The database is away.
    """
    policies = stores.policies.listed()
    active, model = stores.policies.active, stores.classifier.bundle.name
    listed = references.listed(stores.database)
    found = next((one for one in listed if one.id == typed.get("reference")), None)
    if found is None and typed.get("reference"):
        problem = problem or UnusableReference("unknown")
    chosen = found or _first(listed, model)
    defaults = dict.fromkeys(_EMPTY, "") | {"version": next_version(policies)} | fields(active)
    scored, unusable = _loaded(stores, chosen)
    pages: Pages = request.app.state.pages
    seconds = f"{stores.settings.refresh_seconds:g}"
    values = {
        "typed": {**defaults, **typed, "reference": chosen.id},
        "listed": listed,
        "chosen": chosen,
        "usable": scored is not None,
        "shows_misses": scored is None or scored.shows_misses,
        "blocked": {str(name): unusable if scored is None else _blocked(stores, scored, name) for name in Preset},
        "active": active,
        "model": model,
        "areas": list(Area),
        "modes": list(Mode),
        "policies": _with_state(stores, policies),
        "log": stores.policies.changes(LOGGED),
        "seconds": seconds,
        "problem": None if problem is None else problem_text(request, problem, conflict),
        "changes": changes,
        "most": {"reason": MAX_REASON, "name": MAX_NAME, "bytes": MAX_BYTES, "changes": CHANGES, "log": LOGGED},
    }
    if request.query_params.get("notice") in ("studio.notice_activated", "studio.notice_rolled_back"):
        t = pages.translator(pages.language(request))
        values["notice"] = t(request.query_params["notice"], version=active.version, seconds=seconds)
    return pages.render(request, "studio.html", 200 if problem is None else status_of(problem), **values)


def problem_text(request: Request, problem: Exception, conflict: str = "shared.conflict") -> str:
    """What went wrong, in the visitor's language."""
    pages: Pages = request.app.state.pages
    language = pages.language(request)
    key, parts = told(problem, language, conflict)
    return pages.translator(language)(key, **parts)


def policy_named(stores: Stores, version: str) -> Policy:
    """A policy, active or not.

    Raises:
        UnknownPolicy: There is none of this version.
        PolicyError: It is for other labels.
    """
    for document in stores.policies.listed():
        if document["version"] == version:
            return Policy.from_dict(document)
    raise UnknownPolicy("policy: is not known")


def _first(listed: Sequence[Listed], model: str) -> Listed:
    return next((one for one in listed if one.rows and one.model in ("", model)), listed[0])


def _loaded(stores: Stores, chosen: Listed) -> tuple[Scored | None, str]:
    """The reference, or why it cannot be measured on."""
    try:
        return references.load(stores.database, chosen.id, stores.classifier.bundle.name), ""
    except UnusableReference as problem:
        return None, problem.reason


def _blocked(stores: Stores, scored: Scored, name: Preset) -> str | None:
    """Why a preset cannot be chosen on a reference."""
    try:
        preset(name, scored, stores.classifier.bundle.name, "draft", stores.policies.active)
    except UnusableReference as problem:
        return problem.reason
    return None


def _with_state(stores: Stores, policies: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Newest first; `state` is active, draft (never decided) or earlier."""
    decided = {one.version for one in stores.policies.changes(_ALL) if one.change != Change.CREATE}
    decided.add(stores.classifier.policy.version)
    states = ("active" if one["active"] else "earlier" if one["version"] in decided else "draft" for one in policies)
    return [dict(one, state=state) for one, state in zip(policies, states, strict=True)][::-1]
