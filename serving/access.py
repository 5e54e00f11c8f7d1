"""Who may do what, and how often: API keys in the Authorization header, and their rates."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, HTTPException, Request
from fastapi.security import APIKeyQuery, HTTPAuthorizationCredentials, HTTPBearer

from serving.keys import ANYBODY, Caller, Keys, Scope
from serving.rates import Rates

_BEARER = HTTPBearer(auto_error=False, description="An API key from `vangnet keys create`.")
_QUERY = APIKeyQuery(
    name="key", auto_error=False, description="An API key, for clients that can send it in no other way."
)


def needs(scope: Scope, imitating: bool = False) -> Callable[..., Awaitable[Caller]]:
    """A dependency that gives the caller, who may do what `scope` allows.

    It answers 401 without a key in use, 403 where the key has not the scope, 503 where no key could be read yet.

    Args:
        scope: What is to be done.
        imitating: Whether callers are clients of another API, which always send a key: as long as there never was one of ours,
            any will do. Elsewhere an unknown key is refused then too, so that a mistake shows.
    """

    # Async, so that it runs on the event loop: a thread for each message would cost more than the look-up.
    async def caller(
        request: Request, bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]
    ) -> Caller:
        return _allowed(request, bearer.credentials if bearer else None, scope, imitating)

    return caller


async def by_query_too(
    request: Request,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
    key: Annotated[str | None, Depends(_QUERY)],
) -> Caller:
    """A dependency like that of `needs(Scope.CLASSIFY, imitating=True)`, which also takes the key from the query string."""
    return _allowed(request, bearer.credentials if bearer else key, Scope.CLASSIFY, imitating=True)


async def within_rate(rates: Rates, caller: Caller, messages: int) -> None:
    """Count messages against the caller's rate.

    Raises:
        HTTPException: 422 where the rate allows so many never, 429 where not now.
    """
    if caller.rate is not None and messages > caller.rate.amount:
        raise HTTPException(422, f"messages: the key allows {caller.rate}, so a batch may hold {caller.rate.amount}")
    seconds = await rates.wait(caller, messages)
    if seconds is not None:
        raise HTTPException(429, f"the key allows {caller.rate}; nothing was judged", {"Retry-After": str(seconds)})


def _allowed(request: Request, key: str | None, scope: Scope, imitating: bool) -> Caller:
    keys: Keys = request.app.state.service.keys
    found = ANYBODY if imitating and keys.known and not keys.any else _found(keys, key)
    if scope not in found.scopes:
        raise _unknown() if found is ANYBODY else HTTPException(403, f"the key has not the scope {scope}")
    return found


def _found(keys: Keys, key: str | None) -> Caller:
    if key is not None and (caller := keys.caller(key)) is not None:
        return caller
    if not keys.known:
        raise HTTPException(503, "the API keys could not be read yet", {"Retry-After": "1"})
    if keys.any or key is not None:
        raise _unknown()
    return ANYBODY


def _unknown() -> HTTPException:
    problem = "an API key is needed: Authorization: Bearer <key>; it is missing, unknown or revoked"
    return HTTPException(401, problem, {"WWW-Authenticate": "Bearer"})
