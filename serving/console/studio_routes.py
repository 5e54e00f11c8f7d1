"""The threshold studio: what other thresholds would do, and the policies that come of it."""

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, File, HTTPException, Request, UploadFile
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from pydantic import BaseModel

from classifier.labels import LABEL_NAMES
from classifier.policy import Policy
from serving.console import audit, drafts, references
from serving.console.access import At, Leading
from serving.console.alarms import alarms_a_day, distribution
from serving.console.figures import figures
from serving.console.presets import Preset, preset
from serving.console.references import Scored
from serving.console.sign_ins import Visitor
from serving.console.stores import Stores
from serving.console.studio_form import (
    REFUSALS,
    Typed,
    draft,
    fields,
    only_observing,
    policy_of,
    reason_in,
    status_of,
    version_in,
)
from serving.console.studio_page import policy_named, problem_text, show
from serving.console.studio_upload import read_upload
from serving.policies import Signature

router = APIRouter(prefix="/studio")


class Measured(BaseModel):
    """Thresholds to measure, and on what."""

    reference: str
    held_out: bool = False
    thresholds: dict[str, dict[str, Any]]


@router.get("")
def studio(request: Request, stores: At, _: Leading, reference: str = "", policy: str = "") -> HTMLResponse:
    """The studio, with the thresholds of a policy: the active one, or the one that is named."""
    chosen = {"reference": reference} if reference else {}
    try:
        return show(request, stores, chosen | (fields(policy_named(stores, policy)) if policy else {}))
    except REFUSALS as problem:
        return show(request, stores, {}, problem)


@router.post("")
def shown(request: Request, stores: At, _: Leading, typed: Typed) -> HTMLResponse:
    """The same thresholds on another reference, or those of a preset."""
    try:
        if "preset" in typed:
            typed = {**typed, **fields(_preset(stores, typed)), "held_out": "on"}
        return show(request, stores, typed)
    except REFUSALS as problem:
        return show(request, stores, typed, problem)


@router.post("/figures")
def measured(request: Request, stores: At, _: Leading, asked: Measured) -> Response:
    """What the active policy does, and what other thresholds would do."""
    model = stores.classifier.bundle.name
    stores.policies.refresh()
    try:
        wanted = policy_of(asked.thresholds, model)
        scored = _scored(stores, asked.reference, asked.held_out) if asked.reference else None
    except REFUSALS as problem:
        return JSONResponse({"problem": problem_text(request, problem)}, status_of(problem))
    both = {"active": stores.policies.active, "draft": wanted}
    return JSONResponse({name: _measured(stores, scored, policy) for name, policy in both.items()})


@router.get("/scores")
def scores(stores: At, _: Leading, label: str) -> Response:
    """How the scores of a label lie."""
    if label not in LABEL_NAMES:
        raise HTTPException(404)
    return JSONResponse(distribution(stores.database, stores.classifier.bundle.name, label))


@router.post("/changes")
def changed(request: Request, stores: At, _: Leading, typed: Typed) -> HTMLResponse:
    """Messages that would get another decision."""
    stores.policies.refresh()
    try:
        wanted = draft(typed, stores.classifier.bundle.name)
        scored = _scored(stores, typed.get("reference", ""), "held_out" in typed)
        found = drafts.changes(scored, stores.policies.active, wanted, most=len(scored.ids))
        return show(request, stores, typed, changes=found)
    except REFUSALS as problem:
        return show(request, stores, typed, problem)


@router.post("/drafts")
def save(request: Request, stores: At, visitor: Leading, typed: Typed) -> Response:
    """Keep the thresholds as a version that decides nothing yet."""
    stores.policies.refresh()
    try:
        wanted = draft(typed, stores.classifier.bundle.name, version_in(typed, "version"))
        if "observe" in typed:
            wanted = only_observing(wanted, stores.policies.active)
        made = stores.policies.create(wanted.as_dict(), _signed(visitor, reason_in(typed, "reason")))
    except REFUSALS as problem:
        return show(request, stores, typed, problem, conflict="studio.problem_taken")
    audit.note(stores.database, visitor.name, "policy.create", version=made.version, model=made.model)
    return _done(typed, "draft", policy=made.version)


@router.post("/activate")
def activate(request: Request, stores: At, visitor: Leading, typed: Typed) -> Response:
    """Let a version decide."""
    force = "force" in typed
    try:
        signature = _signed(visitor, reason_in(typed, "activate_reason"))
        made = stores.policies.activate(version_in(typed, "activate"), signature, force)
    except REFUSALS as problem:
        return show(request, stores, typed, problem, conflict="studio.problem_other_model")
    forced = made.model != stores.classifier.bundle.name
    audit.note(stores.database, visitor.name, "policy.activate", version=made.version, forced=forced)
    return _done(typed, "activated")


@router.post("/roll-back")
def roll_back(request: Request, stores: At, visitor: Leading, typed: Typed) -> Response:
    """Let the version decide that was active before."""
    try:
        made = stores.policies.roll_back(_signed(visitor, reason_in(typed, "roll_back_reason")))
    except REFUSALS as problem:
        return show(request, stores, typed, problem, conflict="studio.problem_nothing_before")
    audit.note(stores.database, visitor.name, "policy.roll_back", version=made.version)
    return _done(typed, "rolled_back")


@router.post("/references")
def upload(
    request: Request, stores: At, visitor: Leading, typed: Typed, file: Annotated[UploadFile | None, File()] = None
) -> Response:
    """Add a reference from a file."""
    try:
        found = read_upload(stores.classifier, typed, file)
    except REFUSALS as problem:
        return show(request, stores, typed, problem)
    added = references.add(stores.database, found.name, found.kind, found.model, found.rows, visitor.name)
    facts = {"id": added, "kind": str(found.kind), "rows": len(found.rows)}
    audit.note(stores.database, visitor.name, "reference.add", **facts)
    return _done({"reference": added}, "added")


@router.post("/references/remove")
def remove(request: Request, stores: At, visitor: Leading, typed: Typed) -> Response:
    """Remove a reference."""
    gone = typed.get("remove", "")
    try:
        references.remove(stores.database, gone)
    except REFUSALS as problem:
        return show(request, stores, typed, problem)
    audit.note(stores.database, visitor.name, "reference.remove", id=gone)
    return _done({} if typed.get("reference") == gone else typed, "removed")


def _preset(stores: Stores, typed: Mapping[str, str]) -> Policy:
    if typed["preset"] not in list(Preset):
        raise HTTPException(422)
    stores.policies.refresh()
    model = stores.classifier.bundle.name
    scored = references.load(stores.database, typed.get("reference", ""), model)
    return preset(Preset(typed["preset"]), scored, model, "draft", stores.policies.active)


def _scored(stores: Stores, reference: str, held_out: bool) -> Scored:
    scored = references.load(stores.database, reference, stores.classifier.bundle.name)
    return references.half(scored, choosing=False) if held_out else scored


def _measured(stores: Stores, scored: Scored | None, policy: Policy) -> dict[str, Any]:
    model, share = stores.classifier.bundle.name, stores.settings.score_log
    return {
        "figures": None if scored is None else figures(scored, policy),
        "alarms": alarms_a_day(stores.database, policy, model, share),
    }


def _signed(visitor: Visitor, reason: str) -> Signature:
    return Signature(visitor.name, reason, "console")


def _done(typed: Mapping[str, str], what: str, **query: str) -> Response:
    place = {"reference": typed["reference"]} if typed.get("reference") else {}
    return RedirectResponse(f"/studio?{urlencode(place | query | {'notice': f'studio.notice_{what}'})}", 303)
