"""Every alert is raised by the trouble that it names, and by nothing else."""

import subprocess

import pytest
import yaml

from tests.deploy.conftest import DEPLOY

RULES = DEPLOY / "alerts.yml"
TIMES = 240
"""Samples of 15 seconds: an hour."""


def series(name, **labels):
    every = {"job": "vangnet", "instance": "one"} | labels
    return name + "{" + ", ".join(f'{label}="{value}"' for label, value in every.items()) + "}"


def steady(value):
    return f"{value}x{TIMES}"


def growing(by):
    return f"0+{by}x{TIMES}"


UP = series("up")
ALLOWED, FLAGGED = (series("vangnet_decisions_total", decision=decision) for decision in ("allow", "review"))
UNJUDGED = series("vangnet_unjudged_total", reason="busy")
FAST, MEDIUM, ALL = (series("vangnet_stage_seconds_bucket", stage="score", le=le) for le in ("0.5", "1.0", "+Inf"))
CHORES = series("vangnet_chore_failures_total", chore="database")
MEMORY = series("vangnet_memory_total", state="away")
RATES = series("vangnet_degraded", part="rates")
REFUSED = series("vangnet_reviews_total", outcome="refused")
SPOOL = series("vangnet_spool_records")
DEAD = series("vangnet_webhook_events", state="dead")

HEALTHY = {
    UP: steady(1),
    ALLOWED: growing(100),
    FLAGGED: growing(1),
    UNJUDGED: growing(1),
    FAST: growing(1000),
    MEDIUM: growing(1005),
    ALL: growing(1005),
    CHORES: steady(1),
    MEMORY: steady(1),
    REFUSED: steady(1),
    SPOOL: "0" + " 3 9 0" * (TIMES // 3),  # filled and emptied again, as a busy one is
    DEAD: steady(0),
}
TROUBLES = {
    "VangnetAway": {UP: steady(0)},
    "VangnetDegraded": {CHORES: growing(3)},
    "VangnetMemoryAway": {MEMORY: growing(3)},
    "VangnetRatesApart": {RATES: steady(1)},
    "VangnetUnjudged": {UNJUDGED: growing(2)},
    "VangnetSlow": {FAST: growing(990)},
    "VangnetSilent": {FLAGGED: steady(7)},
    "VangnetReviewsLost": {REFUSED: growing(1)},
    "VangnetSpoolGrowing": {SPOOL: growing(1)},
    "VangnetWebhooksDead": {DEAD: steady(1)},
}


def check(*arguments):
    done = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def raises(alert, values, path):
    """Check with promtool that these series raise this alert alone, or none."""
    raised = [] if alert is None else [{"labels": f'{{alertname="{alert}"}}', "value": 1}]
    expression = 'count by (alertname) (ALERTS{alertstate="firing"})'
    tests = {
        "rule_files": [str(RULES)],
        "evaluation_interval": "15s",
        "tests": [
            {
                "interval": "15s",
                "input_series": [{"series": name, "values": value} for name, value in values.items()],
                "promql_expr_test": [{"expr": expression, "eval_time": "59m", "exp_samples": raised}],
            }
        ],
    }
    path.write_text(yaml.safe_dump(tests), encoding="utf-8")
    check("test", "rules", path)


def test_configuration_and_rules_are_accepted():
    check("check", "config", DEPLOY / "prometheus.yml")
    check("check", "rules", RULES)


def test_nothing_is_raised_when_all_is_well(tmp_path):
    raises(None, HEALTHY, tmp_path / "test.yml")


@pytest.mark.parametrize("alert", TROUBLES)
def test_trouble_raises_its_alert_alone(alert, tmp_path):
    raises(alert, HEALTHY | TROUBLES[alert], tmp_path / "test.yml")


def test_it_is_told_when_no_message_at_all_is_judged(tmp_path):
    values = {name: value for name, value in HEALTHY.items() if name not in (ALLOWED, FLAGGED)}
    raises("VangnetUnjudged", values, tmp_path / "test.yml")


def test_every_alert_has_its_trouble_and_is_explained():
    [group] = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    assert [rule["alert"] for rule in group["rules"]] == list(TROUBLES)
    guide = (DEPLOY / "README.md").read_text(encoding="utf-8")
    assert all(f"| `{alert}` |" in guide for alert in TROUBLES)
