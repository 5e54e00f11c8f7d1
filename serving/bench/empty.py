"""FastAPI with nothing behind it, for scale."""

from fastapi import FastAPI

from serving.bench.connection import PATH


def app() -> FastAPI:
    """Answers everybody at once with an empty object."""
    empty = FastAPI()

    @empty.post(PATH)
    async def nothing() -> dict[str, str]:
        return {}

    return empty
