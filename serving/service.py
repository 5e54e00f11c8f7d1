"""All parts of a running service, made from its settings."""

from pathlib import Path

from classifier import Classifier
from classifier.errors import VangnetError
from serving.background import Background, Chore
from serving.database import Database, DatabaseError
from serving.forwarding import Forwarding
from serving.help_lines import read_help_lines
from serving.judging import Judging
from serving.keys import Keys
from serving.memory import Memory
from serving.metrics import Metrics
from serving.policies import Policies
from serving.rates import Rates
from serving.remembering import Remembering
from serving.retention import enforce
from serving.reviews import Reviews, Storage
from serving.score_log import ScoreLog
from serving.sealing import Sealing
from serving.settings import LOOPBACK, Settings
from serving.shadow import Shadow
from serving.spool import Spool
from serving.trend import Trend
from serving.webhooks import Delivery, counts
from serving.windows import LocalWindows, RedisWindows
from serving.workers import Workers

FORWARD_SECONDS = 0.5
DELIVER_SECONDS = 1.0
HOUR = 3600.0
REMEMBERED = 10_000
"""Most conversations and authors that one process remembers without Redis, some kilobytes each."""


class Service:
    """The parts, and what runs beside the requests.

    Args:
        settings: As the platform wants it.
        classifier: Verified and self-tested.
        metrics: Counts for all parts.

    Raises:
        VangnetError: A setting cannot be used; the message names it.
    """

    def __init__(self, settings: Settings, classifier: Classifier, metrics: Metrics) -> None:
        self.classifier = classifier
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.database = Database(settings.database)
        self.keys = Keys(self.database, needed=settings.host != LOOPBACK)
        self.policies = Policies(self.database, classifier.policy)
        self.redis_url = settings.redis_url.get_secret_value() if settings.redis_url else None
        self.rates = Rates(self.redis_url)
        self._sealing = _sealing(settings)
        self._windows = RedisWindows(self.redis_url) if self.redis_url else LocalWindows(REMEMBERED)
        self.remembering = Remembering(
            Memory(self._windows, self._sealing, settings.memory_minutes) if settings.memory_minutes else None,
            Trend(self._windows, self._sealing, settings.trend_days) if settings.trend_days else None,
        )
        self.spool: Spool | None = None
        reviews = None
        self._chores = [Chore("database", settings.refresh_seconds, self._refresh, at_end=True)]
        if settings.review_storage is not Storage.OFF:
            self.spool = Spool(settings.data / "spool.db", settings.spool_megabytes)
            metrics.watch_spool(self.spool)
            reviews = Reviews(self.spool, settings.review_storage, self._sealing, settings.audit_sample)
            forwarding = Forwarding(self.spool, self.database, settings.webhook_urls, settings.review_link)
            self._chores.append(Chore("review_storage", FORWARD_SECONDS, forwarding.run, at_end=True))
        score_log = None
        if settings.score_log:
            score_log = ScoreLog(self.database, settings.score_log)
            self._chores.append(Chore("score_log", settings.refresh_seconds, score_log.write, at_end=True))
        self._deliveries = []
        for number, target in enumerate(settings.webhook_urls, 1):
            assert settings.webhook_secret is not None
            delivery = Delivery(self.database, target, settings.webhook_secret.get_secret_value())
            self._deliveries.append(delivery)
            self._chores.append(Chore(f"webhook_{number}", DELIVER_SECONDS, delivery.run))
        if settings.webhook_urls:
            self._chores.append(
                Chore("outbox", settings.refresh_seconds, lambda: metrics.outbox(counts(self.database)))
            )
        self._chores.append(Chore("retention", HOUR, lambda: enforce(self.database, settings.retention_days)))
        self._shadow = None
        if settings.shadow_bundle is not None:
            self._shadow = Shadow(_candidate(settings.shadow_bundle), metrics.shadow)
        self._workers = Workers(
            classifier, settings.workers, settings.queue, settings.queue_ms / 1000, settings.deadline_ms / 1000
        )
        metrics.watch_pool(lambda: self._workers.taken, self._workers.places)
        self._metrics = metrics
        self._migrated = False
        self.judging = Judging(
            self._workers,
            self.policies,
            self.remembering,
            reviews,
            score_log,
            self._shadow,
            read_help_lines(settings.help_lines),
            metrics,
        )
        self._background = Background(self._chores, metrics.chore_failed)

    def start(self) -> None:
        """Read keys and policies if the database is there, and begin the work beside the requests."""
        try:
            self._refresh()
        except DatabaseError:
            # Judging needs no database once the keys are known; the chore goes on trying.
            self._background.failing.add("database")
        self._background.start()

    @property
    def full(self) -> bool:
        """Whether another message would be refused."""
        return self._workers.full

    @property
    def parts(self) -> dict[str, bool]:
        """What may fail while messages are judged, and whether it does now."""
        failing = {chore.name: chore.name in self._background.failing for chore in self._chores}
        return failing | {"memory": self.remembering.away, "rates": self.rates.away}

    @property
    def degraded(self) -> list[str]:
        """What does not work now."""
        return sorted(part for part, fails in self.parts.items() if fails)

    def _refresh(self) -> None:
        if not self._migrated:
            self.database.migrate()
            self._migrated = True
        self.keys.refresh()
        self.policies.refresh()
        self._metrics.policy(self.policies.active.version)

    async def close(self) -> None:
        """Finish what was accepted and bring to the database what it can take."""
        self._workers.close()
        if self._shadow is not None:
            self._shadow.close()
        for delivery in self._deliveries:
            delivery.stop()
        self._background.close()
        for delivery in self._deliveries:
            delivery.close()
        await self._windows.close()
        await self.rates.close()
        if self.spool is not None:
            self.spool.close()
        self.database.close()


def _sealing(settings: Settings) -> Sealing:
    keys = [key.get_secret_value() for key in settings.secrets]
    return Sealing(keys) if keys else Sealing.ephemeral()


def _candidate(folder: Path) -> Classifier:
    try:
        candidate = Classifier.load(folder)
        candidate.self_test()
    except VangnetError as error:
        raise VangnetError(f"VANGNET_SHADOW_BUNDLE: {error}") from None
    return candidate
