"""A real Prometheus scrapes a real service, and everything that the dashboard and the alerts ask of it has an answer."""

import json
import re
import time
from itertools import combinations

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.deploy.conftest import DEPLOY

DASHBOARD = json.loads((DEPLOY / "grafana" / "vangnet.json").read_text(encoding="utf-8"))
QUERIES = {
    (panel["title"], target["refId"]): target["expr"].replace("$__rate_interval", "5s")
    for panel in DASHBOARD["panels"]
    for target in panel["targets"]
}
ALERTS = {
    rule["alert"]: rule["expr"]
    for group in yaml.safe_load((DEPLOY / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
}
PATIENCE = 60
PROMETHEUS_OWN = {"up"}
WORDS = {"or", "and", "unless", "by"}


def names_in(expression):
    """Names of the series that an expression reads: what is no function, keyword, label or literal."""
    for literal in (r'"[^"]*"', r"\{[^}]*\}", r"\[[^\]]*\]", r"\bby \([^)]*\)", r"\b\d[\w.]*"):
        expression = re.sub(literal, " ", expression)
    return set(re.findall(r"[a-zA-Z_:][\w:]*(?!\w*\s*\()\b", expression)) - WORDS


@pytest.fixture
def service(running):
    """Stores for review, and has a receiver that is away."""
    return running(
        review_storage="ids",
        webhook_urls="http://127.0.0.1:1/hook",
        webhook_secret="een gedeeld geheim van lengte",
        refresh_seconds="0.2",
    ).start()


def configure(prometheus, service):
    """As it ships, but for where the service is and how often it is asked."""
    config = yaml.safe_load((DEPLOY / "prometheus.yml").read_text(encoding="utf-8"))
    config["global"] = {"scrape_interval": "200ms", "scrape_timeout": "200ms", "evaluation_interval": "200ms"}
    [job] = config["scrape_configs"]
    job["static_configs"] = [{"targets": [service.url.removeprefix("http://")]}]
    (prometheus.folder / "prometheus.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    (prometheus.folder / "alerts.yml").write_bytes((DEPLOY / "alerts.yml").read_bytes())


def series_of(prometheus, expression):
    return prometheus.ask("query", query=expression)["result"]


def test_every_panel_has_data_and_every_alert_is_evaluated(prometheus, service):
    configure(prometheus, service)
    prometheus.start()
    waiting = dict(QUERIES)
    end = time.monotonic() + PATIENCE
    with service.client() as client:
        while any(title != "Degraded parts" for title, _ in waiting):
            assert time.monotonic() < end, waiting
            for text in ("ik wil niet meer leven", "hoi"):
                assert client.post("/v1/classify", json={"text": text}).status_code == 200
            waiting = {place: query for place, query in waiting.items() if not series_of(prometheus, query)}
        text = client.get("/metrics").text
    [flagged] = series_of(prometheus, 'vangnet_decisions_total{decision="review"}')
    assert float(flagged["value"][1]) > 0
    assert flagged["metric"]["job"] == "vangnet"

    families = list(text_string_to_metric_families(text))
    exported = {sample.name for family in families for sample in family.samples} | PROMETHEUS_OWN
    # A counter with labels has no sample until something is counted.
    exported |= {f"{family.name}_total" for family in families if family.type == "counter"}
    for name, expression in (QUERIES | ALERTS).items():
        series_of(prometheus, expression)
        assert names_in(expression), name
        assert names_in(expression) <= exported, name
    groups = prometheus.ask("rules")["groups"]
    rules = {rule["name"]: rule for group in groups for rule in group["rules"]}
    assert rules.keys() == ALERTS.keys()
    assert {rule["health"] for rule in rules.values()} == {"ok"}


def test_names_of_series_are_told_from_the_rest_of_an_expression():
    assert names_in('sum by (a, b) (rate(one_total{c="x"}[5m])) > 0.01 * two or max(three) unless up == 0') == {
        "one_total",
        "two",
        "three",
        "up",
    }


def test_panels_name_their_data_source_by_variable_and_do_not_overlap():
    [variable] = DASHBOARD["templating"]["list"]
    assert (variable["type"], variable["query"]) == ("datasource", "prometheus")
    source = {"type": "prometheus", "uid": f"${{{variable['name']}}}"}
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len({panel["title"] for panel in panels}) == len(panels)
    for panel in panels:
        assert panel["datasource"] == source
        assert all(target["datasource"] == source for target in panel["targets"])
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24
    for one, other in combinations([panel["gridPos"] for panel in panels], 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        assert beside or one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
