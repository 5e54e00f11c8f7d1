"""The HTTP application: one message in, decision and scores out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Body, FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST

from classifier import Classifier, latest_bundle
from serving import problems
from serving.body import BodyLimit
from serving.faults import Faults
from serving.hang_up import unless_hung_up
from serving.help_lines import read_help_lines
from serving.judging import BUSY, TOO_LATE, Judging
from serving.metrics import Metrics
from serving.problems import problem, responses
from serving.requests import Requests
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
from serving.settings import Settings
from serving.workers import Busy, TooLate, Workers

RETRY = {"Retry-After": "1"}
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
        HelpLinesError: The configured help lines cannot be used.
    """
    help_lines = read_help_lines(settings.help_lines)
    metrics = Metrics(classifier)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        workers = Workers(classifier, settings.workers, settings.queue, settings.deadline_ms / 1000)
        metrics.watch_pool(lambda: workers.taken, workers.places)
        app.state.judging = Judging(workers, help_lines, metrics)
        yield
        workers.close()

    app = FastAPI(title="Vangnet", version="1", description=DESCRIPTION, lifespan=lifespan)
    app.add_middleware(BodyLimit)
    app.add_middleware(Faults)
    app.add_middleware(Requests, metrics=metrics)
    problems.install(app)

    @app.post("/v1/classify", response_model=ClassifyAnswer, responses=responses(400, 413, 422, 429, 503))
    async def classify(
        message: Annotated[ClassifyRequest, Body(openapi_examples=REQUEST_EXAMPLES)], request: Request
    ) -> JSONResponse:
        """Judge one message in its context."""
        try:
            answer: dict[str, Any] = await unless_hung_up(request, app.state.judging.one(message))
        except Busy:
            return problem(429, BUSY, headers=RETRY)
        except TooLate:
            return problem(503, TOO_LATE, headers=RETRY)
        timings = ", ".join(f"{name.removesuffix('_ms')};dur={value}" for name, value in answer["timings"].items())
        # The answer is built from checked values; validating it again would cost more than scoring a short message.
        return JSONResponse(answer, headers={"Server-Timing": timings})

    @app.post("/v1/classify/batch", response_model=BatchAnswer, responses=responses(400, 413, 422, 429))
    async def classify_batch(batch: BatchRequest, request: Request) -> JSONResponse:
        """Judge up to 256 messages, each on its own: an error in one is told in its place and costs no other its answer."""
        try:
            return JSONResponse({"results": await unless_hung_up(request, app.state.judging.many(batch.messages))})
        except Busy:
            return problem(429, BUSY, headers=RETRY)

    @app.get("/v1/labels")
    async def labels() -> list[LabelDescription]:
        """The eleven labels, in Dutch and English."""
        return label_descriptions()

    @app.get("/v1/model")
    async def model() -> ModelAnswer:
        """What judges: model, normaliser, policy, and the mix of messages that scores are probabilities for."""
        manifest = classifier.bundle.manifest
        return ModelAnswer(
            model=classifier.bundle.name,
            created=manifest["created"],
            labels=list(manifest["labels"]),
            normaliser=manifest["normaliser"],
            policy=classifier.policy.version,
            mix=dict(classifier.calibration.mix),
            sha256=manifest["files"]["model.onnx"]["sha256"],
        )

    @app.get("/metrics", response_class=PlainTextResponse)
    async def metrics_text() -> Response:
        """Counters and histograms for Prometheus."""
        return Response(metrics.text(), media_type=CONTENT_TYPE_LATEST)

    @app.get("/live")
    async def live() -> Health:
        """The process is up."""
        return Health(status="live")

    @app.get("/ready")
    async def ready() -> Health:
        """The bundle's hashes are verified and its self-test gave the recorded scores, or the service would not listen."""
        return Health(status="ready", model=classifier.bundle.name)

    return app
