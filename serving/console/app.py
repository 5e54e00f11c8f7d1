"""The moderators' console: a process of its own on the stores of the service."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote

import plotly
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from classifier import Classifier
from serving.body import BodyLimit
from serving.console import account_routes, insight_routes, queue_routes, sign_in_routes, studio_routes, try_routes
from serving.console.access import SignInFirst
from serving.console.headers import SecureHeaders
from serving.console.pages import Pages
from serving.console.stores import Stores
from serving.database import DatabaseError
from serving.settings import Settings

HERE = Path(__file__).parent
CHARTS = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
ROUTES = (sign_in_routes, queue_routes, studio_routes, insight_routes, try_routes, account_routes)


def create_console(settings: Settings, classifier: Classifier) -> FastAPI:
    """Build the console around a verified classifier.

    Raises:
        VangnetError: A setting cannot be used, or the database is away.
    """
    stores, pages = Stores(settings, classifier), Pages()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        stores.close()

    app = FastAPI(title="Vangnet console", lifespan=lifespan, openapi_url=None)
    app.state.stores, app.state.pages = stores, pages
    app.add_middleware(BodyLimit)
    app.add_middleware(SecureHeaders)
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    for routes in ROUTES:
        app.include_router(routes.router)

    @app.get("/charts.js")
    def charts() -> FileResponse:
        """The chart library, as its package brings it."""
        return FileResponse(CHARTS, media_type="text/javascript", headers={"Cache-Control": "max-age=86400"})

    @app.get("/")
    def home() -> Response:
        """The queue is where work begins."""
        return RedirectResponse("/queue", 303)

    @app.exception_handler(SignInFirst)
    def sign_in_first(request: Request, _: SignInFirst) -> Response:
        if request.headers.get("Accept") == "application/json":
            return Response(status_code=401)
        to = request.url.path if request.method == "GET" else "/"
        return RedirectResponse(f"/sign-in?to={quote(to)}", 303)

    @app.exception_handler(HTTPException)
    def refused(request: Request, error: HTTPException) -> HTMLResponse:
        known = {405: "shared.not_found", 403: "shared.refused", 404: "shared.not_found", 409: "shared.conflict"}
        return pages.render(
            request, "problem.html", error.status_code, text=known.get(error.status_code, "shared.wrong")
        )

    @app.exception_handler(RequestValidationError)
    def invalid(request: Request, _: RequestValidationError) -> HTMLResponse:
        return pages.render(request, "problem.html", 422, text="shared.invalid")

    @app.exception_handler(DatabaseError)
    def away(request: Request, _: DatabaseError) -> HTMLResponse:
        return pages.render(request, "problem.html", 503, text="shared.database_away")

    return app
