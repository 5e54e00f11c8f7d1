"""An author's course: slow drifts show, steady authors and single messages do not, and nothing of it can be read."""

import asyncio
import math
import random
from datetime import UTC, datetime, timedelta

import pytest
import redis

from serving.sealing import Sealing
from serving.trend import KEPT, Trend
from serving.windows import LocalWindows, RedisWindows

START = datetime(2026, 3, 1, 20, tzinfo=UTC)
CANARY = "kanariegeel vogeltje"
PATIENT = 30.0
# Self-harm scores of 900 messages without a label, by the calibration voices: the middle of each twentieth part.
SAFE = (*[0.0] * 5, *[0.0001] * 4, 0.0002, 0.0003, 0.0003, 0.0004, 0.0006, 0.0009, 0.0014, 0.0024, 0.0049, 0.016, 0.091)
QUIET = [0.0005] * 20


@pytest.fixture(params=["local", "redis"])
def use(request):
    """Run a check on a trend of its own."""
    url = request.getfixturevalue("redis_url") if request.param == "redis" else None

    def run(check):
        async def body():
            windows = RedisWindows(url, PATIENT) if url else LocalWindows(100)
            try:
                return await check(Trend(windows, Sealing.ephemeral()))
            finally:
                await windows.close()

        return asyncio.run(body())

    return run


def course(scores, hours=1.0):
    """The answers for an author's messages, so many hours apart."""

    async def check():
        trend = Trend(LocalWindows(1), Sealing.ephemeral())
        moments = (START + timedelta(hours=hours * number) for number in range(len(scores)))
        return [
            await trend.update("school", "noor", None, at, score) for at, score in zip(moments, scores, strict=True)
        ]

    return asyncio.run(check())


def directions(scores, hours=1.0):
    return [one["direction"] for one in course(scores, hours)]


def even_in_log_odds(first, last, count):
    low, high = (math.log(share / (1 - share)) for share in (first, last))
    return [1 / (1 + math.exp(-(low + (high - low) * step / (count - 1)))) for step in range(count)]


DRIFTS = [even_in_log_odds(0.002, 0.1, 10), [0.002 + 0.098 * step / 9 for step in range(10)]]


@pytest.mark.parametrize("hours", [1 / 60, 1, 24])
@pytest.mark.parametrize("before", [[], QUIET])
@pytest.mark.parametrize("drift", DRIFTS)
def test_a_slow_drift_below_every_threshold_shows_as_rising(drift, before, hours):
    found = directions([*before, *drift], hours)
    assert max(drift) < 0.156
    assert found[-1] == "rising"
    assert "rising" not in found[: len(before) + 2]


def test_steady_authors_are_rarely_rising():
    chance = random.Random(1)
    found = [one for _ in range(40) for one in directions([chance.choice(SAFE) for _ in range(50)])]
    assert found.count("rising") / len(found) < 0.01


@pytest.mark.parametrize("level", [0.0, 0.002, 0.08, 0.5, 1.0])
def test_an_even_level_is_steady_however_high(level):
    assert set(directions([level] * 30)) == {"steady"}


def test_one_risky_message_among_safe_ones_is_no_drift():
    assert set(directions([*QUIET, 0.97, *QUIET])) == {"steady"}


def test_a_drift_that_ended_is_steady_again():
    assert directions([*QUIET, *DRIFTS[0], *QUIET])[-1] == "steady"


def test_falling_risk_is_not_rising():
    assert set(directions(DRIFTS[0][::-1])) == {"steady"}


def test_fewer_than_five_messages_tell_no_direction():
    found = directions([0.0, 0.0, 0.1, 0.1, 0.1])
    assert found == ["steady"] * 4 + ["rising"]


def test_risk_is_the_mean_of_log_odds_in_which_a_message_weighs_half_after_a_day():
    first, second = course([0.5, 0.02], hours=24)
    assert first == {"risk": pytest.approx(0.5), "direction": "steady", "messages": 1}
    # Log-odds 0 weighs half, those of 0.02 weigh whole.
    assert second["risk"] == pytest.approx(1 / (1 + math.exp(math.log(49) / 1.5)))


@pytest.mark.parametrize("score", [0.0, 1.0])
def test_scores_at_the_ends_are_answered(score):
    assert course([score])[0]["risk"] == pytest.approx(abs(score - 0.001))


def test_the_last_fifty_messages_within_two_weeks_count():
    assert [one["messages"] for one in course([0.001] * 60)] == [*range(1, KEPT + 1), *[KEPT] * 10]
    assert [one["messages"] for one in course([0.001] * 20, hours=24)][-2:] == [14, 14]


def test_a_message_that_comes_again_counts_once_and_later_ones_not_yet(use):
    async def check(trend):
        for hour, message in enumerate("abc"):
            await trend.update("school", "noor", message, START + timedelta(hours=hour), 0.5)
        again = await trend.update("school", "noor", "b", START + timedelta(hours=1), 0.5)
        last = await trend.update("school", "noor", "c", START + timedelta(hours=2), 0.002)
        return again["messages"], last["messages"], last["risk"]

    again, last, risk = use(check)
    assert (again, last) == (2, 3)
    assert risk < 0.2


def test_authors_and_tenants_do_not_meet_and_can_be_forgotten(use):
    async def check(trend):
        people = [("school", "noor"), ("school", "sem"), ("club", "noor")]
        first = [(await trend.update(*who, None, START, 0.5))["messages"] for who in people]
        assert await trend.forget("school", "noor") is True
        assert await trend.forget("school", "noor") is False
        return first, [(await trend.update(*who, None, START, 0.5))["messages"] for who in people]

    assert use(check) == ([1, 1, 1], [1, 2, 2])


def test_redis_holds_no_id_and_no_score_and_forgets_in_time(redis_url):
    async def check():
        windows = RedisWindows(redis_url, PATIENT)
        trend = Trend(windows, Sealing.ephemeral(), days=3)
        for _ in range(2):
            await trend.update(*(f"{part}-{CANARY}" for part in ("tenant", "schrijver", "bericht")), START, 0.25)
        await windows.close()

    asyncio.run(check())
    with redis.Redis.from_url(redis_url) as client:
        keys = client.keys()
        assert len(keys) == 1
        held = [*keys, *client.zrange(keys[0], 0, -1)]
        assert 2 * 86_400 < client.ttl(keys[0]) <= 3 * 86_400
    assert len(held) == 3
    assert not [one for one in held if b"kanarie" in one]
    # Every entry is a sealed token.
    assert all(one.startswith(b"gAAAA") for one in held[1:])
