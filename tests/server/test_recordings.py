"""The recordings that ship: how the notebook's two networks learned, shown like any other run."""

import numpy as np
import pytest

from live_server import client_of, finished_run
from mnistlab.inference.pretrained import RECORDINGS, pretrained
from mnistlab.recipes import RECIPES
from mnistlab.runs import Run
from mnistlab.runs.run import SMALL_FILES
from mnistlab.runs.snapshots import read_snapshots
from mnistlab.server.settings import Settings

LAYERS = {"mlp": (20, 28, 28), "cnn": (32, 3, 3)}


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    runs = tmp_path_factory.mktemp("runs")
    finished_run(runs / "own")
    with client_of(Settings(runs=runs)) as made:
        yield made


@pytest.mark.parametrize("name", RECORDINGS)
def test_a_recording_is_of_the_network_that_ships(name, mnist):
    """What the last moment says of the watched images is what the network in the file says, but for half precision."""
    run, found = Run(RECORDINGS[name]).require(SMALL_FILES, SMALL_FILES), read_snapshots(RECORDINGS[name])
    assert run.recipe.name == name and len(run.history) == RECIPES[name].epochs
    assert len(found.moments) >= 10 and found.num_damaged == 0
    assert found.moments[0].step == 0 and found.moments[-1].step == run.metrics["steps"]
    assert found.moments[0].filters.shape == LAYERS[name]
    assert np.array_equal(found.watched.images, mnist.test.images[list(found.watched.indices)])
    answers = pretrained(name)(found.watched.images)
    temperature = pretrained(name).calibration.temperature
    logits = np.log(np.maximum(found.moments[-1].probabilities, 1e-9)) / temperature
    softened = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(answers, softened, atol=0.02)


def test_recordings_come_last_and_are_small(client):
    listed = client.get("/api/runs").json()
    assert [one["id"] for one in listed["runs"]] == ["own", "shipped-mlp", "shipped-cnn"]
    assert sum(path.stat().st_size for folder in RECORDINGS.values() for path in folder.iterdir()) < 1_000_000


@pytest.mark.parametrize("name", RECORDINGS)
def test_a_recording_is_shown_like_a_run(client, name):
    run = f"shipped-{name}"
    report = client.get(f"/api/runs/{run}").json()
    assert (report["state"], report["network"], report["folder"]) == ("finished", run, run)
    assert report["has_snapshots"] and report["steps"] and len(report["history"]) == 5
    assert report["command"].startswith(f"mnistlab train {name} ") and "site-packages" not in report["command"]
    moments = client.get(f"/api/runs/{run}/snapshots").json()["moments"]
    assert len(moments) >= 10
    german = client.get(f"/api/runs/{run}", headers={"Accept-Language": "de"}).json()
    assert german["title"].endswith("aufgezeichnet") and report["title"].endswith("recorded")
    assert client.get(f"/api/networks/{run}/structure").status_code == 200


@pytest.mark.parametrize("name", RECORDINGS)
def test_nothing_can_be_changed_about_a_recording(client, name):
    before = {path.name: path.read_bytes() for path in RECORDINGS[name].iterdir()}
    run = f"shipped-{name}"
    for action in ("stop", "resume"):
        answer = client.post(f"/api/runs/{run}/{action}")
        assert answer.status_code == 409 and run in answer.json()["error"]
    events = client.get(f"/api/runs/{run}/events").text
    assert events.count("event: state") == 1 and '"state": "finished"' in events
    assert client.post("/api/runs", json={"recipe": "mlp", "name": run}).status_code == 409
    assert {path.name: path.read_bytes() for path in RECORDINGS[name].iterdir()} == before
