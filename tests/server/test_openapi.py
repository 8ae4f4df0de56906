"""Requests made from the OpenAPI description, right and wrong ones: no answer is one that it does not describe."""

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS

from live_server import finished_run, live_server

PHOTO = "/api/read"  # any bytes may be sent, and most are no photo; which are, no schema can say


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    runs = tmp_path_factory.mktemp("described")
    finished_run(runs / "cnn-seed0")
    with live_server(runs) as made:
        yield made


def starts_training(operation):
    return operation.method == "post" and operation.path.startswith("/api/runs")


@pytest.mark.parametrize("num_examples", [8, pytest.param(60, marks=pytest.mark.slow)])  # of each address
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["right", "wrong"])
def test_answers_are_as_described(server, mode, num_examples):
    schema = schemathesis.openapi.from_url(f"http://127.0.0.1:{server.port}/api/openapi.json")
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) >= 8
    trains = mode is GenerationMode.POSITIVE
    operations = [one for one in operations if not (one.path.endswith("/events") or (trains and starts_training(one)))]
    for operation in operations:
        is_photo = operation.path == PHOTO
        if mode is GenerationMode.POSITIVE or (not is_photo and (operation.body or operation.path_parameters)):
            left_out = [CHECKS.get_one("positive_data_acceptance")] if is_photo else []

            @settings(max_examples=num_examples, deadline=None, suppress_health_check=list(HealthCheck), database=None)
            @given(case=operation.as_strategy(generation_mode=mode))
            def ask(case):
                case.call_and_validate(excluded_checks=left_out, timeout=60)  # noqa: B023  (called in this turn)

            ask()
    assert server.get("/api/health")[0] == 200
