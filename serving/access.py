"""Who may do what: API keys in the Authorization header."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from serving.keys import ANYBODY, Caller, Keys, Scope

_BEARER = HTTPBearer(auto_error=False, description="An API key from `vangnet keys create`.")


def needs(scope: Scope) -> Callable[..., Awaitable[Caller]]:
    """A dependency that gives the caller, who may do what `scope` allows.

    It answers 401 without a key in use, 403 where the key has not the scope, 503 where no key could be read yet.
    """

    # Async, so that it runs on the event loop: a thread for each message would cost more than the look-up.
    async def caller(
        request: Request, bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]
    ) -> Caller:
        keys: Keys = request.app.state.service.keys
        found = _found(keys, bearer)
        if scope not in found.scopes:
            raise _unknown() if found is ANYBODY else HTTPException(403, f"the key has not the scope {scope}")
        return found

    return caller


def _found(keys: Keys, bearer: HTTPAuthorizationCredentials | None) -> Caller:
    if bearer is not None and (caller := keys.caller(bearer.credentials)) is not None:
        return caller
    if not keys.known:
        raise HTTPException(503, "the API keys could not be read yet", {"Retry-After": "1"})
    if keys.any or bearer is not None:
        raise _unknown()
    return ANYBODY


def _unknown() -> HTTPException:
    problem = "an API key is needed: Authorization: Bearer <key>; it is missing, unknown or revoked"
    return HTTPException(401, problem, {"WWW-Authenticate": "Bearer"})
