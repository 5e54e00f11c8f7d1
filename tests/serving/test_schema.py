"""schemathesis against the OpenAPI schema: every answer is one that the schema names, none is a 500."""

import pytest
import schemathesis
from hypothesis import HealthCheck, settings

from serving.app import create_app
from serving.settings import Settings


@pytest.fixture
def api(classifier):
    return schemathesis.openapi.from_asgi("/openapi.json", create_app(Settings(workers=2), classifier))


schema = schemathesis.pytest.from_fixture("api")


@schema.parametrize()
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_api_keeps_its_schema(case):
    case.call_and_validate()
