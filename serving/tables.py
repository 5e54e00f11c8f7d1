"""What the database holds."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, ForeignKey, Index, LargeBinary, String, TypeDecorator, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Moment(TypeDecorator[datetime]):
    """A time in UTC; SQLite keeps no zone, so it is put back when reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Back, with its zone."""
        return None if value is None else value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Table(DeclarativeBase):
    """Base of all tables."""

    type_annotation_map = {  # noqa: RUF012
        datetime: Moment(),
        dict[str, Any]: JSON(),
        list[str]: JSON(),
        list[float]: JSON(),
        list[dict[str, Any]]: JSON(),
    }


class ApiKey(Table):
    """An API key: only the SHA-256 of its secret part is kept, which suffices for 256 random bits."""

    __tablename__ = "api_keys"
    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[str]]
    rate: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class PolicyDocument(Table):
    """A version of the policy; it never changes once it stands here."""

    __tablename__ = "policies"
    version: Mapped[str] = mapped_column(String(64), primary_key=True)
    model: Mapped[str] = mapped_column(String(128))
    document: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


class PolicyChange(Table):
    """Who did what to the policies, when and why; the last activation says which one is active."""

    __tablename__ = "policy_changes"
    id: Mapped[int] = mapped_column(primary_key=True)
    change: Mapped[str] = mapped_column(String(16))
    version: Mapped[str] = mapped_column(String(64))
    model: Mapped[str] = mapped_column(String(128))
    author: Mapped[str] = mapped_column(String(128))
    reason: Mapped[str] = mapped_column(String(1000))
    key_id: Mapped[str] = mapped_column(String(16))
    forced: Mapped[bool] = mapped_column(default=False)
    at: Mapped[datetime]


class ReviewItem(Table):
    """A message for moderators; its id follows from tenant, message id and revision, so a retry is the same item."""

    __tablename__ = "review_items"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64))
    message_id: Mapped[str | None] = mapped_column(String(128))
    revision: Mapped[int]
    conversation_id: Mapped[str | None] = mapped_column(String(128))
    author_id: Mapped[str | None] = mapped_column(String(128))
    sent_at: Mapped[datetime | None]
    received_at: Mapped[datetime] = mapped_column(index=True)
    decision: Mapped[str] = mapped_column(String(16))
    severity: Mapped[str] = mapped_column(String(16))
    reasons: Mapped[list[dict[str, Any]]]
    scores: Mapped[list[float]]
    versions: Mapped[dict[str, Any]]
    trend: Mapped[str | None] = mapped_column(String(16))
    probability: Mapped[float]
    """With which a message like this one is drawn: 1 for flagged ones, less for the audit sample."""
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Masked text and context, encrypted; None where ids alone are stored."""
    __table_args__ = (
        Index("review_items_message", "tenant", "message_id"),
        Index("review_items_conversation", "tenant", "conversation_id"),
        Index("review_items_author", "tenant", "author_id"),
    )


class Verdict(Table):
    """A moderator's verdict on a message; a later one of the same moderator takes its place."""

    __tablename__ = "verdicts"
    id: Mapped[int] = mapped_column(primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64))
    message_id: Mapped[str] = mapped_column(String(128))
    revision: Mapped[int]
    moderator: Mapped[str] = mapped_column(String(128))
    labels: Mapped[dict[str, Any]]
    action: Mapped[str | None] = mapped_column(String(128))
    note: Mapped[bytes | None] = mapped_column(LargeBinary)
    """A moderator's remark, sealed."""
    at: Mapped[datetime] = mapped_column(index=True)
    __table_args__ = (UniqueConstraint("tenant", "message_id", "revision", "moderator", name="verdicts_once"),)


class Claim(Table):
    """Who works on an item, and until when nobody else does."""

    __tablename__ = "claims"
    item_id: Mapped[str] = mapped_column(ForeignKey("review_items.id", ondelete="CASCADE"), primary_key=True)
    moderator: Mapped[str] = mapped_column(String(64))
    until: Mapped[datetime]


class SecondOpinion(Table):
    """A request that another moderator judges an item as well."""

    __tablename__ = "second_opinions"
    item_id: Mapped[str] = mapped_column(ForeignKey("review_items.id", ondelete="CASCADE"), primary_key=True)
    asked_by: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]


class Account(Table):
    """Somebody who may use the console."""

    __tablename__ = "accounts"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    role: Mapped[str] = mapped_column(String(16))
    password: Mapped[str] = mapped_column(String(256))
    """Argon2 hash with its parameters."""
    failures: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class SignIn(Table):
    """A session of the console: only the SHA-256 of its cookie is kept."""

    __tablename__ = "sign_ins"
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    csrf: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]


class AuditEntry(Table):
    """What somebody did in the console; entries are only ever added."""

    __tablename__ = "audit_entries"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    account: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(64))
    facts: Mapped[dict[str, Any]]
    """Ids and figures, never text of messages or passwords."""


class Reference(Table):
    """Scored, labelled messages that the threshold studio measures on; scores and labels, no text."""

    __tablename__ = "references"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(128))
    kind: Mapped[str] = mapped_column(String(16))
    model: Mapped[str] = mapped_column(String(128))
    rows: Mapped[list[dict[str, Any]]]
    added_by: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]


class Deletion(Table):
    """What somebody asked to delete; items that reach the database later are held against it."""

    __tablename__ = "deletions"
    id: Mapped[int] = mapped_column(primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64))
    value_sha256: Mapped[str] = mapped_column(String(64), index=True)
    at: Mapped[datetime] = mapped_column(index=True)


class ScoreSample(Table):
    """Scores of one randomly drawn message, in label order, and nothing that leads to it."""

    __tablename__ = "score_samples"
    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[str] = mapped_column(String(10))
    draw: Mapped[float]
    """Uniform in [0, 1): of more samples than a day may have, those with the lowest draws stay."""
    model: Mapped[str] = mapped_column(String(128))
    policy: Mapped[str] = mapped_column(String(64))
    scores: Mapped[list[float]]
    __table_args__ = (Index("score_samples_draw", "day", "draw"),)


class WebhookEvent(Table):
    """An event on its way to one target: the outbox."""

    __tablename__ = "webhook_events"
    item_id: Mapped[str] = mapped_column(ForeignKey("review_items.id", ondelete="CASCADE"), primary_key=True)
    target: Mapped[str] = mapped_column(String(512), primary_key=True)
    payload: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int]
    due_at: Mapped[datetime]
    created_at: Mapped[datetime]
    last_problem: Mapped[str | None] = mapped_column(String(128))
    __table_args__ = (Index("webhook_events_due", "state", "due_at"),)
