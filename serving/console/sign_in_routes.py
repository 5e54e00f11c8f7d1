"""Signing in and out, one's own password, and the language."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from serving.console import accounts, audit, sign_ins
from serving.console.access import SESSION_COOKIE, At, Moderating
from serving.console.pages import LANGUAGE_COOKIE, Pages
from serving.console.texts import Language

router = APIRouter()


@router.get("/sign-in")
def sign_in_page(request: Request, stores: At, to: str = "/") -> HTMLResponse:
    """The form."""
    anybody = bool(accounts.list_accounts(stores.database))
    return _pages(request).render(request, "sign_in.html", to=_local(to), failed=False, anybody=anybody)


@router.post("/sign-in")
def sign_in(
    request: Request,
    stores: At,
    name: Annotated[str, Form()],
    password: Annotated[str, Form()],
    to: Annotated[str, Form()] = "/",
) -> Response:
    """Check name and password."""
    account = accounts.verify(stores.database, name, password)
    if account is None:
        page = "sign_in.html"
        return _pages(request).render(request, page, status=401, to=_local(to), failed=True, anybody=True)
    audit.note(stores.database, account.name, "sign_in")
    answer = RedirectResponse(_local(to), 303)
    answer.set_cookie(
        SESSION_COOKIE,
        sign_ins.begin(stores.database, account),
        max_age=int(sign_ins.LONGEST.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return answer


@router.post("/sign-out")
def sign_out(request: Request, stores: At, visitor: Moderating) -> Response:
    """End the session."""
    sign_ins.end(stores.database, request.cookies[SESSION_COOKIE])
    audit.note(stores.database, visitor.name, "sign_out")
    answer = RedirectResponse("/sign-in", 303)
    answer.delete_cookie(SESSION_COOKIE)
    return answer


@router.get("/password")
def password_page(request: Request, _: Moderating) -> HTMLResponse:
    """The form for a new password."""
    return _pages(request).render(request, "password.html", problem=None)


@router.post("/password")
def change_password(
    request: Request, stores: At, visitor: Moderating, old: Annotated[str, Form()], new: Annotated[str, Form()]
) -> Response:
    """Set a new password; all sessions of the account end."""
    if accounts.verify(stores.database, visitor.name, old) is None:
        return _pages(request).render(request, "password.html", status=422, problem="shared.password_wrong")
    if not accounts.FEWEST_CHARACTERS <= len(new) <= accounts.MOST_CHARACTERS:
        return _pages(request).render(request, "password.html", status=422, problem="shared.password_length")
    accounts.change_password(stores.database, visitor.name, new)
    audit.note(stores.database, visitor.name, "password")
    return RedirectResponse("/sign-in?notice=shared.notice_password", 303)


@router.get("/language/{language}")
def language(language: Language, to: str = "/") -> Response:
    """Switch the language of the console in this browser."""
    answer = RedirectResponse(_local(to), 303)
    answer.set_cookie(LANGUAGE_COOKIE, str(language), max_age=365 * 24 * 3600, httponly=True, samesite="lax")
    return answer


def _local(to: str) -> str:
    """An address on this console alone, so that a link cannot lead elsewhere."""
    return to if to.startswith("/") and not to.startswith(("//", "/\\")) else "/"


def _pages(request: Request) -> Pages:
    pages: Pages = request.app.state.pages
    return pages
