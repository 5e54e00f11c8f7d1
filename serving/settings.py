"""Settings of the service, from the environment (`VANGNET_...`) or the command line."""

import os
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, HttpUrl, SecretStr, TypeAdapter, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from serving.links import LINKED, link
from serving.reviews import Storage

LOOPBACK = "127.0.0.1"
HELP_LINES = Path(__file__).with_name("help_lines.toml")
MAX_BODY = 1024 * 1024
"""Largest request body, in bytes."""
Listed = Annotated[tuple[str, ...], NoDecode]
"""Given as one text, separated by commas."""
MAX_ADDRESS = 512
"""Longest webhook address."""


class Settings(BaseSettings):
    """Every setting names its cost."""

    model_config = SettingsConfigDict(env_prefix="VANGNET_")

    bundle: Path | None = Field(
        default=None, description="Folder of the model bundle. Default: the highest version under `models`."
    )
    models: Path = Field(default=Path("models"), description="Folder in which bundles are sought.")
    help_lines: Path = Field(
        default=HELP_LINES,
        description="List of help lines (TOML); default the one that ships. Read once, at the start.",
    )
    host: str = Field(
        default=LOOPBACK,
        description="Address to listen on. Without any API key it is loopback, whatever stands here.",
    )
    port: int = Field(default=8080, ge=0, le=65535, description="Port to listen on.")
    workers: int = Field(
        default_factory=lambda: os.cpu_count() or 1,
        ge=1,
        le=64,
        description="Messages scored at once, one thread each. More than cores makes every answer slower.",
    )
    queue: int = Field(
        default=32,
        ge=0,
        le=10_000,
        description="Messages that may wait. A longer queue refuses less and answers later; beyond it callers get 429.",
    )
    queue_ms: int = Field(
        default=200,
        ge=1,
        le=60_000,
        description="Milliseconds that a message may be expected to wait, by what scoring took lately; beyond it callers get "
        "429, whatever room the queue has. More refuses less and answers later.",
    )
    deadline_ms: int = Field(
        default=5000,
        ge=1,
        le=60_000,
        description="Milliseconds that a message may wait and be scored; then its caller gets 503. A long one keeps callers "
        "waiting under load, a short one gives up messages that would have been judged.",
    )
    log_level: Literal["debug", "info", "warning", "error", "critical"] = Field(
        default="warning",
        description="From which level on to log, as JSON. `info` adds a line a request: id, route, status, milliseconds.",
    )
    data: Path = Field(
        default=Path("data"), description="Folder of what the service keeps itself: SQLite database and spool."
    )
    database_url: SecretStr | None = Field(
        default=None,
        description="SQLAlchemy URL of a PostgreSQL or SQLite database. Default: SQLite in the data folder, for one process.",
    )
    redis_url: SecretStr | None = Field(
        default=None,
        description="Redis for rate limits, conversation memory and author trend; without it they are each process's own. "
        "Costs a round trip a message that uses them.",
    )
    secrets: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        default=(),
        description="Keys that seal what is stored, newest first (`vangnet secret` makes one). Who loses them loses the texts.",
    )
    refresh_seconds: float = Field(
        default=2.0,
        gt=0,
        le=60,
        description="After so many seconds at most a replica knows new keys, revoked ones and policies. One query each time.",
    )
    cors_origins: Listed = Field(default=(), description="Origins of web pages that may call the API. Default: none.")
    memory_minutes: int = Field(
        default=0,
        ge=0,
        le=7 * 24 * 60,
        description="Minutes for which a conversation's last messages serve as context, where a request says `remember`. "
        "0: off. Texts are kept, sealed, for at most twice as long.",
    )
    trend_days: int = Field(
        default=0,
        ge=0,
        le=90,
        description="Days for which an author's scores are kept for the trend, where a request says `remember`. 0: off. It is "
        "a profile of a person's risk: decide whether you may keep that.",
    )
    review_storage: Storage = Field(
        default=Storage.OFF,
        description="What is stored of messages for moderators: `off`, `ids` (yours, with scores) or `text` (masked and sealed "
        "as well). Costs a write to disk before each flagged answer.",
    )
    review_link: str | None = Field(
        default=None,
        description="Address of a message in your own tool, with {message_id}, {conversation_id} or {author_id} in it; "
        "events carry it.",
    )
    retention_days: int = Field(
        default=30, ge=1, le=3650, description="Days after which review items and verdicts are deleted."
    )
    audit_sample: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="Share of allowed messages that joins the review queue, so that what is missed can be estimated. Messages "
        "near a threshold are drawn up to 16 times as often. Costs moderators' time.",
    )
    spool_megabytes: int = Field(
        default=64,
        ge=1,
        le=10_000,
        description="Most disk for review items while the database is away; beyond it messages are judged and not stored.",
    )
    score_log: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="Share of messages whose scores are logged, without text or ids, at most 50,000 a day, for 30 days.",
    )
    webhook_urls: Listed = Field(
        default=(), description="Addresses that get an event for each message to review or escalate."
    )
    webhook_secret: SecretStr | None = Field(
        default=None, description="Signs events; at least 24 characters, shared with the receivers."
    )
    shadow_bundle: Path | None = Field(
        default=None,
        description="A candidate bundle that judges beside the active one and is only counted. Costs as much again.",
    )

    @field_validator("secrets", "cors_origins", "webhook_urls", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        return tuple(one.strip() for one in value.split(",") if one.strip()) if isinstance(value, str) else value

    @field_validator("webhook_urls")
    @classmethod
    def _addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any(not one.startswith(("https://", "http://")) or len(one) > MAX_ADDRESS for one in value):
            raise ValueError(f"each must start with https:// or http:// and have at most {MAX_ADDRESS} characters")
        try:
            TypeAdapter(tuple[HttpUrl, ...]).validate_python(value)
        except ValidationError:
            raise ValueError("each must be an http(s) address") from None
        return tuple(dict.fromkeys(value))

    @field_validator("review_link")
    @classmethod
    def _link(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                link(value, {})
            except (LookupError, ValueError):
                raise ValueError(f"may have no other parts in braces than {', '.join(LINKED)}") from None
        return value

    @model_validator(mode="after")
    def _fit(self) -> Self:
        stored = self.review_storage is not Storage.OFF
        needs = (
            (
                self.review_storage is Storage.TEXT and not self.secrets,
                "VANGNET_REVIEW_STORAGE=text needs VANGNET_SECRETS",
            ),
            (self.audit_sample and not stored, "VANGNET_AUDIT_SAMPLE needs VANGNET_REVIEW_STORAGE"),
            (self.webhook_urls and not stored, "VANGNET_WEBHOOK_URLS needs VANGNET_REVIEW_STORAGE"),
            (self.webhook_urls and not self.webhook_secret, "VANGNET_WEBHOOK_URLS needs VANGNET_WEBHOOK_SECRET"),
            (
                self.redis_url and (self.memory_minutes or self.trend_days) and not self.secrets,
                "memory and trend in Redis need VANGNET_SECRETS",
            ),
        )
        for missing, problem in needs:
            if missing:
                raise ValueError(problem)
        return self

    @property
    def database(self) -> str:
        """The database's URL."""
        return self.database_url.get_secret_value() if self.database_url else f"sqlite:///{self.data / 'vangnet.db'}"
