"""Accounts and the audit log, for admins."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from serving.console import accounts, audit
from serving.console.access import Administering, At
from serving.console.accounts import AccountsError
from serving.console.roles import Role

ENTRIES = 100
"""Entries of the audit log on a page."""
router = APIRouter()
Name = Annotated[str, Form(max_length=accounts.MAX_NAME)]
Password = Annotated[str, Form(max_length=accounts.MOST_CHARACTERS)]


@router.get("/accounts")
def listed(request: Request, stores: At, _: Administering) -> HTMLResponse:
    """Everybody, and a form for somebody new."""
    return _page(request, stores)


@router.post("/accounts")
def create(
    request: Request, stores: At, visitor: Administering, name: Name, role: Annotated[Role, Form()], password: Password
) -> Response:
    """Add somebody."""
    try:
        accounts.create_account(stores.database, name, role, password)
    except AccountsError as error:
        return _page(request, stores, str(error), name=name, role=str(role))
    audit.note(stores.database, visitor.name, "account_create", name=name.strip(), role=str(role))
    return _done("created")


@router.post("/accounts/role")
def change_role(
    request: Request, stores: At, visitor: Administering, name: Name, role: Annotated[Role, Form()]
) -> Response:
    """Give somebody another role."""
    try:
        accounts.change_role(stores.database, name, role)
    except AccountsError as error:
        return _page(request, stores, str(error))
    audit.note(stores.database, visitor.name, "account_role", name=name, role=str(role))
    return _done("changed")


@router.post("/accounts/password")
def change_password(request: Request, stores: At, visitor: Administering, name: Name, password: Password) -> Response:
    """Give somebody a new password."""
    try:
        accounts.change_password(stores.database, name, password)
    except AccountsError as error:
        return _page(request, stores, str(error))
    audit.note(stores.database, visitor.name, "account_password", name=name)
    return _done("changed")


@router.post("/accounts/disabled")
def change_disabled(
    request: Request, stores: At, visitor: Administering, name: Name, disabled: Annotated[bool, Form()]
) -> Response:
    """Shut somebody out, or let them in again."""
    try:
        accounts.disable(stores.database, name, disabled)
    except AccountsError as error:
        return _page(request, stores, str(error))
    audit.note(stores.database, visitor.name, "account_disable" if disabled else "account_enable", name=name)
    return _done("changed")


@router.get("/audit")
def log(
    request: Request, stores: At, _: Administering, before: Annotated[int | None, Query(ge=1)] = None
) -> HTMLResponse:
    """Who did what and when, newest first."""
    found = audit.entries(stores.database, ENTRIES, before)
    older = found[-1].id if len(found) == ENTRIES else None
    page: HTMLResponse = request.app.state.pages.render(request, "audit.html", entries=found, older=older)
    return page


def _page(
    request: Request, stores: At, problem: str | None = None, name: str = "", role: str = "moderator"
) -> HTMLResponse:
    given = {"accounts": accounts.list_accounts(stores.database), "problem": problem, "name": name, "role": role}
    status = 200 if problem is None else 422
    page: HTMLResponse = request.app.state.pages.render(request, "accounts.html", status, roles=list(Role), **given)
    return page


def _done(what: str) -> Response:
    return RedirectResponse(f"/accounts?notice=accounts.notice_{what}", 303)
