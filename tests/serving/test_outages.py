"""The real service when something else fails: what was accepted is kept, what can be judged is judged, nothing is told."""

import itertools
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from sqlalchemy import select

from serving.database import Database
from serving.tables import ReviewItem

CANARY = "kanariegeel vogeltje"
RISKY = f"ik wil niet meer leven {CANARY}"
PATIENCE = 60


def stored(url):
    database = Database(url)
    with database.session() as session:
        ids = set(session.scalars(select(ReviewItem.id)))
    database.close()
    return ids


def eventually(check):
    end = time.monotonic() + PATIENCE
    while not check():
        assert time.monotonic() < end
        time.sleep(0.1)


def flag(client, number):
    answer = client.post("/v1/classify", json={"text": RISKY, "message_id": f"m{number}"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["decision"] != "allow"
    return answer.json()["review_item"]


def test_items_that_were_told_of_survive_a_kill_under_load(running, tmp_path):
    service = running(review_storage="ids", queue="100").start()
    numbers, told, stop = itertools.count(), [], threading.Event()

    def load():
        with service.client() as client:
            while not stop.is_set():
                try:
                    told.append(flag(client, next(numbers)))
                except httpx.TransportError:
                    return

    with ThreadPoolExecutor(4) as pool:
        callers = [pool.submit(load) for _ in range(4)]
        eventually(lambda: len(told) >= 40)
        service.kill()
        stop.set()
    for caller in callers:
        caller.result()
    assert None not in told
    url = f"sqlite:///{service.folder / 'vangnet.db'}"
    service.start()
    eventually(lambda: stored(url) >= set(told))
    assert CANARY not in service.log.read_text()


def test_judging_goes_on_without_the_database_and_items_arrive_later(running, postgresql, postgresql_url):
    service = running(database_url=postgresql_url, review_storage="ids", refresh_seconds="0.2").start()
    with service.client() as client:
        before = flag(client, 0)
        eventually(lambda: stored(postgresql_url) == {before})
        postgresql.stop()
        try:
            items = {flag(client, number) for number in range(1, 6)}
            assert len(items) == 5
            eventually(lambda: client.get("/ready").json()["degraded"] == ["database", "review_storage"])
            assert client.get("/ready").status_code == 200
            metrics = client.get("/metrics").text
            assert "vangnet_spool_records 5.0" in metrics
            assert 'vangnet_chore_failures_total{chore="review_storage"}' in metrics
            assert {'vangnet_degraded{part="database"} 1.0', 'vangnet_degraded{part="review_storage"} 1.0'} <= set(
                metrics.splitlines()
            )
            refused = client.get("/v1/policies")
            assert refused.status_code == 503
            assert refused.headers["Retry-After"] == "1"
        finally:
            postgresql.start()
        eventually(lambda: stored(postgresql_url) == items | {before})
        eventually(lambda: client.get("/ready").json()["status"] == "ready")
        assert 'vangnet_degraded{part="database"} 0.0' in client.get("/metrics").text.splitlines()
        told = service.log.read_text() + metrics + refused.text
    assert CANARY not in told
    assert service.key not in told


def test_a_full_disk_costs_no_message_its_decision(running, postgresql, postgresql_url):
    service = running(database_url=postgresql_url, review_storage="ids", refresh_seconds="0.2").start()
    with service.client() as client:
        flag(client, 0)
        eventually(lambda: stored(postgresql_url))
        postgresql.stop()
        # No file of the process may grow beyond this, as on a disk without room.
        limit(service.pid, 1)
        try:
            assert flag(client, 1) is None
            assert 'vangnet_reviews_total{outcome="refused"} 1.0' in client.get("/metrics").text
        finally:
            limit(service.pid, "unlimited")
            postgresql.start()
        item = flag(client, 2)
        eventually(lambda: item in stored(postgresql_url))


def limit(pid, size):
    subprocess.run(["prlimit", "--pid", str(pid), f"--fsize={size}:unlimited"], check=True)


def test_two_replicas_under_load_take_over_a_policy(running, postgresql_url):
    one = running("one", database_url=postgresql_url, refresh_seconds="0.2").start()
    other = running("other", database_url=postgresql_url, refresh_seconds="0.2")
    other.key = one.key
    other.start()
    stop = threading.Event()

    def load():
        statuses = set()
        with other.client() as client:
            while not stop.is_set():
                answer = client.post("/v1/classify", json={"text": RISKY})
                statuses.add((answer.status_code, answer.json()["versions"]["policy"]))
        return statuses

    with one.client() as client, other.client() as second, ThreadPoolExecutor(2) as pool:
        callers = [pool.submit(load) for _ in range(2)]
        [own] = client.get("/v1/policies").json()
        labels = {name: {**thresholds, "mode": "observe"} for name, thresholds in own["labels"].items()}
        policy = {"version": "proef-1", "model": own["model"], "labels": labels}
        signed = {"author": "test", "reason": "alleen kijken"}
        assert client.post("/v1/policies", json={"policy": policy, **signed}).status_code == 201
        assert client.put("/v1/policies/active", json={"version": "proef-1", **signed}).status_code == 200
        answer = client.post("/v1/classify", json={"text": RISKY}).json()
        assert (answer["decision"], answer["would_be"]["decision"]) == ("allow", "review")
        eventually(lambda: second.get("/v1/model").json()["policy"] == "proef-1")
        assert client.post("/v1/policies/roll-back", json=signed).json() == {"active": own["version"]}
        eventually(lambda: second.get("/v1/model").json()["policy"] == own["version"])
        stop.set()
        seen = set.union(*(caller.result() for caller in callers))
    assert seen == {(200, own["version"]), (200, "proef-1")}


@pytest.mark.parametrize("away", ["postgresql", "redis"])
def test_starts_without_its_servers_and_says_so(running, postgresql, postgresql_url, redis_server, redis_url, away):
    settings = {"database_url": postgresql_url} if away == "postgresql" else {"redis_url": redis_url}
    service = running(refresh_seconds="0.2", **settings)
    service.make_key(rate="1000/minute")
    server = postgresql if away == "postgresql" else redis_server
    server.stop()
    try:
        service.start()
        with service.client() as client:
            status = client.post("/v1/classify", json={"text": "hoi"}).status_code
            # Without Redis every replica counts for itself; without the database nobody knows whose key it is.
            assert status == (503 if away == "postgresql" else 200)
    finally:
        server.start()
    with service.client() as client:
        eventually(lambda: client.post("/v1/classify", json={"text": "hoi"}).status_code == 200)
