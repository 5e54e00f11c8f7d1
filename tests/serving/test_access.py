"""Who is let in: nobody's key, the first key, scopes, revoked keys, and a database that is away."""

import json
import logging
import socket
import time

import httpx
import pytest
from fastapi.testclient import TestClient

from serving.app import create_app
from serving.database import Database
from serving.keys import Scope, create_key, list_keys, revoke_key
from serving.settings import Settings

OF_ADMIN = ("/v1/policies", "/v1/deletions")
IMITATED = ("/v1/moderations", "/v1alpha1/comments:analyze")
OF_REVIEW = ("/v1/verdicts", "/v1/review")


def with_key(key):
    return {"Authorization": f"Bearer {key}"}


def endpoints(client):
    """Method, path and scope of everything under /v1 and /v1alpha1, as the API describes itself."""
    found = []
    for path, operations in client.get("/openapi.json").json()["paths"].items():
        if path.startswith(("/v1/", "/v1alpha1/")):
            scope = "admin" if path.startswith(OF_ADMIN) else "review" if path.startswith(OF_REVIEW) else "classify"
            found += [(method.upper(), path, scope) for method in operations]
    assert len(found) >= 14
    return found


def ask(client, method, path, **headers):
    body = {"text": "hoi"} if path == "/v1/classify" else {}
    return client.request(method, path, json=body, headers=headers)


def wait_until(true):
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)


@pytest.fixture
def open_service(classifier, tmp_path):
    """A client, and the database of its service, which is only read again when a test says so."""
    app = create_app(Settings(data=tmp_path, refresh_seconds=60, workers=1), classifier)
    with TestClient(app) as client:
        yield client, app.state.service


def test_without_any_key_messages_are_judged_and_nothing_else_is_done(open_service):
    client, _ = open_service
    for method, path, scope in endpoints(client):
        answer = ask(client, method, path)
        assert (answer.status_code == 401) == (scope != "classify"), path
        assert answer.headers.get("WWW-Authenticate") == (None if scope == "classify" else "Bearer")
        # Clients of other APIs always send a key.
        refused = 401 if path not in IMITATED else 400
        assert ask(client, method, path, **with_key("vgn_wrong")).status_code == refused
    assert client.post("/v1/classify", json={"text": "hoi"}).status_code == 200


def test_from_the_first_key_on_everything_needs_one_with_the_scope(open_service, classifier, tmp_path):
    client, service = open_service
    keys = {str(scope): create_key(service.database, scope, [scope]) for scope in Scope}
    service.keys.refresh()
    for method, path, needed in endpoints(client):
        for wrong in ({}, with_key("vgn_wrong"), {"Authorization": f"Basic {keys[needed]}"}, with_key("")):
            answer = ask(client, method, path, **wrong)
            assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer"), path
            form = "application/json" if path in IMITATED else "application/problem+json"
            assert answer.headers["Content-Type"] == form
        for scope, key in keys.items():
            answer = ask(client, method, path, **with_key(key))
            assert (answer.status_code == 403) == (scope != needed), path
            assert answer.status_code != 403 or needed in answer.text
            assert answer.status_code != 401
    for row in list_keys(service.database):
        revoke_key(service.database, row.id)
    service.keys.refresh()
    again = create_app(Settings(data=tmp_path, workers=1), classifier)
    with TestClient(again) as restarted:
        for one in (client, restarted):
            assert ask(one, "POST", "/v1/classify").status_code == 401
            assert ask(one, "POST", "/v1/classify", **with_key(keys["classify"])).status_code == 401
            assert one.get("/live").status_code == 200


def test_nobody_is_let_in_before_the_keys_could_be_read(classifier, tmp_path, postgresql, postgresql_url):
    with_database = Database(postgresql_url)
    with_database.migrate()
    key = create_key(with_database, "platform", [Scope.CLASSIFY])
    with_database.close()
    postgresql.stop()
    settings = Settings(data=tmp_path, database_url=postgresql_url, refresh_seconds=0.1, workers=1)
    try:
        with TestClient(create_app(settings, classifier)) as client:
            for headers in ({}, with_key(key), with_key("vgn_wrong")):
                answer = ask(client, "POST", "/v1/classify", **headers)
                assert answer.status_code == 503
                assert int(answer.headers["Retry-After"]) >= 1
            assert client.get("/live").status_code == 200
            starting = client.get("/ready")
            assert (starting.status_code, starting.json()["status"]) == (503, "starting")
            assert starting.json()["degraded"].count("database") == 1
            postgresql.start()
            wait_until(lambda: ask(client, "POST", "/v1/classify", **with_key(key)).status_code != 503)
            assert ask(client, "POST", "/v1/classify", **with_key(key)).status_code == 200
            assert ask(client, "POST", "/v1/classify").status_code == 401
            wait_until(lambda: client.get("/ready").json()["degraded"] == [])
            assert client.get("/ready").status_code == 200
            postgresql.stop()
            wait_until(lambda: "database" in client.get("/ready").json()["degraded"])
            assert ask(client, "POST", "/v1/classify", **with_key(key)).status_code == 200
            assert ask(client, "POST", "/v1/classify").status_code == 401
    finally:
        postgresql.start()


def test_a_key_stands_in_no_log_line_and_no_answer(open_service, caplog):
    client, service = open_service
    key = create_key(service.database, "platform", [Scope.CLASSIFY])
    secret = key.split("_", 2)[2]
    service.keys.refresh()
    caplog.set_level(logging.DEBUG)
    told = [
        ask(client, "POST", "/v1/classify", **with_key(key)),
        ask(client, "GET", "/v1/policies", **with_key(key)),
        ask(client, "POST", "/v1/classify", Authorization=key),
        ask(client, "POST", "/v1/classify", **with_key(key + "x")),
        client.post("/v1/classify", json={"text": "hoi", key: key, "policy": key}, headers=with_key(key)),
        client.get(f"/{key}", headers=with_key(key)),
        client.get("/metrics", headers=with_key(key)),
    ]
    assert [one.status_code for one in told] == [200, 403, 401, 401, 422, 404, 200]
    service.keys.refresh()
    ours = [str(vars(record)) for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]
    assert ours
    assert secret not in "".join([*ours, *(one.text + str(one.headers) for one in told)])


def reachable(host, port):
    try:
        socket.create_connection((host, port), timeout=5).close()
    except ConnectionRefusedError:
        return False
    return True


def test_without_a_key_only_this_machine_is_served_whatever_the_host_says(running):
    keyless = running("keyless", host="0.0.0.0")
    keyless.key = "none is made"
    keyless.start()
    assert httpx.post(f"{keyless.url}/v1/classify", json={"text": "hoi"}, timeout=60).status_code == 200
    assert not reachable("127.0.0.2", keyless.port)
    assert "only this machine is served" in keyless.log.read_text()
    keyless.stop()

    keyed = running("keyed", host="0.0.0.0", log_level="debug").start()
    assert reachable("127.0.0.2", keyed.port)
    elsewhere = f"http://127.0.0.2:{keyed.port}/v1/classify"
    assert httpx.post(elsewhere, json={"text": "hoi"}).status_code == 401
    assert httpx.post(elsewhere, json={"text": "hoi"}, headers=with_key(keyed.key), timeout=60).status_code == 200
    keyed.stop()
    assert "only this machine" not in keyed.log.read_text()
    assert keyed.key.split("_", 2)[2] not in keyed.log.read_text()
    assert json.loads(keyed.log.read_text().splitlines()[-1])


def test_a_database_that_comes_later_without_any_key_opens_the_service_to_nobody_else(
    running, postgresql, postgresql_url
):
    postgresql.stop()
    service = running(host="0.0.0.0", database_url=postgresql_url, refresh_seconds="0.1")
    service.key = "none is made"
    try:
        service.start()
    finally:
        postgresql.start()
    wait_until(lambda: "database" not in httpx.get(f"{service.url}/ready").json()["degraded"])
    if reachable("127.0.0.2", service.port):
        answer = httpx.post(f"http://127.0.0.2:{service.port}/v1/classify", json={"text": "hoi"}, timeout=60)
        assert answer.status_code == 401
