"""What moderators said of messages, as a sample of the messages that came in."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from classifier.policy import Action
from serving.console.moderator_agreement import together
from serving.database import Database
from serving.tables import ReviewItem, Verdict
from serving.verdicts import OF_ITEM, Ruling

_STRATUM = (ReviewItem.decision, ReviewItem.severity, ReviewItem.probability)
"""What decides how likely a message is stored, and how soon moderators get to it."""


@dataclass(frozen=True)
class Message:
    """A message on at least one label of which most moderators agree.

    Attributes:
        id: The review item's.
        scores: In label order, four decimals.
        right: Labels that hold, by the majority of the moderators.
        wrong: Labels that do not; of all others nothing is known.
        weight: How many messages it stands for, at least 1.
        audited: Whether the policy of its day allowed it.
    """

    id: str
    scores: Sequence[float]
    right: tuple[str, ...]
    wrong: tuple[str, ...]
    weight: float
    audited: bool


def reviewed(database: Database, model: str) -> list[Message]:
    """Judged messages that a model scored, oldest first.

    A message is stored because the policy of its day flagged it, or because the audit drew it with a known probability;
    its weight is one over that (Horvitz and Thompson 1952). Where only a part of what is stored was judged, the judged
    ones stand for the others of the same decision, severity and probability as well. This assumes that

    - which of those moderators judged does not depend on the messages, and every such group has a judged one;
    - since the first judged message of the audit, from which on messages count here, the audit went on.

    Without any judged message of the audit all flagged ones count, and what was allowed is unknown.

    Raises:
        DatabaseError: The database is away.
    """
    with database.session() as session:
        stored = [ReviewItem.versions["model"].as_string() == model]
        audited = select(func.min(ReviewItem.received_at)).where(*stored, ReviewItem.decision == Action.ALLOW)
        since = session.scalar(audited.where(select(Verdict.id).where(OF_ITEM).exists()))
        if since is not None:
            stored.append(ReviewItem.received_at >= since)
        groups = select(*_STRATUM, func.count()).where(*stored).group_by(*_STRATUM)
        all_of = {tuple(stratum): count for *stratum, count in session.execute(groups)}
        columns = (ReviewItem.id, ReviewItem.scores, *_STRATUM, Verdict.labels)
        rows = session.execute(
            select(*columns).join(Verdict, OF_ITEM).where(*stored).order_by(ReviewItem.received_at, ReviewItem.id)
        ).all()
    items = {item_id: (scores, stratum) for item_id, scores, *stratum, _ in rows}
    verdicts = defaultdict(list)
    for row in rows:
        verdicts[row.id].append(row.labels)
    said = {item_id: together(of_item) for item_id, of_item in verdicts.items()}
    certain = {item_id: rulings for item_id, rulings in said.items() if set(rulings.values()) - {Ruling.UNSURE}}
    judged_of = Counter(tuple(items[item_id][1]) for item_id in certain)
    return [
        _message(item_id, *items[item_id], rulings, all_of[group] / judged_of[group])
        for item_id, rulings in certain.items()
        for group in [tuple(items[item_id][1])]
    ]


def _message(
    item_id: str, scores: Sequence[float], stratum: Sequence[Any], rulings: Mapping[str, Ruling], others: float
) -> Message:
    decision, _, probability = stratum
    right, wrong = (
        tuple(name for name, one in rulings.items() if one is ruling) for ruling in (Ruling.RIGHT, Ruling.WRONG)
    )
    return Message(item_id, scores, right, wrong, others / probability, decision == Action.ALLOW)
