"""What a lead wants to know of a period: alarms, how many were right, how far moderators agree, and their load."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from statistics import median
from typing import Any

from sqlalchemy import Row, exists, func, select

from classifier.labels import LABEL_NAMES, Severity
from classifier.policy import Action
from serving.console.moderator_agreement import LEAST, Agreement, agreement, together
from serving.console.pages import ZONE
from serving.database import Database
from serving.masking_check import wilson
from serving.tables import ReviewItem, Verdict
from serving.verdicts import OF_ITEM, Ruling

SEVERITIES = tuple(one for one in reversed(Severity) if one is not Severity.NONE)


@dataclass(frozen=True)
class Day:
    """One day on the moderators' clocks: alarms by severity, and verdicts."""

    date: date
    alarms: Mapping[Severity, int]
    verdicts: int


@dataclass(frozen=True)
class Precision:
    """How many judged alarms were right.

    Attributes:
        label: Of the reason, or None for the alarm as a whole, which is right when one of its reasons is.
        judged: Alarms on which the moderators decided.
        right: Those that they found right.
    """

    label: str | None
    judged: int
    right: int

    @property
    def estimable(self) -> bool:
        """Whether enough were judged."""
        return self.judged >= LEAST

    @property
    def share(self) -> float:
        """Right ones of those judged, 0 to 1."""
        return self.right / self.judged

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson 95 % interval of the share."""
        return wilson(self.right, self.judged)


@dataclass(frozen=True)
class Load:
    """One moderator's work in the period.

    Attributes:
        moderator: Name, or pseudonym of another tool.
        judged: Verdicts by day; days without any are missing.
        minutes: Median minutes from a message's arrival to this moderator's verdict; None where none arrived in the period.
    """

    moderator: str
    judged: Mapping[date, int]
    minutes: float | None


@dataclass(frozen=True)
class Insight:
    """A period.

    Attributes:
        days: Every day, oldest first.
        overall: Precision of alarms as a whole.
        labels: Precision per label, in label order.
        agreement: Per label, in label order.
        loads: Per moderator, by name.
        minutes: Median minutes from arrival to the first verdict, of messages that arrived in the period; None without one.
        open: Messages of any age that nobody judged.
        oldest: When the first of these arrived.
    """

    days: Sequence[Day]
    overall: Precision
    labels: Sequence[Precision]
    agreement: Sequence[Agreement]
    loads: Sequence[Load]
    minutes: float | None
    open: int
    oldest: datetime | None


def look(database: Database, days: int, now: datetime | None = None) -> Insight:
    """Count the last `days` days, today included.

    Raises:
        DatabaseError: The database is away.
    """
    today = (now or datetime.now(UTC)).astimezone(ZONE).date()
    dates = [today - timedelta(days=back) for back in reversed(range(days))]
    since = datetime.combine(dates[0], time.min, ZONE)
    place = (ReviewItem.tenant, func.coalesce(ReviewItem.message_id, ReviewItem.id), ReviewItem.revision)
    about = (ReviewItem.received_at, ReviewItem.decision, ReviewItem.severity, ReviewItem.reasons)
    its_place = (Verdict.tenant, Verdict.message_id, Verdict.revision)
    said = (Verdict.moderator, Verdict.labels, Verdict.at)
    waiting = select(func.count(ReviewItem.id), func.min(ReviewItem.received_at)).where(~exists().where(OF_ITEM))
    with database.session() as session:
        items = session.execute(select(*place, *about).where(ReviewItem.received_at >= since)).all()
        verdicts = session.execute(select(*its_place, *said).where(Verdict.at >= since).order_by(Verdict.at)).all()
        still_open, oldest = session.execute(waiting).one()
    # A message of the period was judged in it, so none of its verdicts is missing here.
    of_item: defaultdict[Any, list[Row[Any]]] = defaultdict(list)
    for verdict in verdicts:
        of_item[tuple(verdict[:3])].append(verdict)
    judged = [(item, found) for item in items if (found := of_item.get(tuple(item[:3])))]
    overall, labels = _precisions(judged)
    return Insight(
        _days(dates, items, verdicts),
        overall,
        labels,
        agreement([one.labels for one in found] for _, found in judged),
        _loads(verdicts, judged),
        _median(found[0].at - item.received_at for item, found in judged),
        still_open,
        oldest,
    )


def _days(dates: Sequence[date], items: Sequence[Row[Any]], verdicts: Sequence[Row[Any]]) -> list[Day]:
    alarms = Counter((_date(one.received_at), one.severity) for one in items if one.decision != Action.ALLOW)
    given = Counter(_date(one.at) for one in verdicts)
    return [Day(one, {severity: alarms[one, severity] for severity in SEVERITIES}, given[one]) for one in dates]


def _precisions(judged: Iterable[tuple[Row[Any], list[Row[Any]]]]) -> tuple[Precision, list[Precision]]:
    counts: Counter[tuple[str | None, Ruling]] = Counter()
    for item, verdicts in judged:
        rulings = together([one.labels for one in verdicts])
        # The audit sample has no reasons, and so counts nowhere.
        found = {reason["label"]: rulings.get(reason["label"], Ruling.UNSURE) for reason in item.reasons}
        counts.update(found.items())
        if Ruling.RIGHT in found.values():
            counts[None, Ruling.RIGHT] += 1
        elif found and set(found.values()) == {Ruling.WRONG}:
            counts[None, Ruling.WRONG] += 1

    def precision(label: str | None) -> Precision:
        right = counts[label, Ruling.RIGHT]
        return Precision(label, right + counts[label, Ruling.WRONG], right)

    return precision(None), [precision(name) for name in LABEL_NAMES]


def _loads(verdicts: Sequence[Row[Any]], judged: Iterable[tuple[Row[Any], list[Row[Any]]]]) -> list[Load]:
    days: defaultdict[str, Counter[date]] = defaultdict(Counter)
    for one in verdicts:
        days[one.moderator][_date(one.at)] += 1
    waits: defaultdict[str, list[timedelta]] = defaultdict(list)
    for item, found in judged:
        for one in found:
            waits[one.moderator].append(one.at - item.received_at)
    return [Load(name, days[name], _median(waits[name])) for name in sorted(days)]


def _median(waits: Iterable[timedelta]) -> float | None:
    minutes = [wait / timedelta(minutes=1) for wait in waits]
    return median(minutes) if minutes else None


def _date(moment: datetime) -> date:
    return moment.astimezone(ZONE).date()
