"""Messages without an answer: each is counted once, whatever happens to the service."""

import asyncio
import contextlib
import threading

import pytest
from vangnet_client import AsyncVangnet, Rescan, Vangnet, VangnetError

from tests.serving.conftest import PATIENCE, Running

RISKY = {"text": "ik wil niet meer leven", "message_id": "r"}
LONG = {"text": "lang verhaal over van alles " * 350}
DONE = (200, {}, '{"decision": "allow"}')
REFUSED = (503, {}, "")
INVALID = (422, {}, "")
BROKEN = (500, {}, "")


def numbered(count):
    return [{"text": str(number)} for number in range(count)]


def counters(rescan):
    return rescan.waiting, rescan.scored_late, rescan.never_scored


def sync_pass(rescan, url):
    with Vangnet(url, timeout=60, retries=0) as client:
        return [message["text"] for message, _ in rescan.retry(client)]


def async_pass(rescan, url):
    async def check():
        async with AsyncVangnet(url, timeout=60, retries=0) as client:
            return [message["text"] async for message, _ in rescan.retry_async(client)]

    return asyncio.run(check())


both = pytest.mark.parametrize("one_pass", [sync_pass, async_pass])


def filled(count, **options):
    rescan = Rescan(**options)
    for message in numbered(count):
        rescan.put(message)
    return rescan


@both
def test_a_pass_asks_oldest_first_and_ends_at_the_first_refusal(one_pass, scripted):
    rescan = filled(4)
    scripted.script = [DONE, REFUSED]
    assert one_pass(rescan, scripted.url) == ["0"]
    assert counters(rescan) == (3, 1, 0)
    assert len(scripted.asked) == 2
    scripted.script = [DONE]
    assert one_pass(rescan, scripted.url) == ["2", "3", "1"]
    assert counters(rescan) == (0, 4, 0)
    assert one_pass(rescan, scripted.url) == []
    assert len(scripted.asked) == 5


@both
def test_a_message_that_cannot_be_judged_is_dropped_and_counted(one_pass, scripted):
    rescan = filled(3)
    scripted.script = [DONE, INVALID, DONE]
    assert one_pass(rescan, scripted.url) == ["0", "2"]
    assert counters(rescan) == (0, 2, 1)


@both
def test_a_message_that_fails_each_time_does_not_keep_the_others_waiting(one_pass, scripted):
    rescan = filled(3)
    scripted.script = [BROKEN, DONE, DONE, BROKEN]
    assert one_pass(rescan, scripted.url) == []
    assert one_pass(rescan, scripted.url) == ["1", "2"]
    assert counters(rescan) == (1, 2, 0)


@both
def test_beyond_its_bound_the_oldest_is_dropped_also_after_a_refusal(one_pass, scripted):
    rescan = filled(5, most=3)
    assert counters(rescan) == (3, 0, 2)
    scripted.script = [REFUSED]
    assert one_pass(rescan, scripted.url) == []  # 2 stands at the end now, and is still the oldest
    rescan.put({"text": "5"})
    scripted.script = [DONE]
    assert one_pass(rescan, scripted.url) == ["3", "4", "5"]
    assert counters(rescan) == (0, 3, 3)


def test_abandoned_messages_were_never_scored():
    rescan = filled(3)
    rescan.abandon()
    assert counters(rescan) == (0, 0, 3)


def test_a_message_is_kept_as_it_was(scripted):
    rescan, context = Rescan(), [{"role": "peer", "text": "eerst"}]
    rescan.put({"text": "hoi", "context": context})
    context.append({"role": "self", "text": "later"})
    scripted.script = [DONE]
    sync_pass(rescan, scripted.url)
    assert scripted.asked[0][3] == {"text": "hoi", "context": [{"role": "peer", "text": "eerst"}]}


def test_a_pass_that_is_cut_short_loses_no_message(scripted):
    rescan, asked = filled(3), threading.Event()
    ended = threading.Event()

    def silent():
        asked.set()
        ended.wait(60)
        return DONE

    scripted.script = [DONE, silent]

    async def check():
        async with AsyncVangnet(scripted.url, timeout=60) as client:

            async def whole_pass():
                return [answer async for answer in rescan.retry_async(client)]

            work = asyncio.create_task(whole_pass())
            await asyncio.to_thread(asked.wait, 60)
            assert counters(rescan) == (2, 1, 0)
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)

    try:
        asyncio.run(check())
    finally:
        ended.set()
    assert counters(rescan) == (2, 1, 0)
    scripted.script = [DONE]
    assert sync_pass(rescan, scripted.url) == ["2", "1"]


def test_threads_that_put_and_ask_at_once_count_every_message_once(scripted):
    rescan = Rescan(most=50)
    scripted.script = [DONE]
    late = []

    def put():
        for message in numbered(100):
            rescan.put(message)

    threads = [threading.Thread(target=put) for _ in range(4)]
    threads += [threading.Thread(target=lambda: late.extend(sync_pass(rescan, scripted.url))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert rescan.waiting <= 50
    late += sync_pass(rescan, scripted.url)
    assert rescan.waiting == 0
    assert len(late) == len(scripted.asked) == rescan.scored_late
    assert rescan.scored_late + rescan.never_scored == 400


def test_what_a_full_service_refused_is_scored_late(tmp_path):
    service = Running(tmp_path, workers="1", queue="0", deadline_ms="60000")
    service.start()
    rescan, refused, statuses = Rescan(), threading.Event(), []

    def occupy():
        with Vangnet(service.url, service.key, timeout=PATIENCE, retries=0) as client:
            while not refused.is_set():
                with contextlib.suppress(VangnetError):
                    client.classify(**LONG)

    thread = threading.Thread(target=occupy)
    thread.start()
    try:
        with Vangnet(service.url, service.key, timeout=PATIENCE, retries=0) as client:
            while not rescan.waiting:
                try:
                    client.classify(**RISKY)
                except VangnetError as error:
                    statuses.append(error.status)
                    rescan.put(RISKY)
            refused.set()
            thread.join()
            [(message, answer)] = list(rescan.retry(client))
        assert statuses == [429]
        assert message == RISKY
        assert answer["decision"] == "review"
        assert counters(rescan) == (0, 1, 0)
    finally:
        refused.set()
        thread.join()
        service.stop()
