"""The pool on the real classifier: what is refused, what is dropped, and that places come back."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from classifier import Classifier, Message
from serving.workers import Busy, TooLate, Workers

ROOT = Path(__file__).parents[2]
LONG = Message("lang verhaal over van alles " * 350)
SHORT = Message("hoi")


class Counting(Classifier):
    """Counts the messages that it scores."""

    scored = 0

    def predict(self, message):
        Counting.scored += 1
        return super().predict(message)


@pytest.fixture
def counting(bundle_folder):
    Counting.scored = 0
    return Counting.load(bundle_folder)


def with_workers(classifier, check, **options):
    workers = Workers(classifier, **{"threads": 1, "queue": 5, "patience": 60.0, "deadline": 60.0, **options})
    try:
        return asyncio.run(check(workers))
    finally:
        workers.close()


def test_a_message_whose_caller_left_is_never_scored_and_gives_its_place_back(counting):
    async def check(workers):
        first = asyncio.ensure_future(workers.judge(LONG, counting.policy))
        waiting = [asyncio.ensure_future(workers.judge(SHORT, counting.policy)) for _ in range(5)]
        await asyncio.sleep(0)
        assert workers.taken == workers.places
        with pytest.raises(Busy):
            await workers.judge(SHORT, counting.policy)
        for one in waiting:
            one.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        await asyncio.sleep(0)
        again = await asyncio.gather(first, *(workers.judge(SHORT, counting.policy) for _ in range(5)))
        assert len(again) == 6

    with_workers(counting, check)
    assert Counting.scored == 6


def test_a_message_that_waits_beyond_the_deadline_is_given_up_and_one_at_work_keeps_its_place(counting):
    async def check(workers):
        first = asyncio.ensure_future(workers.judge(LONG, counting.policy))
        late = asyncio.ensure_future(workers.judge(SHORT, counting.policy))
        with pytest.raises(TooLate):
            await late
        with pytest.raises(TooLate):
            await first
        # The long message is still being scored: its place is taken, the other's is free.
        assert workers.taken == 1
        while workers.taken:
            await asyncio.sleep(0.01)

    with_workers(counting, check, queue=1, deadline=0.001)
    assert Counting.scored == 1


def test_a_message_is_refused_when_it_would_wait_too_long_whatever_room_there_is(classifier):
    async def check(workers):
        for _ in range(3):  # one after another they wait for nobody
            await workers.judge(LONG, classifier.policy)
        at_work = asyncio.ensure_future(workers.judge(LONG, classifier.policy))
        await asyncio.sleep(0)
        assert workers.taken == 1
        with pytest.raises(Busy):
            await workers.judge(SHORT, classifier.policy)
        await at_work
        assert not workers.full

    with_workers(classifier, check, patience=0.000_001)


def test_timings_tell_waiting_from_scoring(classifier):
    async def check(workers):
        return await asyncio.gather(workers.judge(LONG, classifier.policy), workers.judge(SHORT, classifier.policy))

    (_, first), (_, second) = with_workers(classifier, check)
    assert first["score_ms"] > second["score_ms"] > 0
    assert second["wait_ms"] >= 0.9 * first["score_ms"]


def test_a_process_of_little_priority_keeps_it():
    code = (
        "import os; from serving.workers import _give_way; before = os.nice(10); _give_way();"
        "print(os.getpriority(os.PRIO_PROCESS, 0) - before)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT)
    assert done.stdout == "0\n"
