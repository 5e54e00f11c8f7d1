"""Rate limits: what they cost whom, what is counted, and Redis that comes and goes."""

import asyncio
import time
from contextlib import asynccontextmanager

import pytest
from fastapi.testclient import TestClient
from limits import parse
from pydantic import SecretStr

from serving.app import create_app
from serving.keys import Caller, Scope, create_key
from serving.rates import Rates
from serving.settings import Settings


def caller(tenant, rate="3/hour", key_id="1"):
    return Caller(key_id, tenant, frozenset(Scope), rate and parse(rate))


async def passed(rates, who, times):
    return [await rates.wait(who) is None for _ in range(times)]


@asynccontextmanager
async def counting(*urls):
    made = [Rates(url) for url in urls]
    try:
        yield made
    finally:
        for one in made:
            await one.close()


def test_a_limit_is_told_with_the_wait_and_costs_no_other_platform_its_turn(classifier, tmp_path):
    app = create_app(Settings(data=tmp_path, workers=1, refresh_seconds=60), classifier)
    with TestClient(app) as client:
        database = app.state.service.database
        named = {"old": "slow", "new": "slow", "other": "other", "free": "free"}
        rates = {"old": "3/hour", "new": "3/hour", "other": "3/hour", "free": None}
        keys = {key: create_key(database, name, [Scope.CLASSIFY], rates[key]) for key, name in named.items()}
        app.state.service.keys.refresh()

        def ask(key, batch=0):
            path, body = (
                ("/v1/classify/batch", {"messages": [{"text": "hoi"}] * batch}) if batch else ("/v1/classify", {})
            )
            headers = {"Authorization": f"Bearer {keys[key]}"}
            return client.post(path, json=body or {"text": "hoi"}, headers=headers)

        assert ask("old", batch=2).status_code == 200
        refused = ask("new", batch=2)
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["Retry-After"]) <= 3600
        assert "3 per 1 hour" in refused.json()["detail"]
        # A refused batch counts nothing, and keys of one name share what is left.
        assert [ask(key).status_code for key in ("new", "old", "new")] == [200, 429, 429]
        assert [ask("other").status_code for _ in range(3)] == [200] * 3
        assert [ask("free").status_code for _ in range(5)] == [200] * 5


@pytest.mark.parametrize("shared", [False, True])
def test_messages_count_by_platform_and_by_number(shared, request):
    url = request.getfixturevalue("redis_url") if shared else None

    async def check():
        async with counting(url) as [rates]:
            assert await passed(rates, caller("a"), 4) == [True, True, True, False]
            assert await rates.wait(caller("b"), 4) >= 1
            assert await rates.wait(caller("b"), 3) is None
            assert 1 <= await rates.wait(caller("b", key_id="2"), 1) <= 3600
            assert await rates.wait(caller("c", rate=None), 1000) is None

    asyncio.run(check())


def test_two_replicas_count_together_in_redis_and_each_for_itself_while_it_is_away(redis_server, redis_url):
    async def check():
        async with counting(redis_url, redis_url) as [one, two]:
            assert await passed(one, caller("a"), 2) == [True, True]
            assert await passed(two, caller("a"), 2) == [True, False]
            assert not one.away
            redis_server.stop()
            try:
                for replica in (one, two):
                    assert await passed(replica, caller("b"), 4) == [True, True, True, False]
                    assert replica.away
            finally:
                redis_server.start()
            for tenant in map(str, range(200)):  # until both count in Redis again
                if await passed(one, caller(tenant), 3) == [True] * 3 and await two.wait(caller(tenant)):
                    assert not one.away
                    return
                await asyncio.sleep(0.1)
            pytest.fail("Redis is not used again")

    asyncio.run(check())


def test_the_service_says_that_rates_are_counted_apart(classifier, tmp_path, redis_server, redis_url):
    app = create_app(Settings(data=tmp_path, workers=1, refresh_seconds=60, redis_url=SecretStr(redis_url)), classifier)
    with TestClient(app) as client:
        key = create_key(app.state.service.database, "slow", [Scope.CLASSIFY], "1000/hour")
        app.state.service.keys.refresh()

        def degraded():
            answer = client.post("/v1/classify", json={"text": "hoi"}, headers={"Authorization": f"Bearer {key}"})
            assert answer.status_code == 200
            return client.get("/ready").json()["degraded"]

        assert degraded() == []
        redis_server.stop()
        try:
            assert degraded() == ["rates"]
            assert 'vangnet_degraded{part="rates"} 1.0' in client.get("/metrics").text
        finally:
            redis_server.start()
        end = time.monotonic() + 20
        while degraded():
            assert time.monotonic() < end
            time.sleep(0.1)
