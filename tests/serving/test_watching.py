"""What can be watched from outside: metrics, request ids, timings; and that none of it holds a text."""

import json
import logging

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from classifier.labels import LABEL_NAMES
from serving.app import create_app
from serving.logs import configure
from serving.settings import Settings

CANARY = "kanariegeel vogeltje"
RISKY = "ik wil niet meer leven"


@pytest.fixture
def client(classifier):
    with TestClient(create_app(Settings(workers=1, queue=3, deadline_ms=60_000), classifier)) as client:
        yield client


def samples(client):
    text = client.get("/metrics").text
    assert CANARY not in text
    families = text_string_to_metric_families(text)
    return {(one.name, *one.labels.values()): one.value for family in families for one in family.samples}


def test_metrics_count_decisions_reasons_scores_and_stages(client, classifier):
    messages = [{"text": RISKY}, {"text": "hoi"}, {"text": ""}, {"text": CANARY}]
    items = client.post("/v1/classify/batch", json={"messages": messages}).json()["results"]
    client.post("/v1/classify", json={"text": RISKY})
    found = samples(client)
    assert found["vangnet_decisions_total", "allow"] == 2
    assert found["vangnet_decisions_total", "review"] == 2
    [reason, *_] = items[0]["result"]["reasons"]
    assert found["vangnet_reasons_total", reason["action"], reason["label"]] == 2
    for label in LABEL_NAMES:
        assert found["vangnet_score_count", label] == 4
    total = sum(item["result"]["labels"][reason["label"]]["score"] for item in items if "result" in item)
    total += items[0]["result"]["labels"][reason["label"]]["score"]
    assert found["vangnet_score_sum", reason["label"]] == pytest.approx(total)
    assert found["vangnet_stage_seconds_count", "wait"] == found["vangnet_stage_seconds_count", "score"] == 4
    assert found["vangnet_requests_total", "/v1/classify/batch", "200"] == 1
    assert (found["vangnet_pool_taken",], found["vangnet_pool_places",]) == (0, 4)
    assert found["vangnet_model_info", *classifier.versions.values()] == 1
    assert found["process_resident_memory_bytes",] > 0


def test_messages_that_were_not_judged_are_counted_by_reason(classifier):
    long = {"text": "lang verhaal over van alles " * 350}
    with TestClient(create_app(Settings(workers=1, queue=0, deadline_ms=1), classifier)) as client:
        assert client.post("/v1/classify", json=long).status_code == 503
        while client.post("/v1/classify", json={"text": "hoi"}).status_code != 429:
            client.post("/v1/classify", json=long)
        found = samples(client)
    assert found["vangnet_unjudged_total", "deadline"] >= 1
    assert found["vangnet_unjudged_total", "busy"] >= 1
    assert found["vangnet_requests_total", "/v1/classify", "429"] == found["vangnet_unjudged_total", "busy"]
    assert found["vangnet_unjudged_total", "hung_up"] == 0


def test_unknown_paths_share_one_count_so_that_callers_cannot_fill_it(client):
    for path in (f"/{CANARY}", "/nergens"):
        assert client.get(path).status_code == 404
    assert samples(client)["vangnet_requests_total", "other", "404"] == 2


@pytest.mark.parametrize(("given", "kept"), [("abc-1.2_3", True), ("a" * 64, True), ("a" * 65, False), (CANARY, False)])
def test_a_plain_request_id_is_kept(client, given, kept):
    answer = client.post("/v1/classify", json={"text": "hoi"}, headers={"X-Request-ID": given})
    assert (answer.headers["X-Request-ID"] == given) == kept
    assert CANARY not in str(answer.headers)


def test_server_timing_names_the_stages(client):
    answer = client.post("/v1/classify", json={"text": "hoi"})
    timings = dict(one.split(";dur=") for line in answer.headers.get_list("server-timing") for one in line.split(", "))
    assert timings.keys() == {"wait", "score", "app"}
    assert float(timings["app"]) >= float(timings["score"]) > 0


def test_log_lines_are_json_with_route_and_status_and_no_text(client, capsys):
    before = logging.root.handlers[:], logging.root.level
    try:
        configure("info")
        client.post("/v1/classify?sleutel=geheim", json={"text": CANARY}, headers={"X-Request-ID": "r-1"})
        client.post("/v1/classify", json={CANARY: 1})
    finally:
        logging.root.handlers[:], level = before
        logging.root.setLevel(level)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    mine = [line for line in lines if line["logger"] == "vangnet.requests"]
    assert [(line["path"], line["status"]) for line in mine] == [("/v1/classify", 200), ("/v1/classify", 422)]
    assert mine[0]["request_id"] == "r-1"
    assert mine[0]["level"] == "INFO"
    assert mine[0]["ms"] > 0
    assert CANARY not in str(lines)
    assert "geheim" not in str(mine)
