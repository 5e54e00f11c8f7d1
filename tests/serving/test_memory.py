"""Context that is remembered: its order, who wrote it, what comes again, and that nothing of it can be read."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import redis
from cryptography.fernet import Fernet
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier.message import MAX_CONTEXT, Role, Turn
from serving.memory import MOST_TEXT, Memory
from serving.sealing import Sealing
from serving.windows import LocalWindows, RedisWindows

START = datetime(2026, 3, 1, 20, tzinfo=UTC)
CANARY = "kanariegeel vogeltje"
PATIENT = 30.0


@pytest.fixture(params=["local", "redis"])
def use(request):
    """Run a check on a memory of its own."""
    url = request.getfixturevalue("redis_url") if request.param == "redis" else None

    def run(check):
        async def body():
            windows = RedisWindows(url, PATIENT) if url else LocalWindows(100)
            try:
                return await check(Memory(windows, Sealing.ephemeral(), 30))
            finally:
                await windows.close()

        return asyncio.run(body())

    return run


async def say(memory, text, author="noor", message=None, minute=None, tenant="school", conversation="klas"):
    sent_at = None if minute is None else START + timedelta(minutes=minute)
    return await memory.context_for(tenant, conversation, author, message, sent_at, text)


def texts(turns):
    return [turn.text for turn in turns]


def test_the_last_five_messages_come_back_with_who_wrote_them(use):
    async def check(memory):
        found = [await say(memory, str(number), "noor" if number % 2 else "sem") for number in range(7)]
        return found[0], found[2], found[6]

    none, two, five = use(check)
    assert none == ()
    assert two == (Turn(Role.SELF, "0"), Turn(Role.PEER, "1"))
    assert [turn.text for turn in five] == ["1", "2", "3", "4", "5"]
    assert [turn.role for turn in five] == [Role.PEER, Role.SELF, Role.PEER, Role.SELF, Role.PEER]


def test_conversations_and_tenants_do_not_meet(use):
    async def check(memory):
        await say(memory, "hier")
        others = [await say(memory, "daar", tenant="club"), await say(memory, "daar", conversation="gang")]
        return others, await say(memory, "weer")

    others, mine = use(check)
    assert others == [(), ()]
    assert texts(mine) == ["hier"]


def test_a_message_that_comes_again_has_the_same_context_and_stands_once_in_that_of_others(use):
    async def check(memory):
        for message in "abc":
            await say(memory, message, message=message)
        again = await say(memory, "b", message="b")
        return texts(again), texts(await say(memory, "d", message="d"))

    assert use(check) == (["a"], ["a", "b", "c"])


def test_an_edited_message_keeps_its_place_and_has_its_newest_text(use):
    async def check(memory):
        for message in "abc":
            await say(memory, message, message=message)
        await say(memory, "B", message="b")
        return texts(await say(memory, "d", message="d"))

    assert use(check) == ["a", "B", "c"]


def test_five_messages_remain_when_some_came_again(use):
    async def check(memory):
        for message in "abcdef":
            await say(memory, message, message=message)
            await say(memory, message, message=message)
        return texts(await say(memory, "g", message="g"))

    assert use(check) == ["b", "c", "d", "e", "f"]


def test_messages_without_an_id_are_all_different(use):
    async def check(memory):
        for _ in range(3):
            await say(memory, "ja")
        return texts(await say(memory, "ja"))

    assert use(check) == ["ja", "ja", "ja"]


def test_what_was_sent_later_is_no_context(use):
    async def check(memory):
        for minute in (3, 1, 9, 2):
            await say(memory, str(minute), minute=minute)
        return texts(await say(memory, "5", minute=5)), texts(await say(memory, "als laatste gekomen"))

    assert use(check) == (["1", "2", "3"], ["3", "1", "9", "2", "5"])


def test_time_zones_are_told_apart(use):
    async def check(memory):
        west = datetime.fromisoformat("2026-03-01T20:00:00-05:00")
        east = datetime.fromisoformat("2026-03-01T21:00:00+01:00")
        await memory.context_for("school", "klas", "noor", None, west, "later")
        return await memory.context_for("school", "klas", "noor", None, east, "eerder")

    assert use(check) == ()


@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.sampled_from(["noor", "sem"]), st.none() | st.sampled_from("abcdefgh")),
        min_size=1,
        max_size=12,
    ),
    st.booleans(),
)
@settings(deadline=None)
def test_context_is_what_stood_before_each_message_once_with_its_newest_text(messages, timed):
    async def check():
        memory = Memory(LocalWindows(10), Sealing.ephemeral(), 30)
        given = []
        for came, (minute, author, message) in enumerate(messages):
            minute = minute if timed else 0
            turns = await say(memory, str(came), author, message, minute if timed else None)
            given.append((came, minute, author, message))
            expected = {}
            for other, at, writer, name in given:
                name = other if name is None else name
                expected[name] = (at, expected.get(name, (at, other))[1], writer, str(other))
            ordered = sorted(expected.values())
            here = [text for *_, text in ordered].index(str(came))
            before = ordered[max(0, here - MAX_CONTEXT) : here]
            assert turns == tuple(
                Turn(Role.SELF if writer == author else Role.PEER, text) for _, _, writer, text in before
            )
            assert max(Counter(texts(turns)).values(), default=0) <= 1

    asyncio.run(check())


def test_a_conversation_can_be_forgotten(use):
    async def check(memory):
        await say(memory, "hier")
        await say(memory, "daar", conversation="gang")
        assert await memory.forget("club", "klas") is False
        assert await memory.forget("school", "klas") is True
        assert await memory.forget("school", "klas") is False
        return await say(memory, "weer"), await say(memory, "weer", conversation="gang")

    assert use(check) == ((), (Turn(Role.SELF, "daar"),))


def test_a_new_key_keeps_conversations_and_a_lost_one_forgets_their_texts():
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()

    async def check():
        windows = LocalWindows(10)
        await say(Memory(windows, Sealing([old]), 30), "oud")
        rotated = await say(Memory(windows, Sealing([new, old]), 30), "nieuw")
        # A server that does not know the new key yet still finds the conversation, and reads what it can.
        behind = await say(Memory(windows, Sealing([old]), 30), "weer")
        return texts(rotated), texts(behind), await say(Memory(windows, Sealing([new]), 30), "alleen")

    assert asyncio.run(check()) == (["oud"], ["oud"], ())


def test_redis_holds_no_text_and_no_id_and_forgets_in_time(redis_url):
    async def check():
        windows = RedisWindows(redis_url, PATIENT)
        memory = Memory(windows, Sealing.ephemeral(), 30)
        names = [f"{part}-{CANARY}" for part in ("tenant", "gesprek", "schrijver", "bericht")]
        for _ in range(2):
            turns = await memory.context_for(*names, START, CANARY)
        await memory.context_for(*names[:3], None, START, CANARY)
        await windows.close()
        return turns

    asyncio.run(check())
    with redis.Redis.from_url(redis_url) as client:
        keys = client.keys()
        assert len(keys) == 1
        held = [*keys, *client.zrange(keys[0], 0, -1)]
        assert 29 * 60 < client.ttl(keys[0]) <= 30 * 60
    assert len(held) == 4
    assert not [one for one in held if b"kanarie" in one]
    # Every entry is a sealed token.
    assert all(one.startswith(b"gAAAA") for one in held[1:])


def test_of_a_long_text_the_end_is_remembered():
    memory = Memory(LocalWindows(10), Sealing.ephemeral(), minutes=5)
    text = "begin " + "lang " * 1_000 + "eind"

    async def check():
        await memory.context_for("t", "c", "anna", None, None, text)
        return await memory.context_for("t", "c", "bas", None, None, "hoi")

    [turn] = asyncio.run(check())
    assert len(turn.text) == MOST_TEXT
    assert text.endswith(turn.text)
