"""How a network looked while it learned, over HTTP: what the run folder has, and one sentence where it is damaged."""

import base64
import json

import numpy as np
import pytest

from live_server import client_of, finished_run
from mnistlab.recipes import RECIPES
from mnistlab.runs.folders import begin
from mnistlab.runs.snapshot_log import DRAWING_FILE
from mnistlab.runs.snapshots import SNAPSHOT_FILE
from mnistlab.server.settings import Settings
from mnistlab.system.locks import lock
from moments import snapshot, write_moments

IMAGE = np.arange(784, dtype=np.uint8).reshape(28, 28)
DRAWING = {"image": base64.b64encode(IMAGE.tobytes()).decode()}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    for name in ("watched", "unwatched", "damaged"):
        finished_run(folder / name)
    return folder


@pytest.fixture(scope="module")
def client(runs):
    with client_of(Settings(runs=runs)) as made:
        yield made


def test_the_moments_of_a_run_are_those_of_its_file(client, runs):
    moments = [snapshot(0, is_drawn=False), snapshot(4), snapshot(9)]
    seen = write_moments(runs / "watched", moments)
    found = client.get("/api/runs/watched/snapshots").json()
    assert (found["id"], found["steps"], found["num_damaged"]) == ("watched", [0, 4, 9], 0)
    watched = found["watched"]
    assert (watched["layer"], watched["kind"], watched["num_filters"]) == ("hidden1", "weights", 512)
    assert watched["labels"] == list(seen.labels) and watched["indices"] == list(seen.indices)
    assert base64.b64decode(watched["images"][7]) == seen.images[7].tobytes()
    for told, made in zip(found["moments"], moments, strict=True):
        assert (told["step"], told["seconds"], told["shape"]) == (made.step, made.seconds, [20, 28, 28])
        levels = np.frombuffer(base64.b64decode(told["filters"]), np.uint8).reshape(told["shape"]).astype(int)
        assert np.array_equal(levels - 128, made.filters) and told["scales"] == list(made.scales)
        np.testing.assert_allclose(told["probabilities"], made.probabilities, atol=2e-5)
    assert found["moments"][0]["drawing"] is None and found["moments"][0]["answer"] is None
    assert base64.b64decode(found["moments"][2]["drawing"]) == moments[2].drawing.tobytes()
    np.testing.assert_allclose(found["moments"][2]["answer"], moments[2].answer, atol=2e-5)
    later = client.get("/api/runs/watched/snapshots?after=4").json()
    assert later["steps"] == [0, 4, 9] and [one["step"] for one in later["moments"]] == [9]


def test_a_run_that_nobody_watched_has_none(client):
    found = client.get("/api/runs/unwatched/snapshots")
    assert found.status_code == 200
    nothing = {"watched": None, "steps": [], "moments": [], "num_damaged": 0}
    assert found.json() == {"id": "unwatched"} | nothing


def test_damage_is_told(client, runs):
    path = runs / "damaged" / SNAPSHOT_FILE
    write_moments(path.parent, [snapshot(0), snapshot(5), snapshot(9)])
    first, second, third, fourth = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first + second + third[:500] + b"\n" + fourth)
    found = client.get("/api/runs/damaged/snapshots").json()
    assert (found["steps"], found["num_damaged"]) == ([0, 9], 1)
    path.write_bytes(first[100:] + second)
    for language, sentence in (("en", "is damaged, so the page cannot show"), ("de", "ist beschädigt, deshalb")):
        answer = client.get("/api/runs/damaged/snapshots", headers={"Accept-Language": language})
        assert answer.status_code == 422 and sentence in answer.json()["error"]
    assert client.get("/api/runs/damaged").json()["state"] == "finished"


@pytest.mark.parametrize(
    ("path", "status"),
    [("nobody/snapshots", 404), ("watched/snapshots?after=-2", 422), ("watched/snapshots?after=x", 422)],
)
def test_what_is_not_there_is_told(client, path, status):
    answer = client.get(f"/api/runs/{path}")
    assert answer.status_code == status and answer.json()["error"].endswith(".")


def test_a_drawing_is_left_for_the_process_that_trains(client, runs):
    folder = runs / "training"
    folder.mkdir()
    with lock(folder):
        answer = client.post("/api/runs/training/drawing", json=DRAWING)
        assert answer.status_code == 404  # no run yet
        begin(folder, RECIPES["mlp"], {"name": "digits", "fingerprint": "1f"})
        answer = client.post("/api/runs/training/drawing", json=DRAWING)
        assert (answer.status_code, answer.json()) == (202, {"id": "training"})
        assert (folder / DRAWING_FILE).read_bytes() == IMAGE.tobytes()
        assert client.post("/api/runs/training/drawing", json={"image": "AAAA"}).status_code == 422
        assert client.post("/api/runs/training/drawing", json={}).status_code == 422
        assert client.post("/api/runs/nobody/drawing", json=DRAWING).status_code == 404
    answer = client.post("/api/runs/watched/drawing", json=DRAWING)
    assert answer.status_code == 409 and answer.json() == {"error": "The run watched is not running."}
    assert not (runs / "watched" / DRAWING_FILE).exists()


def test_the_description_has_names_for_them(client):
    paths = json.loads(client.get("/api/openapi.json").text)["paths"]
    assert paths["/api/runs/{run}/snapshots"]["get"]["operationId"] == "listSnapshots"
    assert paths["/api/runs/{run}/drawing"]["post"]["operationId"] == "answerDrawing"
    assert {"200", "404", "422"} <= {*paths["/api/runs/{run}/snapshots"]["get"]["responses"]}
