"""The review queue: which messages wait for a moderator, in which order, and what is known of one.

The audit sample stands among the flagged messages without a mark: neither order, labels nor help tell which is which.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from sqlalchemy import ColumnElement, Select, String, and_, case, cast, func, or_, select

from classifier.labels import BY_NAME, LABEL_NAMES, Severity
from classifier.message import Role
from serving.database import Database
from serving.schemas import Id
from serving.sealing import Sealing
from serving.tables import Claim, ReviewItem, SecondOpinion, Verdict
from serving.verdicts import OF_ITEM

PAGE = 25
"""Items on a page."""
COMPARED = 200
"""Waiting items, first ones first, among which duplicates are sought."""
RELATED = 10
"""Items of the same conversation or author that are named."""
# The last digit of an item's id is random for all.
_DIGIT = func.substr(ReviewItem.id, 36, 1)
_RANK = case(
    (ReviewItem.severity == Severity.HIGH, 3),
    (ReviewItem.severity == Severity.MEDIUM, 2),
    (ReviewItem.severity == Severity.LOW, 1),
    (_DIGIT.in_(list("01234")), 3),
    (_DIGIT.in_(list("56789")), 2),
    else_=1,
)
_ORDER = (_RANK.desc(), ReviewItem.received_at, ReviewItem.id)


class Filters(BaseModel):
    """What of the queue is shown; an empty field of the form is none.

    There is no filter that tells the audit sample from the rest: `severity` knows no ``none``.
    """

    model_config = ConfigDict(frozen=True)

    label: str | None = None
    severity: Literal["low", "medium", "high"] | None = None
    age: int | None = Field(default=None, ge=0, le=100_000)
    """At least so many hours."""
    conversation_id: Id | None = None
    trend: Literal["rising", "steady"] | None = None
    mine: bool = False
    """Claimed by the moderator alone."""
    page: int = Field(default=1, ge=1, le=100_000)

    @model_validator(mode="before")
    @classmethod
    def _chosen(cls, values: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in values.items() if value != ""}

    @field_validator("label")
    @classmethod
    def _known(cls, value: str | None) -> str | None:
        if value is not None and value not in BY_NAME:
            raise ValueError("is not one of the eleven labels")
        return value

    def query(self) -> dict[str, Any]:
        """The fields that narrow the list, for an address."""
        return self.model_dump(exclude={"page"}, exclude_defaults=True)


@dataclass(frozen=True)
class Content:
    """Masked text of a message, and the turns before it, oldest first."""

    text: str
    context: tuple[tuple[Role, str], ...]


@dataclass(frozen=True)
class Duplicate:
    """An item with exactly the same text; what stood before it may differ."""

    item_id: str
    same_context: bool


def waiting(moderator: str) -> ColumnElement[bool]:
    """Condition: nobody judged the item, or one moderator did and a second opinion was asked; never this moderator."""
    verdicts = select(Verdict.id).where(OF_ITEM)
    count = select(func.count(Verdict.id)).where(OF_ITEM).correlate(ReviewItem).scalar_subquery()
    asked = select(SecondOpinion.item_id).where(SecondOpinion.item_id == ReviewItem.id).exists()
    own = verdicts.where(Verdict.moderator == moderator).exists()
    return and_(~own, or_(~verdicts.exists(), and_(count == 1, asked)))


def listed(
    database: Database, moderator: str, filters: Filters, now: datetime
) -> tuple[Sequence[tuple[ReviewItem, Claim | None]], int]:
    """A page of what waits for a moderator, most severe first, then oldest, each with its valid claim; and the number of all.

    Raises:
        DatabaseError: The database is away.
    """
    query = _matching(moderator, filters, now)
    if filters.mine:
        query = query.where(Claim.moderator == moderator)
    count = query.with_only_columns(func.count(ReviewItem.id), maintain_column_froms=True)
    shown = query.order_by(*_ORDER).limit(PAGE).offset(PAGE * (filters.page - 1))
    with database.session() as session:
        total = session.scalar(count) or 0
        rows = [(item, claim) for item, claim in session.execute(shown)]
        session.expunge_all()
    return rows, total


def free(database: Database, moderator: str, filters: Filters, now: datetime, most: int = PAGE) -> Sequence[str]:
    """Ids of the first items that wait and that nobody holds, in the queue's order."""
    query = _matching(moderator, filters, now).where(Claim.item_id.is_(None))
    with database.session() as session:
        return session.scalars(query.with_only_columns(ReviewItem.id).order_by(*_ORDER).limit(most)).all()


def waits(database: Database, item_id: str, moderator: str) -> bool:
    """Whether an item waits for this moderator."""
    with database.session() as session:
        return session.scalar(select(ReviewItem.id).where(ReviewItem.id == item_id, waiting(moderator))) is not None


def find(database: Database, item_id: str) -> ReviewItem | None:
    """An item by its id."""
    with database.session() as session:
        item = session.get(ReviewItem, item_id)
        session.expunge_all()
    return item


def related(database: Database, item: ReviewItem, by: Literal["conversation_id", "author_id"]) -> Sequence[ReviewItem]:
    """Other items of the same conversation or author, newest first; none where that is not known."""
    value = getattr(item, by)
    if value is None:
        return []
    same = (ReviewItem.tenant == item.tenant, getattr(ReviewItem, by) == value, ReviewItem.id != item.id)
    with database.session() as session:
        query = select(ReviewItem).where(*same).order_by(ReviewItem.received_at.desc(), ReviewItem.id).limit(RELATED)
        rows = session.scalars(query).all()
        session.expunge_all()
    return rows


def opened(sealing: Sealing | None, item: ReviewItem) -> Content | None:
    """What is stored of a message; None where ids alone are, or no key opens it."""
    sealed = None if sealing is None or item.sealed is None else sealing.open(item.sealed)
    if sealed is None:
        return None
    content = json.loads(sealed)
    return Content(content["text"], tuple((Role(role), text) for role, text in content["context"]))


def duplicates(
    database: Database, sealing: Sealing | None, item: ReviewItem, moderator: str, now: datetime
) -> Sequence[Duplicate]:
    """Items of the same tenant that wait for this moderator, are held by nobody else and have exactly this item's text."""
    own = opened(sealing, item)
    if own is None:
        return []
    others = _matching(moderator, Filters(), now).where(
        ReviewItem.tenant == item.tenant,
        ReviewItem.id != item.id,
        ReviewItem.sealed.is_not(None),
        or_(Claim.item_id.is_(None), Claim.moderator == moderator),
    )
    with database.session() as session:
        rows = session.scalars(others.with_only_columns(ReviewItem).order_by(*_ORDER).limit(COMPARED)).all()
        session.expunge_all()
    found = ((row.id, opened(sealing, row)) for row in rows)
    return [Duplicate(row_id, one.context == own.context) for row_id, one in found if one and one.text == own.text]


def concerns(item: ReviewItem) -> tuple[Sequence[str], Severity]:
    """The labels that an item is about and their severity: its reasons, or for one of the sample its highest score."""
    labels = [reason["label"] for reason in item.reasons] or label_order(item)[:1]
    return labels, max((BY_NAME[name].severity for name in labels), key=lambda one: one.rank)


def label_order(item: ReviewItem) -> Sequence[str]:
    """All labels: those of the reasons first, then by score."""
    reasons = [reason["label"] for reason in item.reasons]
    scores = dict(zip(LABEL_NAMES, item.scores, strict=True))
    return reasons + sorted(set(LABEL_NAMES) - set(reasons), key=lambda name: (-scores[name], LABEL_NAMES.index(name)))


def age(since: datetime, now: datetime) -> tuple[str, int]:
    """``minutes``, ``hours`` or ``days``, and how many."""
    minutes = max(0, int((now - since) / timedelta(minutes=1)))
    if minutes < 120:
        return "minutes", minutes
    return ("hours", minutes // 60) if minutes < 48 * 60 else ("days", minutes // (24 * 60))


def _matching(moderator: str, filters: Filters, now: datetime) -> Select[ReviewItem, Claim]:
    query = select(ReviewItem, Claim).outerjoin(Claim, and_(Claim.item_id == ReviewItem.id, Claim.until > now))
    query = query.where(waiting(moderator))
    if filters.label is not None:
        query = query.where(cast(ReviewItem.reasons, String).contains(f'"{filters.label}"', autoescape=True))
    if filters.age is not None:
        query = query.where(ReviewItem.received_at <= now - timedelta(hours=filters.age))
    for name in ("severity", "conversation_id", "trend"):
        if (value := getattr(filters, name)) is not None:
            query = query.where(getattr(ReviewItem, name) == value)
    return query
