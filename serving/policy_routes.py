"""Endpoints of the policies."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Body, Depends, Query, Request

from classifier.policy import Policy
from serving.access import needs
from serving.keys import Caller, Scope
from serving.policies import Policies, Signature
from serving.problems import responses
from serving.schemas_policies import (
    Activation,
    Active,
    ListedPolicy,
    LoggedChange,
    PolicyBody,
    PolicyCreation,
    Signed,
    Valid,
)
from serving.tables import PolicyChange

# Not async: the database is waited for on a thread, beside the messages that are judged.
router = APIRouter(prefix="/v1/policies", tags=["policies"], responses=responses(400, 401, 403, 413, 422, 503))
Admin = Annotated[Caller, Depends(needs(Scope.ADMIN))]


@router.get("")
def listed(request: Request, _: Admin) -> list[ListedPolicy]:
    """Every policy, and which one decides."""
    return [ListedPolicy.model_validate(one) for one in _policies(request).listed()]


@router.post("", status_code=201, responses=responses(409))
def create(request: Request, caller: Admin, body: PolicyCreation) -> Active:
    """Add a version. It decides nothing until it is activated; a request may name it."""
    _policies(request).create(body.policy.document(), _signature(body, caller))
    return _active(request)


@router.post("/validate")
def validate(request: Request, _: Admin, body: PolicyBody) -> Valid:
    """Check a document without keeping it."""
    policy = Policy.from_dict(body.document())
    return Valid(valid=True, fits_this_model=policy.model == request.app.state.service.classifier.bundle.name)


@router.put("/active", responses=responses(404, 409))
def activate(request: Request, caller: Admin, body: Activation) -> Active:
    """Let a version decide: here at once, on other replicas within `VANGNET_REFRESH_SECONDS`."""
    _policies(request).activate(body.version, _signature(body, caller), body.force)
    return _active(request)


@router.post("/roll-back", responses=responses(409))
def roll_back(request: Request, caller: Admin, body: Annotated[Signed, Body()]) -> Active:
    """Let the version decide that was active before the present one."""
    _policies(request).roll_back(_signature(body, caller))
    return _active(request)


@router.get("/changes")
def changes(request: Request, _: Admin, most: Annotated[int, Query(ge=1, le=1000)] = 100) -> Sequence[LoggedChange]:
    """Who did what, when and why; newest first."""
    rows: Sequence[PolicyChange] = _policies(request).changes(most)
    return [LoggedChange.model_validate(row) for row in rows]


def _policies(request: Request) -> Policies:
    policies: Policies = request.app.state.service.policies
    return policies


def _active(request: Request) -> Active:
    return Active(active=_policies(request).active.version)


def _signature(body: Signed, caller: Caller) -> Signature:
    return Signature(body.author, body.reason, caller.key_id)
