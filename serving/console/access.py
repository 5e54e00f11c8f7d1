"""Who may ask for which page."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, HTTPException, Request

from serving.console.roles import Role
from serving.console.sign_ins import Visitor, visitor_of
from serving.console.stores import Stores

SESSION_COOKIE = "vangnet-session"
CSRF_FIELD = "csrf"
CSRF_HEADER = "X-CSRF-Token"
_CHANGES_NOTHING = {"GET", "HEAD"}


class SignInFirst(Exception):
    """Nobody is signed in."""


def stores_of(request: Request) -> Stores:
    """What the console works on."""
    stores: Stores = request.app.state.stores
    return stores


def _visitor(request: Request) -> Visitor:
    visitor = visitor_of(stores_of(request).database, request.cookies.get(SESSION_COOKIE))
    if visitor is None:
        raise SignInFirst
    request.state.visitor = visitor
    return visitor


async def _checked(request: Request, visitor: Annotated[Visitor, Depends(_visitor)]) -> Visitor:
    """The visitor, whose own page sent this request: a page elsewhere cannot know the token."""
    if request.method not in _CHANGES_NOTHING:
        token = request.headers.get(CSRF_HEADER)
        if token is None:
            field = (await request.form()).get(CSRF_FIELD)
            token = field if isinstance(field, str) else None
        if not visitor.holds(token):
            raise HTTPException(403, "csrf")
    return visitor


def needs(role: Role) -> Callable[[Visitor], Visitor]:
    """A dependency that gives the visitor: sign-in page for strangers, 403 for a lesser role or a request from elsewhere."""

    def check(visitor: Annotated[Visitor, Depends(_checked)]) -> Visitor:
        if not visitor.role.covers(role):
            raise HTTPException(403, "role")
        return visitor

    return check


Moderating = Annotated[Visitor, Depends(needs(Role.MODERATOR))]
Leading = Annotated[Visitor, Depends(needs(Role.LEAD))]
Administering = Annotated[Visitor, Depends(needs(Role.ADMIN))]
At = Annotated[Stores, Depends(stores_of)]
