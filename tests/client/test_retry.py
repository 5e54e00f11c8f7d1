"""When a request is sent again: the policy alone, then both clients against a server that refuses as told."""

import asyncio
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from vangnet_client import AsyncVangnet, Vangnet, VangnetError
from vangnet_client.retry import DOUBLINGS, FIRST_PAUSE, RetryPolicy, seconds_asked

from tests.client.conftest import HANG_UP

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
DONE = (200, {}, '{"decision": "allow"}')
BUSY = (429, {"Retry-After": "0"}, "")
LATE = (503, {}, "")


def sync_call(url, **options):
    with Vangnet(url, **options) as client:
        return client.classify("hoi")


def async_call(url, **options):
    async def call():
        async with AsyncVangnet(url, **options) as client:
            return await client.classify("hoi")

    return asyncio.run(call())


both = pytest.mark.parametrize("call", [sync_call, async_call])


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("3", 3.0),
        ("0", 0.0),
        ("Sun, 22 Nov 2026 12:00:05 GMT", 5.0),
        ("Sun, 22 Nov 2026 12:00:05 -0000", 5.0),
        ("Sun, 22 Nov 2026 11:59:00 GMT", 0.0),
        ("", 0.0),
        ("-3", 0.0),
        ("straks", 0.0),
        ("Sun, 22 Nov 99999999999 12:00:05 GMT", 0.0),
    ],
)
def test_retry_after_is_seconds_or_a_date(header, seconds):
    assert seconds_asked(header, NOW) == seconds


def test_pauses_double_up_to_a_cap_and_vary_by_chance():
    policy = RetryPolicy(retries=1000, timeout=1e9)
    longest = [policy.pause(attempts, 0, 0, 1) for attempts in range(1, 1001)]
    assert longest[: DOUBLINGS + 1] == [FIRST_PAUSE * 2**doublings for doublings in range(DOUBLINGS + 1)]
    assert set(longest[DOUBLINGS:]) == {FIRST_PAUSE * 2**DOUBLINGS}
    assert policy.pause(3, 0, 0, 0) == longest[2] / 2


def test_the_service_is_never_asked_earlier_than_it_says_and_not_at_all_beyond_the_timeout():
    policy = RetryPolicy(retries=2, timeout=10)
    assert policy.pause(1, elapsed=0, asked=4, chance=0) == 4 + FIRST_PAUSE / 2
    assert policy.pause(1, elapsed=6, asked=4, chance=0) is None
    assert policy.pause(2, elapsed=0, asked=0, chance=0) is not None
    assert policy.pause(3, elapsed=0, asked=0, chance=0) is None
    assert policy.pause(1, elapsed=0, asked=seconds_asked("9" * 5000, NOW), chance=0) is None


@both
def test_refusals_and_lost_connections_are_tried_again(call, scripted):
    scripted.script = [BUSY, LATE, HANG_UP, DONE]
    assert call(scripted.url, api_key="geheim", timeout=60, retries=3)["decision"] == "allow"
    assert [(path, body) for _, path, _, body in scripted.asked] == [("/v1/classify", {"text": "hoi"})] * 4
    assert {headers["Authorization"] for _, _, headers, _ in scripted.asked} == {"Bearer geheim"}


@both
def test_retry_after_is_respected(call, scripted):
    dates = []

    def until():
        dates.append(datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=2))
        return 503, {"Retry-After": format_datetime(dates[0], usegmt=True)}, ""

    scripted.script = [(429, {"Retry-After": "1"}, ""), until, DONE]
    call(scripted.url, timeout=60)
    first, second, third = (at for at, *_ in scripted.asked)
    assert second - first >= 1
    assert third >= dates[0].timestamp()


@both
@pytest.mark.parametrize(("refusal", "retries", "requests"), [(BUSY, 2, 3), (LATE, 0, 1), (HANG_UP, 1, 2)])
def test_retries_end(call, scripted, refusal, retries, requests):
    scripted.script = [refusal]
    with pytest.raises(VangnetError) as caught:
        call(scripted.url, timeout=60, retries=retries)
    assert caught.value.status == (refusal and refusal[0])
    assert len(scripted.asked) == requests


@both
@pytest.mark.parametrize("status", [301, 400, 401, 403, 413, 422, 500, 502, 504])
def test_nothing_else_is_tried_again(call, scripted, status):
    scripted.script = [(status, {"Retry-After": "0", "Location": "/elders"}, ""), DONE]
    with pytest.raises(VangnetError) as caught:
        call(scripted.url, timeout=60, retries=5)
    assert caught.value.status == status
    assert len(scripted.asked) == 1


@both
def test_a_service_that_asks_to_wait_beyond_the_timeout_is_given_up_at_once(call, scripted):
    scripted.script = [(503, {"Retry-After": "3600"}, ""), DONE]
    with pytest.raises(VangnetError, match="503"):
        call(scripted.url, timeout=60)
    assert len(scripted.asked) == 1


@both
def test_a_service_that_does_not_answer_in_time_is_given_up(call, scripted):
    given_up = threading.Event()

    def silent():
        given_up.wait(20)
        return HANG_UP

    scripted.script = [silent]
    try:
        with pytest.raises(VangnetError, match="Timeout") as caught:
            call(scripted.url, timeout=0.5)
    finally:
        given_up.set()
    assert caught.value.status is None
    assert len(scripted.asked) == 1


def test_the_async_timeout_holds_for_an_answer_that_comes_bit_by_bit(scripted):
    given_up = threading.Event()

    def spaces():
        for _ in range(200):
            given_up.wait(0.05)
            yield " "

    scripted.script = [(200, {}, spaces())]
    try:
        with pytest.raises(VangnetError, match="Timeout"):
            async_call(scripted.url, timeout=0.3)
    finally:
        given_up.set()
