"""What HTTP asks of every server: methods, headers alone, refusals in plain words, a description."""

import dataclasses
import json
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from live_server import client_of, finished_run, live_server
from mnistlab.runs.run import write_manifest
from mnistlab.server.settings import Settings

# How Pydantic speaks; none of it may reach a client.
FOREIGN = re.compile(
    r"Input should|Field required|Extra inputs|valid (integer|number|string|dict)|pydantic|value_error"
)


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    runs = tmp_path_factory.mktemp("asked")
    finished_run(runs / "cnn-seed0")
    with client_of(Settings(runs=runs)) as made:
        yield made


@pytest.mark.parametrize(
    "address, methods",
    [
        ("/", "GET, HEAD"),
        ("/web/main.js", "GET, HEAD"),
        ("/api/networks", "GET, HEAD"),
        ("/api/runs", "GET, HEAD, POST"),  # two routes
        ("/api/runs/cnn-seed0", "GET, HEAD"),
        ("/api/read", "POST"),
        ("/api/openapi.json", "GET, HEAD"),
    ],
)
def test_a_refused_method_hears_of_all_that_are_taken(client, address, methods):
    answer = client.request("DELETE", address)
    assert (answer.status_code, answer.headers["allow"]) == (405, methods)


def test_an_address_of_nothing_takes_no_method(client):
    answer = client.request("DELETE", "/api/nothing")
    assert answer.status_code == 404
    assert "allow" not in answer.headers


@pytest.mark.parametrize("address", ["/", "/web/main.js", "/api/networks", "/api/runs", "/api/openapi.json", "/api/no"])
def test_head_is_get_without_the_body(client, address):
    full, head = client.get(address), client.request("HEAD", address)
    assert (head.status_code, head.content) == (full.status_code, b"")
    differing = {"date"}
    assert {k: v for k, v in head.headers.items() if k not in differing} == {
        k: v for k, v in full.headers.items() if k not in differing
    }


def test_head_of_a_stream_ends_at_once(tmp_path):
    finished_run(tmp_path / "cnn-seed0")
    with live_server(tmp_path) as server:
        status, headers, body = server.ask("HEAD", "/api/runs/cnn-seed0/events", None, {})
        assert (status, body) == (200, b"")
        assert headers["content-type"].startswith("text/event-stream")
        assert server.get("/api/health")[0] == 200


@pytest.mark.parametrize(
    "body, said",
    [
        ({}, "recipe is missing"),
        ({"recipe": "mlp", "epochs": 0}, "epochs must be at least 1"),
        ({"recipe": "mlp", "epochs": 101}, "epochs must be at most 100"),
        ({"recipe": "mlp", "epochs": "7"}, "epochs must be a whole number"),
        ({"recipe": "mlp", "epochs": 1.5}, "epochs must be a whole number"),
        ({"recipe": "mlp", "learning_rate": "fast"}, "learning_rate must be a number"),
        ({"recipe": "mlp", "augmentation": "yes"}, "augmentation must be true or false"),
        ({"recipe": 5}, "recipe must be text"),
        ({"recipe": "mlp", "layers": 3}, "layers is not a field here"),
        ([], "the body must be an object"),
        (None, "the body is missing"),
    ],
)
def test_a_wrong_field_is_named_in_plain_words(client, body, said):
    answer = client.post("/api/recipes/code", json=body)
    assert answer.status_code == 422
    assert said in answer.json()["error"]
    assert not FOREIGN.search(answer.json()["error"])


def test_what_is_no_json_is_said_so(client):
    answer = client.post("/api/recipes/code", content=b"{", headers={"Content-Type": "application/json"})
    assert answer.json() == {"error": "The request is not what was expected: the body is not JSON."}


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)
FIELDS = ("recipe", "epochs", "batch_size", "learning_rate", "augmentation", "seed", "image", "networks", "network")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None)
@given(path=st.sampled_from(["recipes/code", "classify", "activations", "occlusion"]), body=st.data())
def test_the_words_of_the_library_reach_nobody(client, path, body):
    sent = body.draw(ANYTHING | st.dictionaries(st.sampled_from(FIELDS), ANYTHING, max_size=4))
    answer = client.post(f"/api/{path}", json=sent)
    assert answer.status_code < 500
    assert not FOREIGN.search(answer.text)


def test_the_description_names_operations_and_the_token(client, tmp_path):
    described = client.get("/api/openapi.json").json()
    operations = [operation for methods in described["paths"].values() for operation in methods.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names)
    assert {"listRuns", "startRun", "classify"} <= set(names)
    assert all(re.fullmatch(r"[a-z]+([A-Z][a-z]+)*", name) for name in names)
    assert all("401" in operation["responses"] for operation in operations)
    assert described["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    assert {} in described["security"]  # this server asks for none
    locked = dataclasses.replace(Settings(runs=tmp_path), token="a-token-of-some-length")
    with client_of(locked) as other:
        brought = {"Authorization": "Bearer a-token-of-some-length"}
        assert other.get("/api/openapi.json", headers=brought).json()["security"] == [{"token": []}]


FIGURES = [None, "x", [], {}, float("nan"), float("inf"), -1, 10**400, True]


@pytest.mark.parametrize("key", ["test_accuracy", "train_seconds", "steps", "num_parameters", "epoch_seconds"])
def test_the_list_of_runs_survives_a_damaged_one(client, tmp_path, key):
    finished_run(tmp_path / "good")
    for number, figure in enumerate(FIGURES):
        folder = finished_run(tmp_path / f"bad{number}")
        metrics = json.loads((folder / "metrics.json").read_text())
        (folder / "metrics.json").write_text(json.dumps(metrics | {key: figure}))
        write_manifest(folder)
    (finished_run(tmp_path / "empty") / "metrics.json").write_text("{}")
    with client_of(Settings(runs=tmp_path)) as asked:
        runs = asked.get("/api/runs").json()["runs"]
        assert len(runs) == len(FIGURES) + 4  # with two recordings
        assert {run["id"]: run["state"] for run in runs}["good"] == "finished"
        for run in runs:
            assert asked.get(f"/api/runs/{run['id']}").status_code < 500


@pytest.mark.parametrize(
    ("method", "path", "body", "english", "german"),
    [
        ("GET", "/api/nothing", None, "There is nothing at this address.", "Unter dieser Adresse gibt es nichts."),
        ("GET", "/api/runs/nobody", None, "There is no run of this id.", "Es gibt keinen Lauf mit dieser Kennung."),
        ("DELETE", "/web/main.js", None, "This address takes another method.", "Diese Adresse erwartet eine andere"),
        (
            "POST",
            "/api/runs",
            {"recipe": "mlp", "epochs": 0},
            "epochs must be at least 1.",
            "epochs muss mindestens 1 sein.",
        ),
        (
            "POST",
            "/api/runs/cnn-seed0/stop",
            {},
            "The run cnn-seed0 is not running.",
            "Der Lauf cnn-seed0 läuft nicht.",
        ),
    ],
)
def test_what_is_refused_is_said_in_the_language_of_the_client(client, method, path, body, english, german):
    for accepted, expected in [("", english), ("fr", english), ("de-AT,en;q=0.5", german), ("en, de;q=0.9", english)]:
        request = {} if body is None else {"json": body}
        answer = client.request(method, path, headers={"Accept-Language": accepted}, **request)
        assert answer.status_code in (404, 405, 409, 422)
        assert expected in answer.json()["error"], accepted


def test_titles_and_recipes_are_said_in_the_language_of_the_client(client):
    german = {"Accept-Language": "de"}
    networks = client.get("/api/networks", headers=german).json()["networks"]
    assert [one["title"] for one in networks][1:3] == ["Einfaches Netz (MLP)", "Faltungsnetz (CNN)"]
    assert {"Das Bild, von 0 bis 1", "Faltung 1, ReLU"} <= {layer["title"] for layer in networks[2]["layers"]}
    assert client.get("/api/networks").json()["networks"][1]["title"] == "Simple network (MLP)"
    recipes = client.get("/api/recipes", headers=german).json()["recipes"]
    assert {one["id"]: one["title"] for one in recipes}["fast"] == "Der schnellste Weg zu 99 %".replace(" %", "\xa0%")
