"""schemathesis against the OpenAPI schema: every answer is one that the schema names, none is a 500."""

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from serving.app import create_app
from serving.settings import Settings

OPERATIONS = [
    "POST /v1/classify",
    "POST /v1/classify/batch",
    "GET /v1/labels",
    "GET /v1/model",
    "GET /metrics",
    "GET /live",
    "GET /ready",
]


@pytest.fixture(scope="module")
def operations(classifier):
    schema = schemathesis.openapi.from_asgi(
        "/openapi.json", create_app(Settings(workers=2, deadline_ms=60_000), classifier)
    )
    return {found.ok().label: found.ok() for found in schema.get_all_operations()}


def test_all_operations_are_listed(operations):
    assert sorted(operations) == sorted(OPERATIONS)


@pytest.mark.parametrize("label", OPERATIONS)
def test_api_keeps_its_schema(operations, label):
    valid = operations[label].as_strategy()
    broken = operations[label].as_strategy(schemathesis.GenerationMode.NEGATIVE) if "POST" in label else valid

    @settings(max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.one_of(valid, broken))
    def check(case):
        case.call_and_validate()

    check()
