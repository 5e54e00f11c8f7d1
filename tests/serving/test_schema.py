"""schemathesis against the OpenAPI schema of a running service: every answer is one that the schema names, none is a 500."""

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.serving.conftest import Running

BEYOND_SCHEMA = [
    "POST /v1/classify",
    "POST /v1/moderations",
    "POST /v1/policies",
    "POST /v1/policies/validate",
    "POST /v1alpha1/comments:analyze",
]
"""What these refuse, such as a policy that does not exist, a threshold over another, a language
or a sum of parts, no schema can say."""
OPERATIONS = [
    "POST /v1/classify",
    "POST /v1/classify/batch",
    "POST /v1/moderations",
    "POST /v1alpha1/comments:analyze",
    "GET /v1/labels",
    "GET /v1/model",
    "GET /v1/policies",
    "POST /v1/policies",
    "POST /v1/policies/validate",
    "PUT /v1/policies/active",
    "POST /v1/policies/roll-back",
    "GET /v1/policies/changes",
    "POST /v1/verdicts",
    "POST /v1/deletions",
    "GET /metrics",
    "GET /live",
    "GET /ready",
]


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    everything = {"review_storage": "ids", "memory_minutes": "5", "trend_days": "5", "audit_sample": "0.5"}
    made = Running(tmp_path_factory.mktemp("service"), deadline_ms="60000", **everything)
    yield made.start()
    made.stop()


@pytest.fixture(scope="module")
def operations(service):
    schema = schemathesis.openapi.from_url(f"{service.url}/openapi.json")
    return {found.ok().label: found.ok() for found in schema.get_all_operations()}


def test_all_operations_are_listed(operations):
    assert sorted(operations) == sorted(OPERATIONS)


@pytest.mark.parametrize("label", OPERATIONS)
def test_api_keeps_its_schema(operations, service, label):
    valid = operations[label].as_strategy()
    sends = not label.startswith("GET")
    broken = operations[label].as_strategy(schemathesis.GenerationMode.NEGATIVE) if sends else valid

    excluded = [positive_data_acceptance] if label in BEYOND_SCHEMA else []

    @settings(max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.one_of(valid, broken))
    def check(case):
        case.call_and_validate(headers={"Authorization": f"Bearer {service.key}"}, excluded_checks=excluded)

    check()
    assert "unexpected" not in service.log.read_text()
