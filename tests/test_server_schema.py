"""Requests made from the OpenAPI description, right and wrong ones: no answer is one that it does not describe."""

import pytest
import schemathesis
from hypothesis import HealthCheck, settings

from live_server import finished_run
from mnistlab.server.app import create_app
from mnistlab.server.settings import Settings

HERE = "http://127.0.0.1:8028"


@pytest.fixture(scope="module")
def described(tmp_path_factory):
    runs = tmp_path_factory.mktemp("described")
    finished_run(runs / "cnn-seed0")
    return schemathesis.openapi.from_asgi("/api/openapi.json", create_app(Settings(runs=runs)), base_url=HERE)


schema = schemathesis.pytest.from_fixture("described")


@schema.parametrize()
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_answers_are_as_described(case):
    case.call_and_validate()
