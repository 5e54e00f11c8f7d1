"""Reviewed messages as a file, under pseudonyms, for evaluation or for training; never the same conversation for both."""

import csv
import io
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, exists, select

from classifier.labels import LABEL_NAMES
from serving.console.moderator_agreement import together
from serving.console.pages import ZONE
from serving.database import Database
from serving.sealing import Sealing
from serving.tables import ReviewItem, Verdict
from serving.verdicts import OF_ITEM, Ruling

PORTION = 500
"""Messages read and written at a time."""
_KNOWN = {Ruling.RIGHT: True, Ruling.WRONG: False, Ruling.UNSURE: None}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet may take for a formula (OWASP, CSV Injection)."""
_COLUMNS = (
    ReviewItem.id,
    ReviewItem.tenant,
    ReviewItem.conversation_id,
    ReviewItem.author_id,
    ReviewItem.received_at,
    ReviewItem.decision,
    ReviewItem.scores,
    ReviewItem.versions,
    ReviewItem.probability,
)


class Purpose(StrEnum):
    """What a file is for; each has its own half of the conversations."""

    EVALUATION = "evaluation"
    TRAINING = "training"


class FileForm(StrEnum):
    """Of a file."""

    CSV = "csv"
    JSONL = "jsonl"


def counts(database: Database, sealing: Sealing, with_text: bool = False) -> dict[Purpose, int]:
    """How many messages a file for each purpose has.

    Raises:
        DatabaseError: The database is away.
    """
    wanted = select(*_COLUMNS[:4]).where(_reviewed(with_text))
    with database.session() as session:
        found = Counter(_purpose(sealing, item) for item in session.execute(wanted))
    return {purpose: found[purpose] for purpose in Purpose}


def portions(
    database: Database, sealing: Sealing, purpose: Purpose, with_text: bool = False
) -> Iterator[list[dict[str, Any]]]:
    """Messages that were judged, in an order that tells nothing, some at a time so that memory does not grow with them.

    Each has ``id``, ``conversation``, ``author`` (keyed names, or None), ``day`` (received), ``decision``, ``model``,
    ``policy``, ``probability`` (of being drawn for review), ``moderators`` (keyed names), ``judged_by`` (how many), ``any``
    (True if a label is right, False if all eleven are wrong, else None), ``labels`` (those that are right; None where ``any``
    is), every label's ruling by majority (True right, False wrong, None not known), and ``scores`` (per label).

    Args:
        database: Read in portions, each in a transaction of its own.
        sealing: Makes the names, and opens texts.
        purpose: Which half.
        with_text: Adds ``text`` and ``context`` (``role``, ``text``), masked; messages without stored text are left out.

    Raises:
        DatabaseError: The database is away.
    """
    columns = (*_COLUMNS, ReviewItem.sealed) if with_text else _COLUMNS
    wanted = select(*columns).where(_reviewed(with_text)).order_by(ReviewItem.id).limit(PORTION)
    last = ""
    while True:
        with database.session() as session:
            items = session.execute(wanted.where(ReviewItem.id > last)).all()
            chosen = [item for item in items if _purpose(sealing, item) is purpose]
            said = select(ReviewItem.id, Verdict.moderator, Verdict.labels).join(Verdict, OF_ITEM)
            said = said.where(ReviewItem.id.in_([item.id for item in chosen])).order_by(Verdict.moderator)
            of_item = defaultdict(list)
            for item_id, *verdict in session.execute(said):
                of_item[item_id].append(verdict)
        rows = [_row(sealing, item, of_item[item.id]) for item in chosen]
        if with_text:
            texts = [_text(sealing, item.sealed) for item in chosen]
            rows = [row | text for row, text in zip(rows, texts, strict=True) if text is not None]
        yield rows
        if len(items) < PORTION:
            return
        last = items[-1].id


def written(portions: Iterable[Sequence[Mapping[str, Any]]], form: FileForm, with_text: bool = False) -> Iterator[str]:
    """The file, in parts; `vangnet-eval` reads both forms."""
    if form is FileForm.CSV:
        return _table(portions, with_text)
    return ("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows) for rows in portions)


def _table(portions: Iterable[Sequence[Mapping[str, Any]]], with_text: bool) -> Iterator[str]:
    names = ["id", "conversation", "author", "day", "decision", "model", "policy", "probability"]
    names += ["moderators", "judged_by", "any", "labels", *LABEL_NAMES, *(f"score {name}" for name in LABEL_NAMES)]
    names += ["text", "context"] if with_text else []
    part = io.StringIO()
    writer = csv.DictWriter(part, names, extrasaction="ignore")
    writer.writeheader()
    for rows in portions:
        for row in rows:
            flat = {**row, **{f"score {name}": score for name, score in row["scores"].items()}}
            writer.writerow({name: _cell(value) for name, value in flat.items()})
        yield part.getvalue()
        part.seek(0)
        part.truncate()


def _cell(value: Any) -> Any:
    match value:
        case bool():
            return int(value)
        case str():
            return f"'{value}" if value.startswith(_FORMULA) else value
        case [dict(), *_]:
            return json.dumps(value, ensure_ascii=False)
        case list():
            return " ".join(value)
    return value


def _reviewed(with_text: bool) -> ColumnElement[bool]:
    judged = exists().where(OF_ITEM)
    return and_(judged, ReviewItem.sealed.is_not(None)) if with_text else judged


def _purpose(sealing: Sealing, item: Row[Any]) -> Purpose:
    """By a keyed hash of the conversation; without one of the author, without that of the message."""
    if item.conversation_id is not None:
        whole = ("conversation", item.conversation_id)
    elif item.author_id is not None:
        whole = ("author", item.author_id)
    else:
        whole = ("message", item.id)
    name = sealing.name("export half", item.tenant, *whole)
    return Purpose.EVALUATION if int(name[0], 16) < 8 else Purpose.TRAINING


def _row(sealing: Sealing, item: Row[Any], verdicts: Sequence[Sequence[Any]]) -> dict[str, Any]:
    def name(kind: str, value: str | None) -> str | None:
        return None if value is None else sealing.name(f"export {kind}", item.tenant, value)

    rulings = together([labels for _, labels in verdicts])
    right = [label for label, ruling in rulings.items() if ruling is Ruling.RIGHT]
    safe = list(rulings.values()).count(Ruling.WRONG) == len(LABEL_NAMES)
    return {
        "id": name("message", item.id),
        "conversation": name("conversation", item.conversation_id),
        "author": name("author", item.author_id),
        "day": _day(item.received_at),
        "decision": item.decision,
        "model": item.versions["model"],
        "policy": item.versions["policy"],
        "probability": item.probability,
        "moderators": [name("moderator", moderator) for moderator, _ in verdicts],
        "judged_by": len(verdicts),
        "any": True if right else False if safe else None,
        "labels": right if right or safe else None,
        **{label: _KNOWN[rulings.get(label, Ruling.UNSURE)] for label in LABEL_NAMES},
        "scores": dict(zip(LABEL_NAMES, item.scores, strict=True)),
    }


def _day(moment: datetime) -> str:
    return moment.astimezone(ZONE).date().isoformat()


def _text(sealing: Sealing, sealed: bytes) -> dict[str, Any] | None:
    content = sealing.open(sealed)
    if content is None:  # its key is gone
        return None
    stored = json.loads(content)
    return {"text": stored["text"], "context": [{"role": role, "text": text} for role, text in stored["context"]]}
