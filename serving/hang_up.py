"""Work for a caller who has gone is dropped."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request

Result = TypeVar("Result")


async def unless_hung_up(request: Request, work: Coroutine[Any, Any, Result]) -> Result:
    """The work's result; when the caller hangs up first, the work is cancelled.

    Args:
        request: Its body has been read.
        work: What the caller waits for.

    Raises:
        ClientDisconnect: The caller has gone; nobody reads an answer.
    """
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_hung_up(request))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientDisconnect
        return task.result()
    finally:
        for one in (task, gone):
            one.cancel()


async def _hung_up(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
