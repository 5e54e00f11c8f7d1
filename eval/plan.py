"""Thresholds for a workload: chosen on one half of a run's rows, reported on the other, at the prevalence of a platform."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from classifier.labels import LABEL_NAMES
from classifier.metrics import bootstrap_interval, false_alarm_rate, recall
from classifier.policy import Mode, Policy, Thresholds
from eval.compare import LEAST_CLUSTERS, Run
from eval.errors import EvaluationError
from eval.figure import rounded
from eval.metrics import LEAST_ALARMS, precision_at_prevalence
from eval.targets import ANY, TARGETS, columns_of

HOURS = 6
"""Hours that a reviewer reads a day."""
_FIRST_LABEL = TARGETS.index(LABEL_NAMES[0])
_GRID = 10_000
"""Thresholds have four decimals, as those that ship."""
Numbers = tuple[float, ...]
"""A value and the bounds of its interval."""


@dataclass(frozen=True)
class Wish:
    """What is asked for: either a limit of alarms or a recall.

    Attributes:
        prevalence: Share of messages that are risky, in (0, 1).
        alarms: Most alarms per 1,000 messages, right ones included, or None.
        recall: Least share of risky messages that is flagged, in (0, 1], or None.
    """

    prevalence: float
    alarms: float | None = None
    recall: float | None = None


@dataclass(frozen=True)
class Rows:
    """The rows of a run that a plan can use.

    Attributes:
        target: What is planned for: any risk where that is known, otherwise the first known target.
        labels: Names of the labels that the target takes together.
        scores: Shape (n, labels).
        risky: Shape (n,), bool, for the target.
        clusters: Shape (n,).
    """

    target: str
    labels: tuple[str, ...]
    scores: np.ndarray
    risky: np.ndarray
    clusters: np.ndarray

    def part(self, rows: np.ndarray) -> "Rows":
        """Those of a mask of shape (n,)."""
        return replace(self, scores=self.scores[rows], risky=self.risky[rows], clusters=self.clusters[rows])

    def flagged(self, threshold: float) -> np.ndarray:
        """Shape (n,), bool: whether any label reaches the threshold."""
        reached: np.ndarray = (self.scores >= threshold).any(axis=1)
        return reached


def usable(run: Run) -> Rows:
    """The rows of a run whose target is known.

    Raises:
        EvaluationError: The suite only reports, or the system does not score the labels.
    """
    if run.results["suite"]["reports_only"]:
        raise EvaluationError(
            f"{run.results['suite']['name']}: this suite reports and chooses nothing; plan on other data"
        )
    truth = run.known.truth
    target = ANY if ANY in run.known.known else run.known.known[0]
    rows = ~np.isnan(truth[:, TARGETS.index(target)])
    columns = [_FIRST_LABEL + column for column in columns_of(target)]
    scores = run.judged.scores[rows][:, columns]
    if np.isnan(scores).any():
        raise EvaluationError("the run's system does not score every label: a policy needs that")
    return Rows(
        target,
        tuple(TARGETS[column] for column in columns),
        scores,
        truth[rows, TARGETS.index(target)] == 1,
        run.known.clusters[rows],
    )


def halves(rows: Rows, seed: int) -> tuple[Rows, Rows]:
    """Two halves without a cluster in common; clusters with risk are split evenly, and so are those without.

    Raises:
        EvaluationError: A half would have fewer than `LEAST_CLUSTERS` clusters, or no risky or no safe message.
    """
    names, groups = np.unique(rows.clusters, return_inverse=True)
    with_risk = np.bincount(groups, weights=rows.risky) > 0
    order = np.lexsort((np.random.default_rng(seed).random(len(names)), with_risk))
    first = np.zeros(len(names), bool)
    first[order[::2]] = True
    found = rows.part(first[groups]), rows.part(~first[groups])
    for half in found:
        clusters = len(np.unique(half.clusters))
        if clusters < LEAST_CLUSTERS or half.risky.all() or not half.risky.any():
            raise EvaluationError(
                f"a half has {clusters} clusters and {int(half.risky.sum())} risky of {len(half.risky)} messages: "
                f"it needs {LEAST_CLUSTERS} clusters, and both risky and safe messages"
            )
    return found


def choose(rows: Rows, wish: Wish) -> float:
    """The `review_at` of all labels of the target, for the decision that joins them by "or".

    Calibrated scores are comparable between labels, so one threshold serves them all. A threshold for each was tried: it found
    more on the half that chose it, and less at the same number of alarms on the other.

    Raises:
        EvaluationError: No threshold meets the wish.
    """
    highest = rows.scores.max(axis=1)
    order = np.argsort(highest)
    candidates = np.unique(np.r_[np.clip(np.floor(highest * _GRID) / _GRID, 1 / _GRID, 1.0), 1.0]).round(4)
    first = np.searchsorted(highest[order], candidates)

    def from_there(values: np.ndarray) -> np.ndarray:
        return np.r_[np.cumsum(values[order][::-1])[::-1], 0.0][first]

    found = from_there(rows.risky / rows.risky.sum())
    alarms = wish.prevalence * found + (1 - wish.prevalence) * from_there(~rows.risky / (~rows.risky).sum())
    if wish.recall is None:
        met = np.flatnonzero((alarms * 1000 <= (wish.alarms or 0.0) + 1e-9) & (found > 0))
        met = met[found[met] == found[met].max(initial=0.0)]
    else:
        met = np.flatnonzero(found >= wish.recall - 1e-9)
    if not len(met):
        raise EvaluationError(
            "no threshold meets the wish on these rows: ask for fewer found messages, or allow more alarms"
        )
    return float(candidates[met[-1]])


def report(rows: Rows, threshold: float, prevalence: float, volume: int, minutes: float, draws: int) -> dict[str, Any]:
    """What the threshold means for a platform, by rows that did not choose it.

    Args:
        rows: The other half.
        threshold: What `choose` chose.
        prevalence: Share of the platform's messages that are risky.
        volume: Messages a day.
        minutes: Of a reviewer for an alarm.
        draws: Bootstrap resamples, of whole clusters.

    Returns:
        ``rows``, ``risky``, ``false_alarms`` (how many were seen), and ``figures`` (`eval.figure.Figure`, or
        ``not_estimable``): ``recall``, ``missed_a_day``, ``false_alarm_rate``, ``alarms_per_1000``, ``alarms_a_day``,
        ``precision`` and ``reviewers``.
    """
    flagged = rows.flagged(threshold)
    seen = int((flagged & ~rows.risky).sum())

    def measured(metric: Callable[..., float]) -> Numbers:
        columns = rows.risky, flagged
        return metric(*columns), *bootstrap_interval(metric, columns, rows.clusters, draws=draws)

    def alarms(truth: np.ndarray, decided: np.ndarray) -> float:
        return prevalence * recall(truth, decided) + (1 - prevalence) * false_alarm_rate(truth, decided)

    with_risk = len(np.unique(rows.clusters[rows.risky]))
    found, rate = measured(recall), measured(alarms)
    if found[0] == 1.0:
        # The bootstrap cannot imagine a miss where it saw none: the exact bound of so many independent trials can.
        found = 1.0, 0.025 ** (1 / with_risk), 1.0
    of_risky = {
        "recall": found,
        "missed_a_day": _times(volume * prevalence, (1 - found[0], 1 - found[2], 1 - found[1])),
    }
    of_alarms = {
        "false_alarm_rate": measured(false_alarm_rate),
        "alarms_per_1000": _times(1000, rate),
        "alarms_a_day": _times(volume, rate),
        "precision": measured(partial(precision_at_prevalence, prevalence)),
        "reviewers": _times(volume * minutes / 60 / HOURS, rate),
    }
    few_clusters = f"{with_risk} clusters with risky messages: fewer than {LEAST_CLUSTERS}"
    few_alarms = f"{seen} false alarms on {int((~rows.risky).sum())} safe messages: fewer than {LEAST_ALARMS}"
    figures = _figures(of_risky, few_clusters if with_risk < LEAST_CLUSTERS else "")
    figures |= _figures(of_alarms, few_alarms if seen < LEAST_ALARMS else "")
    return {"rows": len(rows.risky), "risky": int(rows.risky.sum()), "false_alarms": seen, "figures": figures}


def as_policy(rows: Rows, threshold: float, version: str, model: str, base: Policy | None) -> dict[str, Any]:
    """A policy document as the service takes it.

    Labels that the target does not take together are only observed. Labels of high severity escalate where `base` lets them,
    never below their new `review_at`; without `base` nothing escalates.
    """
    labels = {}
    for name in LABEL_NAMES:
        escalate = None if base is None else base.thresholds[name].escalate_at
        labels[name] = Thresholds(
            threshold,
            None if escalate is None else max(escalate, threshold),
            Mode.ON if name in rows.labels else Mode.OBSERVE,
        )
    return Policy(version, model, labels).as_dict()


def _figures(numbers: Mapping[str, Numbers], why_not: str) -> dict[str, Any]:
    if why_not:
        return {name: {"not_estimable": why_not} for name in numbers}
    return {
        name: {key: rounded(one) for key, one in zip(("value", "low", "high"), values, strict=True)}
        for name, values in numbers.items()
    }


def _times(factor: float, numbers: Numbers) -> Numbers:
    return tuple(factor * one for one in numbers)
