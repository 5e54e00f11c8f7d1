"""Verdicts from the console: saved by who holds the item, undone for a while, counted so that nobody goes on too long."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select

from classifier.errors import VangnetError
from serving.console import claims
from serving.console.queue import waiting
from serving.database import Database
from serving.sealing import Sealing
from serving.tables import Claim, ReviewItem, SecondOpinion, Verdict
from serving.verdicts import OF_ITEM, Ruling

UNDO = timedelta(minutes=15)
"""For which a verdict can be undone."""
BREAK_AFTER = 20
"""Judgements after which a break is proposed."""
BREAK_EVERY = timedelta(hours=1)
"""Time since signing in after which a break is proposed."""
MAX_ACTION = 128
MAX_NOTE = 2_000
"""Code points of a note."""


class JudgementError(VangnetError):
    """A verdict cannot be saved or undone."""


class NotHeld(JudgementError):
    """The item is not, or no longer, claimed by this moderator."""


class AlreadyJudged(JudgementError):
    """This moderator judged the item before."""


class TooLate(JudgementError):
    """There is no verdict of this moderator that can still be undone."""


@dataclass(frozen=True)
class Judgement:
    """What a moderator says of a message.

    Attributes:
        labels: Per judged label whether it holds for the message; at least one.
        action: What was done, in the moderator's words, at most `MAX_ACTION` code points.
        note: For colleagues, at most `MAX_NOTE` code points; kept sealed.
        second_opinion: Whether another moderator should judge as well.
    """

    labels: Mapping[str, Ruling]
    action: str | None = None
    note: str | None = None
    second_opinion: bool = False


def save(
    database: Database,
    sealing: Sealing | None,
    item_id: str,
    moderator: str,
    judgement: Judgement,
    also: Sequence[str] = (),
    now: datetime | None = None,
) -> Sequence[str]:
    """Keep a verdict and give the item back, all in one transaction.

    Args:
        database: Where it is kept.
        sealing: Seals the note; without it none is kept.
        item_id: What was judged.
        moderator: Who holds a valid claim on it.
        judgement: What was found.
        also: Items that are judged the same way, as far as they still wait and nobody else holds them.
        now: When.

    Returns:
        Ids of the items that were judged.

    Raises:
        NotHeld: The claim is another's, or over; nothing was kept.
        AlreadyJudged: By this moderator; nothing was kept.
        DatabaseError: The database is away; nothing was kept.
    """
    now = now or datetime.now(UTC)
    note = sealing.seal(judgement.note.encode()) if sealing and judgement.note else None
    judged = []
    with database.session() as session:
        # In the order of their ids, so that two moderators never wait for each other.
        for one in sorted({item_id, *also}):
            chosen = select(ReviewItem).where(ReviewItem.id == one)
            if one == item_id:
                if not claims.renew_within(session, one, moderator, now):
                    raise NotHeld("the claim is another's, or over")
                own = select(Verdict.id).where(OF_ITEM, Verdict.moderator == moderator).exists()
                chosen = chosen.where(~own)
            elif claims.take_within(database, session, one, moderator, now):
                chosen = chosen.where(waiting(moderator))
            else:
                continue
            item = session.scalar(chosen)
            if item is None and one == item_id:
                raise AlreadyJudged("this moderator judged the item before")
            if item is not None:
                session.add(
                    Verdict(
                        tenant=item.tenant,
                        message_id=item.message_id or item.id,
                        revision=item.revision,
                        moderator=moderator,
                        labels={name: str(ruling) for name, ruling in judgement.labels.items()},
                        action=judgement.action,
                        note=note,
                        at=now,
                    )
                )
                if judgement.second_opinion:
                    database.insert_new(session, SecondOpinion, {"item_id": one, "asked_by": moderator, "at": now})
                judged.append(one)
            session.execute(delete(Claim).where(Claim.item_id == one))
    return judged


def undo(database: Database, item_id: str, moderator: str, now: datetime | None = None) -> Sequence[str]:
    """Take back one's own verdict on an item, those made together with it, and one's wish for a second opinion on them.

    Returns:
        Ids of the items that wait again.

    Raises:
        TooLate: There is none, or it was made longer than `UNDO` ago.
        DatabaseError: The database is away; nothing was changed.
    """
    oldest = (now or datetime.now(UTC)) - UNDO
    with database.session() as session:
        own = select(Verdict.at).join(ReviewItem, OF_ITEM)
        at = session.scalar(own.where(ReviewItem.id == item_id, Verdict.moderator == moderator))
        if at is None or at < oldest:
            raise TooLate("there is no verdict that can still be undone")
        together = (Verdict.moderator == moderator, Verdict.at == at)
        ids = session.scalars(select(ReviewItem.id).join(Verdict, OF_ITEM).where(*together)).all()
        asked = (SecondOpinion.item_id.in_(ids), SecondOpinion.asked_by == moderator)
        session.execute(delete(SecondOpinion).where(*asked))
        session.execute(delete(Verdict).where(*together))
    return ids


def verdicts_on(database: Database, item_id: str) -> Sequence[Verdict]:
    """Everybody's verdicts on an item, oldest first. Show them through `visible_to`."""
    with database.session() as session:
        query = select(Verdict).join(ReviewItem, OF_ITEM).where(ReviewItem.id == item_id)
        rows = session.scalars(query.order_by(Verdict.at, Verdict.id)).all()
        session.expunge_all()
    return rows


def visible_to(moderator: str, verdicts: Sequence[Verdict]) -> Sequence[Verdict]:
    """All of them for who judged, none for who did not: a second opinion is given blind."""
    return verdicts if any(verdict.moderator == moderator for verdict in verdicts) else []


def moments(database: Database, moderator: str, since: datetime) -> Sequence[datetime]:
    """When a moderator judged since then, one entry a message, in order."""
    query = select(Verdict.at).where(Verdict.moderator == moderator, Verdict.at >= since)
    with database.session() as session:
        return session.scalars(query.order_by(Verdict.at)).all()


def break_due(since: datetime, judged: Sequence[datetime]) -> bool:
    """Whether the latest judgement passed a multiple of `BREAK_AFTER`, or of `BREAK_EVERY` since signing in."""
    if not judged:
        return False
    before = [at for at in judged if at < judged[-1]]
    hours, hours_before = ((at - since) // BREAK_EVERY for at in (judged[-1], before[-1] if before else since))
    return len(judged) // BREAK_AFTER > len(before) // BREAK_AFTER or hours > hours_before
