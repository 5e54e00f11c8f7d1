"""Capped lists: the same promises of both stores, and a real Redis that goes away and comes back."""

import asyncio
import socket
from itertools import pairwise

import pytest

from serving.windows import PAUSE, LocalWindows, RedisWindows, WindowsAway

PATIENT = 30.0
"""Seconds that Redis may take to answer: tests run on busy machines."""


@pytest.fixture(params=["local", "redis"])
def use(request):
    """Run a check on windows of its own."""
    url = request.getfixturevalue("redis_url") if request.param == "redis" else None

    def run(check):
        async def body():
            windows = RedisWindows(url, PATIENT) if url else LocalWindows(100)
            try:
                return await check(windows)
            finally:
                await windows.close()

        return asyncio.run(body())

    return run


async def fill(windows, key, count, most=3, seconds=60):
    return [await windows.push(key, b"%d" % number, most, seconds) for number in range(count)]


def test_a_push_gives_what_stood_before_oldest_first_and_keeps_the_newest(use):
    found = use(lambda windows: fill(windows, "a", 5))
    assert found == [[], [b"0"], [b"0", b"1"], [b"0", b"1", b"2"], [b"1", b"2", b"3"]]


def test_one_place_keeps_the_last_entry(use):
    assert use(lambda windows: fill(windows, "a", 3, most=1)) == [[], [b"0"], [b"1"]]


def test_a_smaller_window_gives_fewer_and_any_bytes_are_kept(use):
    async def check(windows):
        await fill(windows, "a", 3)
        return await windows.push("a", b"\x00\xff\r\n", 2, 60), await windows.push("a", b"", 3, 60)

    assert use(check) == ([b"1", b"2"], [b"2", b"\x00\xff\r\n"])


def test_keys_do_not_meet_and_dropped_ones_are_gone(use):
    async def check(windows):
        for key in "ab":
            await fill(windows, key, 2)
        assert await windows.drop(["a", "a", "nergens"]) == 1
        assert await windows.drop(["a"]) == await windows.drop([]) == 0
        return await fill(windows, "a", 1), await fill(windows, "b", 1)

    assert use(check) == ([[]], [[b"0", b"1"]])


def test_pushes_at_once_lose_nothing(use):
    async def check(windows):
        before = await asyncio.gather(*(windows.push("a", b"%d" % number, 50, 60) for number in range(40)))
        return sorted(map(len, before)), await windows.push("a", b"", 50, 60)

    lengths, all_of_them = use(check)
    assert lengths == list(range(40))
    assert sorted(all_of_them) == sorted(b"%d" % number for number in range(40))


def test_a_list_ends_with_its_time_to_live(use):
    async def check(windows):
        await windows.push("short", b"0", 3, 1)
        await windows.push("long", b"0", 3, 600)
        await asyncio.sleep(1.2)
        return await windows.push("short", b"1", 3, 1), await windows.push("long", b"1", 3, 600)

    assert use(check) == ([], [b"0"])


def test_an_entry_ends_with_its_own_time_whatever_is_added(use):
    async def check(windows):
        await windows.push("a", b"first", 9, 2)
        await asyncio.sleep(1.2)
        before = await windows.push("a", b"second", 9, 2)
        await asyncio.sleep(1.2)
        return before, await windows.push("a", b"third", 9, 2)

    assert use(check) == ([b"first"], [b"second"])


def test_an_entry_of_this_process_is_given_back_for_less_than_its_time():
    now = 0.0
    windows = LocalWindows(10, timer=lambda: now)

    async def check():
        nonlocal now
        for number in range(4):
            now = 8.0 * number
            found.append(await windows.push("a", b"%d" % number, 9, 10))
        now += 10
        found.append(await windows.push("a", b"late", 9, 10))

    found = []
    asyncio.run(check())
    assert found == [[], [b"0"], [b"1"], [b"2"], []]


def test_redis_is_asked_to_renew_the_time_to_live(redis_url):
    async def check():
        windows = RedisWindows(redis_url, PATIENT)
        await windows.push("a", b"0", 3, 5)
        await windows.push("a", b"1", 3, 500)
        left = await windows._redis.ttl("a")
        await windows.close()
        return left

    assert 5 < asyncio.run(check()) <= 500


def test_the_list_that_was_not_used_for_longest_makes_room():
    async def check():
        windows = LocalWindows(2)
        for key in ("a", "b", "a", "c"):
            await windows.push(key, key.encode(), 3, 60)
        return [await windows.drop([key]) for key in "abc"]

    assert asyncio.run(check()) == [1, 0, 1]


def test_two_servers_share_one_redis(redis_url):
    async def check():
        both = RedisWindows(redis_url, PATIENT), RedisWindows(redis_url, PATIENT)
        pushes = [both[number % 2].push("a", b"%d" % number, 60, 60) for number in range(50)]
        before = await asyncio.gather(*pushes)
        for windows in both:
            await windows.close()
        return before

    before = sorted(asyncio.run(check()), key=len)
    # Every push saw exactly what the one before it left.
    assert [len(one) for one in before] == list(range(50))
    assert all(longer[:-1] == shorter for shorter, longer in pairwise(before))


def test_a_push_whose_caller_left_does_not_spoil_the_answers_of_others(redis_url):
    async def check():
        windows = RedisWindows(redis_url, PATIENT)
        for steps in range(12):
            await windows.push(f"other{steps}", b"theirs", 3, 60)
            left = asyncio.ensure_future(windows.push(f"other{steps}", b"x", 3, 60))
            for _ in range(steps):
                await asyncio.sleep(0)
            left.cancel()
            await asyncio.gather(left, return_exceptions=True)
            assert await windows.push(f"mine{steps}", b"0", 3, 60) == []
            assert await windows.push(f"mine{steps}", b"1", 3, 60) == [b"0"]
        await windows.close()

    asyncio.run(check())


def test_redis_that_went_away_is_left_alone_for_a_while_and_used_when_it_is_back(redis_server, redis_url):
    now = 100.0

    async def check():
        nonlocal now
        windows = RedisWindows(redis_url, PATIENT, timer=lambda: now)
        assert await fill(windows, "a", 2) == [[], [b"0"]]
        redis_server.stop()
        with pytest.raises(WindowsAway, match="does not answer"):
            await windows.push("a", b"", 3, 60)
        redis_server.start()
        for attempt in (windows.push("a", b"", 3, 60), windows.drop(["a"])):
            with pytest.raises(WindowsAway, match="a moment ago"):
                await attempt
        now += PAUSE
        assert await fill(windows, "a", 2) == [[], [b"0"]]
        redis_server.stop()
        with pytest.raises(WindowsAway, match="does not answer"):
            await windows.drop(["a"])
        await windows.close()

    asyncio.run(check())


def test_connections_that_were_closed_while_idle_cost_no_message_anything(redis_server, redis_url):
    async def check():
        windows = RedisWindows(redis_url, PATIENT)
        await asyncio.gather(*(windows.push("a", b"%d" % number, 3, 60) for number in range(5)))
        redis_server.stop()
        redis_server.start()
        await asyncio.sleep(0.1)  # the event loop hears that they were closed
        found = await asyncio.gather(*(windows.push("a", b"%d" % number, 9, 60) for number in range(7)))
        await windows.close()
        return sorted(map(len, found))

    assert asyncio.run(check()) == list(range(7))


def test_a_server_that_accepts_and_says_nothing_is_away():
    async def check(port):
        windows = RedisWindows(f"redis://:wachtwoord@127.0.0.1:{port}/0", timeout=0.05)
        with pytest.raises(WindowsAway) as caught:
            await windows.push("a", b"", 3, 60)
        assert "wachtwoord" not in str(caught.value) + str(caught.value.__cause__)
        await windows.close()

    with socket.create_server(("127.0.0.1", 0)) as silent:
        asyncio.run(check(silent.getsockname()[1]))


def test_a_server_that_refuses_the_entry_is_away(redis_url):
    async def check():
        windows = RedisWindows(redis_url, PATIENT)
        await windows._redis.set("a", "not a set")
        with pytest.raises(WindowsAway):
            await windows.push("a", b"", 3, 60)
        await windows.close()

    asyncio.run(check())
