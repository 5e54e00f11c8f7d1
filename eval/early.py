"""How early risk in a conversation is found. An alarm before the onset is a false alarm of that conversation."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit


@dataclass(frozen=True)
class Course:
    """A conversation as a system saw it.

    Attributes:
        onset: Place (from 0) of the first risky message, or None in a safe conversation.
        alarm: Place of the first flagged message, or None.
        messages: How many there are.
    """

    onset: int | None
    alarm: int | None
    messages: int

    @property
    def delay(self) -> int | None:
        """Messages between onset and alarm; None where risk was not found, or flagged before there was any."""
        if self.onset is None or self.alarm is None or self.alarm < self.onset:
            return None
        return self.alarm - self.onset

    @property
    def false_alarm(self) -> bool:
        """Whether something was flagged before there was risk, or without any."""
        return self.alarm is not None and (self.onset is None or self.alarm < self.onset)


def courses(conversations: np.ndarray, turns: np.ndarray, onsets: np.ndarray, flagged: np.ndarray) -> list[Course]:
    """Put the messages of each conversation in order.

    Args:
        conversations: Shape (n,), texts; rows without one are left out.
        turns: Shape (n,), place in the conversation; where one is NaN the order of the data counts, from 1.
        onsets: Shape (n,), turn of the first risky message, the same on all rows of a conversation; NaN in a safe one.
        flagged: Shape (n,).
    """
    found = []
    members: dict[str, list[int]] = {}
    for row, name in enumerate(conversations.tolist()):
        if name:
            members.setdefault(name, []).append(row)
    for rows in map(np.array, members.values()):
        places = np.arange(1, len(rows) + 1) if np.isnan(turns[rows]).any() else turns[rows]
        rows, places = rows[np.argsort(places, kind="stable")], np.sort(places)
        risky = np.flatnonzero(places >= onsets[rows[0]])  # none where the onset is NaN
        alarms = np.flatnonzero(flagged[rows])
        onset, alarm = (int(one[0]) if len(one) else None for one in (risky, alarms))
        found.append(Course(onset, alarm, len(rows)))
    return found


def found_within(courses: Sequence[Course], messages: int) -> float:
    """Share of risky conversations flagged at the onset or at most so many messages later; NaN without any."""
    risky = [one for one in courses if one.onset is not None]
    return _share(sum(one.delay is not None and one.delay <= messages for one in risky), len(risky))


def false_alarms(courses: Sequence[Course]) -> float:
    """Share of conversations with an alarm before there was risk, or without any risk."""
    return _share(sum(one.false_alarm for one in courses), len(courses))


def erde(courses: Sequence[Course], deadline: int) -> float:
    """Early risk detection error (Losada and Crestani 2016), here counted from the onset; lower is better, 0 to 1.

    A risky conversation that is found costs 1 - 1 / (1 + exp(k - deadline)), k being the messages from the onset to the
    alarm, both included; one that is not found costs 1, a false alarm the share of risky conversations, a silent safe one
    nothing. A risky conversation that is flagged before its onset counts as not found.
    """
    if not courses:
        return math.nan
    share = sum(one.onset is not None for one in courses) / len(courses)

    def cost(one: Course) -> float:
        if one.onset is None:
            return share if one.false_alarm else 0.0
        return 1.0 if one.delay is None else float(expit(one.delay + 1 - deadline))

    return sum(map(cost, courses)) / len(courses)


def latency_f1(courses: Sequence[Course], half: float = 8.0) -> float:
    """F1 over conversations, times how soon risk is found (Sadeque, Xu and Bethard 2018); 0 to 1.

    The penalty of a conversation found k messages from its onset (the onset is 1) is -1 + 2 / (1 + exp(-p (k - 1))), with p
    such that it is a half after `half` messages more; F1 is multiplied by 1 minus the median penalty.
    """
    delays = [one.delay for one in courses if one.delay is not None]
    risky = sum(one.onset is not None for one in courses)
    false = sum(one.false_alarm for one in courses)
    if not risky:
        return math.nan
    if not delays:
        return 0.0
    steepness = math.log(3) / half
    penalty = float(np.median([-1 + 2 / (1 + math.exp(-steepness * delay)) for delay in delays]))
    return 2 * len(delays) / (len(delays) + false + risky) * (1 - penalty)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else math.nan
