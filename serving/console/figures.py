"""What a policy would do on messages of which it is known whether they are risky."""

from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.labels import LABEL_NAMES
from classifier.policy import Mode, Policy
from serving.console.references import Bools, Scored

Figure = dict[str, Any]
"""``value``, ``low`` and ``high``, the bounds of a 95 % interval; or ``not_estimable``, the key of why not."""
LEAST = 10
"""Risky messages without which no recall is given."""
DRAWS = 500
_Z = 1.959964
_UNSEEN = 3.69
"""Of what was never seen, so many may have been due: upper 97.5 % bound of a Poisson mean after a count of zero."""
_DECIDING, _OBSERVED_TOO = (Mode.ON,), (Mode.ON, Mode.OBSERVE)


def figures(scored: Scored, policy: Policy) -> dict[str, Any]:
    """Every figure.

    Args:
        scored: The messages. All of them count as if they came in today: each is decided anew by its scores. Stored scores
            have four decimals, so that one within 0.00005 of a threshold may fall to the other side.
        policy: Decides; labels are joined by "or", as in `Policy.decide`.

    Returns:
        ``rows``; ``risky``: {``raw``: messages, ``weighted``: how many they stand for}; the figures ``recall`` (share of the
        risky messages that is flagged), ``missed`` (how many are not), ``precision`` (share of the flagged ones that is risky),
        ``support_flagged`` and ``safe_flagged`` (shares of peer support and of all safe messages that are flagged); ``labels``:
        by name {``recall``, ``precision``, ``positives``: messages} of the label by itself, on messages whose label is known;
        ``shows_misses``: whether the reference tells what is missed; and ``would_be``: the figures up to ``labels`` if observed
        labels decided too, None where the policy observes none.

        Reasons why a figure is not estimable: ``too_few`` (risky messages, fewer than `LEAST`), ``no_audit_sample`` (the
        reference has no message that was allowed in its day, so that nothing tells what is missed), ``none_flagged``,
        ``none_safe``, ``none_support``.

    Intervals are Wilson's (1927) where all messages weigh the same, otherwise percentiles of a seeded bootstrap of the
    messages. Reviewed messages are weighted by one over the probability of being stored, so figures are estimates for all
    messages that came in while the audit went on, whatever the policies of their days flagged. Where none of those that
    stand for most was found to be missed, the bound of ``missed`` has room for 3.69 of them, and ``recall`` for as many.
    Without an audit sample, ``precision`` is of those messages that this policy flags and that of their day flagged too: a
    lower threshold raises alarms that it knows nothing of.
    """
    observes = any(one.mode is Mode.OBSERVE for one in policy.thresholds.values())
    return _figures(scored, policy, _DECIDING) | {
        "shows_misses": scored.shows_misses,
        "would_be": _figures(scored, policy, _OBSERVED_TOO) if observes else None,
    }


def reached(scores: NDArray[np.float64], policy: Policy, modes: Collection[Mode] = _DECIDING) -> NDArray[np.int8]:
    """What each label asks for, of shape (n, labels): 0 nothing, 1 review, 2 escalation.

    Args:
        scores: Shape (n, labels), in label order.
        policy: Its thresholds are compared with them.
        modes: Labels in another mode ask for nothing.
    """
    thresholds = [policy.thresholds[name] for name in LABEL_NAMES]
    review = np.array([one.review_at if one.mode in modes else np.inf for one in thresholds])
    escalate = np.array(
        [np.inf if one.escalate_at is None or one.mode not in modes else one.escalate_at for one in thresholds]
    )
    return (scores >= review).astype(np.int8) + (scores >= escalate)


def wilson(hits: int, of: int) -> Figure:
    """A share of `of` messages, at least one, with Wilson's interval (1927)."""
    share, spread = hits / of, _Z**2 / of
    middle = (share + spread / 2) / (1 + spread)
    margin = float(np.sqrt(spread * (share * (1 - share) + spread / 4)) / (1 + spread))
    return _figure(share, max(0.0, min(share, middle - margin)), min(1.0, max(share, middle + margin)))


def _figures(scored: Scored, policy: Policy, modes: Collection[Mode]) -> dict[str, Any]:
    asked = reached(scored.scores, policy, modes) > 0
    risky, weights = scored.risky, scored.weights
    flagged: Bools = np.asarray(asked.any(axis=1))
    recall, missed = _recall(scored, risky, flagged)
    safe_flagged = _share(flagged, ~risky, weights, "none_safe")
    return {
        "rows": len(scored.ids),
        "risky": {"raw": int(risky.sum()), "weighted": float(weights[risky].sum())},
        "recall": recall,
        "missed": missed,
        "precision": _share(risky, flagged, weights, "none_flagged"),
        "support_flagged": _share(flagged, scored.support, weights, "none_support"),
        "safe_flagged": safe_flagged if scored.shows_misses else _without("no_audit_sample"),
        "labels": {
            name: _of_label(scored, column, asked[:, column], scored.known[:, column])
            for column, name in enumerate(LABEL_NAMES)
        },
    }


def _of_label(scored: Scored, column: int, flagged: Bools, known: Bools) -> dict[str, Any]:
    positive = scored.truth[:, column] & known
    return {
        "recall": _recall(scored, positive, flagged)[0],
        "precision": _share(positive, flagged & known, scored.weights, "none_flagged"),
        "positives": int(positive.sum()),
    }


def _recall(scored: Scored, risky: Bools, flagged: Bools) -> tuple[Figure, Figure]:
    """Share of risky messages flagged, and number of those that are not."""
    if not scored.shows_misses:
        return _without("no_audit_sample"), _without("no_audit_sample")
    if risky.sum() < LEAST:
        return _without("too_few"), _without("too_few")
    weights = scored.weights
    total = float(weights[risky].sum())
    if _equal(weights):
        found = wilson(int((risky & flagged).sum()), int(risky.sum()))
        return found, _figure(*(total * (1 - found[bound]) for bound in ("value", "high", "low")))
    hits, misses = float(weights[risky & flagged].sum()), float(weights[risky & ~flagged].sum())
    drawn_hits, drawn_misses = _bootstrap(weights, risky & flagged, risky & ~flagged)
    low, high = np.quantile(drawn_misses, (0.025, 0.975))
    with np.errstate(invalid="ignore"):  # a draw without any risky message
        worst, best = np.nanquantile(drawn_hits / (drawn_hits + drawn_misses), (0.025, 0.975))
    unseen = _unseen(weights[~flagged], risky[~flagged])
    high = max(high, misses + unseen)
    worst = min(worst, hits / (hits + misses + unseen))
    return _figure(hits / total, worst, best), _figure(misses, low, high)


def _unseen(weights: NDArray[np.float64], risky: Bools) -> float:
    """How much risk may be missed among messages that stand for many, none of which was found risky."""
    heaviest = weights == weights.max(initial=0.0)
    return 0.0 if risky[heaviest].any() else _UNSEEN * float(weights.max(initial=0.0))


def _share(hits: Bools, of: Bools, weights: NDArray[np.float64], none: str) -> Figure:
    """Share of `hits` among `of`; `none` says why there is no figure where nothing is."""
    if not of.any():
        return _without(none)
    if _equal(weights[of]):
        return wilson(int((hits & of).sum()), int(of.sum()))
    share = float(weights[hits & of].sum() / weights[of].sum())
    if share in (0.0, 1.0):
        # The bootstrap cannot imagine what it never saw. Kish's (1965) number of messages that would tell as much.
        return wilson(*(round(one) for one in (share * _effective(weights[of]), _effective(weights[of]))))
    drawn, others = _bootstrap(weights[of], hits[of], ~hits[of])
    low, high = np.nanquantile(drawn / (drawn + others), (0.025, 0.975))
    return _figure(share, low, high)


def _bootstrap(weights: NDArray[np.float64], *masks: Bools) -> tuple[NDArray[np.float64], ...]:
    """Weight within each of two disjoint masks, of shape (DRAWS,), when n messages are drawn with replacement."""
    values, group = np.unique(weights, return_inverse=True)
    # Messages that weigh the same and lie in the same mask are alike: their numbers are drawn, which is much faster.
    cell = group * 3 + masks[0] + 2 * masks[1]
    counts = np.bincount(cell, minlength=3 * len(values))
    drawn = np.random.default_rng(0).multinomial(len(weights), counts / len(weights), DRAWS)
    per_value = drawn.reshape(DRAWS, len(values), 3) * values[:, np.newaxis]
    return per_value[:, :, 1].sum(axis=1), per_value[:, :, 2].sum(axis=1)


def _effective(weights: NDArray[np.float64]) -> float:
    return float(weights.sum() ** 2 / (weights**2).sum())


def _equal(weights: NDArray[np.float64]) -> bool:
    return bool(weights.min() == weights.max())


def _figure(value: float, low: float, high: float) -> Figure:
    return {"value": float(value), "low": float(low), "high": float(high)}


def _without(reason: str) -> Figure:
    return {"not_estimable": reason}
