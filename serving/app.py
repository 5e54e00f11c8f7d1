"""The HTTP application: one message in, decision and scores out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Body, Depends, FastAPI, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic_core import to_json

from classifier import Classifier, PolicyError, latest_bundle
from serving import moderations, perspective, policy_routes, problems, review_routes
from serving.access import needs, within_rate
from serving.body import BodyLimit
from serving.database import DatabaseError
from serving.faults import Faults
from serving.foreign_errors import ForeignErrors, google_error, openai_error
from serving.hang_up import unless_hung_up
from serving.keys import Caller, Scope
from serving.metrics import Metrics
from serving.overload import Overload
from serving.policies import Conflict, UnknownPolicy, UnusablePolicy
from serving.problems import responses
from serving.requests import ID_HEADER, Requests
from serving.schemas import (
    REQUEST_EXAMPLES,
    BatchAnswer,
    BatchRequest,
    ClassifyAnswer,
    ClassifyRequest,
    Health,
    LabelDescription,
    ModelAnswer,
    label_descriptions,
)
from serving.service import Service
from serving.settings import Settings
from serving.spool import SpoolError
from serving.windows import WindowsAway
from serving.workers import Busy, TooLate

Asking = Annotated[Caller, Depends(needs(Scope.CLASSIFY))]
STATUSES: dict[type[Exception], int] = {
    Busy: 429,
    TooLate: 503,
    UnusablePolicy: 422,
    UnknownPolicy: 404,
    PolicyError: 422,
    Conflict: 409,
    DatabaseError: 503,
    WindowsAway: 503,
    SpoolError: 503,
}
DESCRIPTION = """Real-time risk scores for Dutch chat messages: self-harm and unsafe peer influence.

Not a crisis service and not a diagnosis: the answer advises, people decide. Scores are calibrated on written examples;
recall on real messages is unknown until you measure it.
"""


def load_classifier(settings: Settings) -> Classifier:
    """Load, verify and self-test the configured bundle.

    Raises:
        BundleError: It is missing, damaged, or does not give its recorded scores.
    """
    classifier = Classifier.load(settings.bundle or latest_bundle(settings.models))
    classifier.self_test()
    return classifier


def create_app(settings: Settings, classifier: Classifier) -> FastAPI:
    """Build the application around a verified and self-tested classifier.

    Raises:
        VangnetError: A setting cannot be used; the message names it.
    """
    metrics = Metrics(classifier)
    service = Service(settings, classifier, metrics)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        service.start()
        yield
        await service.close()

    app = FastAPI(title="Vangnet", version="1", description=DESCRIPTION, lifespan=lifespan)
    app.state.service = service
    app.add_middleware(BodyLimit)
    app.add_middleware(Overload, full=lambda: service.full, refused=lambda: metrics.unjudged("busy"))
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type", ID_HEADER],
            expose_headers=["Retry-After", ID_HEADER],
        )
    app.add_middleware(Faults)
    app.add_middleware(ForeignErrors, renders={moderations.PATH: openai_error, perspective.PATH: google_error})
    app.add_middleware(Requests, metrics=metrics)
    problems.install(app, STATUSES)

    @app.post("/v1/classify", response_model=ClassifyAnswer, responses=responses(400, 401, 403, 413, 422, 429, 503))
    async def classify(
        message: Annotated[ClassifyRequest, Body(openapi_examples=REQUEST_EXAMPLES)], caller: Asking, request: Request
    ) -> Response:
        """Judge one message in its context."""
        await within_rate(service.rates, caller, 1)
        answer: dict[str, Any] = await unless_hung_up(request, service.judging.one(caller.tenant, message))
        timings = ", ".join(f"{name.removesuffix('_ms')};dur={value}" for name, value in answer["timings"].items())
        # Built from checked values, so not validated again; pydantic's writer is several times as fast as the standard one.
        return Response(to_json(answer), headers={"Server-Timing": timings}, media_type="application/json")

    @app.post("/v1/classify/batch", response_model=BatchAnswer, responses=responses(400, 401, 403, 413, 422, 429, 503))
    async def classify_batch(batch: BatchRequest, caller: Asking, request: Request) -> Response:
        """Judge up to 256 messages, each on its own: an error in one is told in its place and costs no other its answer."""
        await within_rate(service.rates, caller, len(batch.messages))
        judged = service.judging.many(caller.tenant, batch.messages)
        return Response(to_json({"results": await unless_hung_up(request, judged)}), media_type="application/json")

    @app.get("/v1/labels", responses=responses(401, 403, 503))
    async def labels(_: Asking) -> list[LabelDescription]:
        """The eleven labels, in Dutch and English."""
        return label_descriptions()

    @app.get("/v1/model", responses=responses(401, 403, 503))
    async def model(_: Asking) -> ModelAnswer:
        """What judges: model, normaliser, policy, and the mix of messages that scores are probabilities for."""
        manifest = classifier.bundle.manifest
        return ModelAnswer(
            model=classifier.bundle.name,
            created=manifest["created"],
            labels=list(manifest["labels"]),
            normaliser=manifest["normaliser"],
            policy=service.policies.active.version,
            mix=dict(classifier.calibration.mix),
            sha256=manifest["files"]["model.onnx"]["sha256"],
        )

    @app.get("/metrics", response_class=PlainTextResponse)
    async def metrics_text() -> Response:
        """Counters and histograms for Prometheus."""
        metrics.degraded(service.parts)
        return Response(metrics.text(), media_type=CONTENT_TYPE_LATEST)

    @app.get("/live")
    async def live() -> Health:
        """The process is up."""
        return Health(status="live")

    @app.get("/ready", responses={503: {"model": Health, "description": "Callers would be refused."}})
    async def ready(response: Response) -> Health:
        """The bundle's hashes are verified and its self-test gave the recorded scores, or the service would not listen.

        `degraded` names what does not work now. Messages are judged without it, so the status stays 200; it is 503 only while
        no API key could be read yet.
        """
        if not service.keys.known:
            response.status_code = 503
        return Health(
            status="starting" if not service.keys.known else "degraded" if service.degraded else "ready",
            model=classifier.bundle.name,
            policy=service.policies.active.version,
            degraded=service.degraded,
        )

    # After the routes above: the most frequent request is to be found first.
    app.include_router(moderations.router)
    app.include_router(perspective.router)
    app.include_router(policy_routes.router)
    app.include_router(review_routes.router)
    return app
