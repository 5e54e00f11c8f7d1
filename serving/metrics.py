"""What the service counts, for Prometheus: never a text, an id or an address."""

from collections.abc import Callable, Mapping, Sized
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, generate_latest
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector

from classifier import Classifier
from classifier.labels import LABEL_NAMES

STAGES = (0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Seconds."""
SCORES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 0.97, 1.0)
"""Calibrated scores are mostly near 0, so the lower steps are close together."""


class Metrics:
    """The registry of one application.

    Args:
        classifier: Named in ``vangnet_model_info``.
    """

    def __init__(self, classifier: Classifier) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        Info("vangnet_model", "What judges.", registry=self.registry).info(classifier.versions)
        self._requests = Counter("vangnet_requests", "Answered requests.", ("path", "status"), registry=self.registry)
        self._stages = Histogram(
            "vangnet_stage_seconds",
            "Time by stage of a judged message.",
            ("stage",),
            buckets=STAGES,
            registry=self.registry,
        )
        self._decisions = Counter("vangnet_decisions", "Judged messages.", ("decision",), registry=self.registry)
        self._reasons = Counter(
            "vangnet_reasons", "Labels at or over a threshold.", ("label", "action"), registry=self.registry
        )
        self._scores = Histogram(
            "vangnet_score", "Scores by label; a shift is drift.", ("label",), buckets=SCORES, registry=self.registry
        )
        self._unjudged = Counter(
            "vangnet_unjudged", "Messages that were not judged.", ("reason",), registry=self.registry
        )
        self._observed = Counter(
            "vangnet_would_be", "What observed labels would have decided.", ("decision",), registry=self.registry
        )
        self._policy = Gauge(
            "vangnet_policy_active", "1 for the policy that decides.", ("policy",), registry=self.registry
        )
        self._memory = Counter("vangnet_memory", "Requests to remember.", ("state",), registry=self.registry)
        self._reviews = Counter("vangnet_reviews", "Messages for moderators.", ("outcome",), registry=self.registry)
        self._spool = Gauge("vangnet_spool_records", "Review items on this disk.", registry=self.registry)
        self._outbox = Gauge("vangnet_webhook_events", "Webhook events.", ("state",), registry=self.registry)
        self._degraded = Gauge(
            "vangnet_degraded", "1 for what does not work now, else 0.", ("part",), registry=self.registry
        )
        self._chores = Counter("vangnet_chore_failures", "Failed background work.", ("chore",), registry=self.registry)
        self._shadow = Counter(
            "vangnet_shadow_decisions",
            "Decisions of the active bundle and of the candidate.",
            ("active", "candidate"),
            registry=self.registry,
        )
        self._taken = Gauge("vangnet_pool_taken", "Messages at work and waiting.", registry=self.registry)
        self._places = Gauge("vangnet_pool_places", "Most messages at work and waiting.", registry=self.registry)
        # Looked up once: eleven look-ups a message would cost as much as the counting.
        self._score_of = {label: self._scores.labels(label).observe for label in LABEL_NAMES}
        for reason in ("busy", "deadline", "hung_up", "error"):
            self._unjudged.labels(reason)

    def watch_pool(self, taken: Callable[[], float], places: int) -> None:
        """Show how many of the pool's places, workers and queue, are taken."""
        self._taken.set_function(taken)
        self._places.set(places)

    def watch_spool(self, spool: Sized) -> None:
        """Show how many review items wait for the database."""
        self._spool.set_function(lambda: len(spool))

    def policy(self, version: str) -> None:
        """Show which policy decides."""
        self._policy.clear()
        self._policy.labels(version).set(1)

    def review(self, outcome: str) -> None:
        """Count a message for moderators: ``stored`` or ``refused``."""
        self._reviews.labels(outcome).inc()

    def outbox(self, counts: Mapping[str, int]) -> None:
        """Show webhook events by state."""
        for state in ("due", "delivered", "dead"):
            self._outbox.labels(state).set(counts.get(state, 0))

    def degraded(self, parts: Mapping[str, bool]) -> None:
        """Show per part whether it fails now."""
        for part, fails in parts.items():
            self._degraded.labels(part).set(fails)

    def chore_failed(self, chore: str) -> None:
        """Count a failed run of background work."""
        self._chores.labels(chore).inc()

    def shadow(self, active: str, candidate: str) -> None:
        """Count what the active bundle and the candidate decided on one message."""
        self._shadow.labels(active, candidate).inc()

    def request(self, path: str, status: int) -> None:
        """Count an answered request under its route."""
        self._requests.labels(path, status).inc()

    def judged(self, answer: Mapping[str, Any], timings: Mapping[str, float]) -> None:
        """Count a judged message: its decision, reasons, scores and times in milliseconds."""
        self._decisions.labels(answer["decision"]).inc()
        for reason in answer["reasons"]:
            self._reasons.labels(reason["label"], reason["action"]).inc()
        if "would_be" in answer:
            self._observed.labels(answer["would_be"]["decision"]).inc()
        if "memory" in answer:
            self._memory.labels(answer["memory"]["state"]).inc()
        for label, entry in answer["labels"].items():
            self._score_of[label](entry["score"])
        for name, milliseconds in timings.items():
            self._stages.labels(name.removesuffix("_ms")).observe(milliseconds / 1000)

    def unjudged(self, reason: str) -> None:
        """Count a message: refused (`busy`), given up (`deadline`), left by its caller (`hung_up`) or failed (`error`)."""
        self._unjudged.labels(reason).inc()

    def text(self) -> bytes:
        """The exposition format."""
        return generate_latest(self.registry)
