"""Whatever one run folder holds, it is named as damaged, and the lists of the others are as if it were not there.

Each case damages a finished run, or a begun one, and makes its manifest fit again: a stranger could do that too.
"""

import io
import json
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, load_model

from live_server import client_of, finished_run
from mnistlab.recipes import RECIPES
from mnistlab.runs import list_runs
from mnistlab.runs.checkpoint import Checkpoint
from mnistlab.runs.folders import begin
from mnistlab.runs.listing import format_table
from mnistlab.runs.run import write_manifest
from mnistlab.server.settings import Settings
from processes import run_mnistlab


def with_metrics(**figures):
    def damage(folder):
        path = folder / "metrics.json"
        content = json.loads(path.read_text()) | figures
        path.write_text(json.dumps(content))

    return damage


def with_text(name, text):
    return lambda folder: (folder / name).write_text(text)


def with_metrics_text(old, new):
    def damage(folder):
        path = folder / "metrics.json"
        text = path.read_text().replace(old, new)
        assert new in text
        path.write_text(text)

    return damage


def with_recipe(old, new):
    def damage(folder):
        path = folder / "recipe.toml"
        text = path.read_text().replace(old, new)
        assert new in text
        path.write_text(text)

    return damage


def sparse(name):
    """A file that promises a terabyte."""
    return lambda folder: os.truncate(folder / name, 2**40)


def with_a_pipe(folder):
    (folder / "dataset.json").unlink()
    os.mkfifo(folder / "dataset.json")


FINISHED = {
    "accuracy-nan": with_metrics_text('"test_accuracy": 0.9875', '"test_accuracy": NaN'),
    "accuracy-infinite": with_metrics_text('"test_accuracy": 0.9875', '"test_accuracy": 1e999'),
    "accuracy-vast": with_metrics_text('"test_accuracy": 0.9875', '"test_accuracy": 1' + "0" * 400),
    "accuracy-endless": with_metrics_text('"test_accuracy": 0.9875', '"test_accuracy": 1' + "0" * 5000),
    "accuracy-a-list": with_metrics(test_accuracy=[1]),
    "accuracy-a-text": with_metrics(test_accuracy="high"),
    "errors-missing": with_metrics(test_errors=None),
    "model-half-a-character": with_metrics(model="\ud800"),
    "epochs-no-list": with_metrics(epoch_seconds=5),
    "metrics-deep": with_text("metrics.json", "[" * 500_000),
    "metrics-a-list": with_text("metrics.json", "[]"),
    "metrics-empty": with_text("metrics.json", ""),
    "history-nan": with_text("history.csv", "epoch,loss\n1,nan\n"),
    "history-infinite": with_text("history.csv", "epoch,loss\n1,1e999\n"),
    "history-words": with_text("history.csv", "epoch,loss\n1,low\n"),
    "history-ragged": with_text("history.csv", "epoch,loss\n1,2,3,4\n"),
    "history-long-field": with_text("history.csv", "epoch,loss\n1," + "1" * 200_000 + "\n"),
    "recipe-number-as-name": with_recipe('name = "cnn"', "name = 5"),
    "recipe-endless-number": with_recipe("batch_size = ", "batch_size = 1" + "0" * 5000),
    "recipe-deep": with_text("recipe.toml", "x = " + "[" * 10_000),
    "recipe-latin-1": lambda folder: (folder / "recipe.toml").write_bytes(b"# \xe4\n"),
    "dataset-half-a-character": with_text("dataset.json", '{"name": "\\udc00", "fingerprint": "1f"}'),
    "dataset-a-list": with_text("dataset.json", "[1]"),
    "environment-of-a-terabyte": sparse("environment.json"),
    "manifest-a-list": lambda folder: None,  # and after the manifest was written
}


def with_checkpoint(change):
    def damage(folder):
        path = folder / "checkpoint" / "state.npz"
        path.parent.mkdir()
        Checkpoint(path, interval=0).save([np.zeros(3)])
        with np.load(path) as archive:
            arrays = {name: archive[name] for name in archive.files}
        position = json.loads(arrays["position"].tobytes())
        changed = change(position)
        arrays["position"] = np.frombuffer(json.dumps(position if changed is None else changed).encode(), np.uint8)
        np.savez(path, **arrays)

    return damage


def checkpoint_that_unfolds(folder):
    """A hundred kilobytes that say a hundred megabytes."""
    path = folder / "checkpoint" / "state.npz"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        buffer = io.BytesIO()
        np.save(buffer, np.zeros(100 * 2**20, np.uint8))
        archive.writestr("state.0.npy", buffer.getvalue())


BEGUN = {
    "checkpoint-without-history": with_checkpoint(lambda position: position.pop("history") and None),
    "checkpoint-a-number": with_checkpoint(lambda position: 5),
    "checkpoint-history-a-number": with_checkpoint(lambda position: position | {"history": 5}),
    "checkpoint-unfolds": checkpoint_that_unfolds,
    "begun-recipe-deep": with_text("recipe.toml", "x = " + "[" * 10_000),
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A sound run, a begun one, and all damaged ones."""
    root = tmp_path_factory.mktemp("damaged") / "runs"
    finished_run(root / "sound")
    (root / "sound-begun").mkdir()
    begin(root / "sound-begun", RECIPES["mlp"], {"name": "MNIST", "fingerprint": "1f"})
    for name, damage in FINISHED.items():
        folder = finished_run(root / name)
        damage(folder)
        if name != "environment-of-a-terabyte":
            write_manifest(folder)
    (root / "manifest-a-list" / "manifest.json").write_text("[]")
    if hasattr(os, "mkfifo"):
        with_a_pipe(finished_run(root / "dataset-a-pipe"))
    for name, damage in BEGUN.items():
        (root / name).mkdir()
        begin(root / name, RECIPES["mlp"], {"name": "MNIST", "fingerprint": "1f"})
        damage(root / name)
    return root


def test_every_damaged_run_is_named_and_the_others_are_listed(runs):
    found = {Path(one.folder).name: one for one in list_runs([runs])}
    assert {name for name, one in found.items() if one.state != "damaged"} == {"sound", "sound-begun"}
    damaged = {name: one for name, one in found.items() if one.state == "damaged"}
    assert damaged.keys() == {path.name for path in runs.iterdir()} - {"sound", "sound-begun"}
    for name, one in damaged.items():
        assert name in one.problem
        assert len(one.problem) < 500
    assert sum(line.startswith("damaged: ") for line in format_table(found.values()).splitlines()) == len(damaged)


@pytest.mark.parametrize("option", [[], ["--json"], ["--sort", "date"]])
def test_the_command_lists_them(runs, option):
    finished = run_mnistlab("runs", runs, *option)
    assert finished.returncode == 0, finished.stderr
    assert "sound" in finished.stdout
    for name in (*FINISHED, *BEGUN):
        assert name in finished.stdout


def test_the_page_lists_the_sound_ones_and_names_the_damaged(runs):
    with client_of(Settings(runs=runs)) as client:
        listed = client.get("/api/runs")
        assert listed.status_code == 200
        states = {one["title"]: one for one in listed.json()["runs"]}
        assert states["sound"]["state"] == "finished"
        for name in (*FINISHED, "begun-recipe-deep"):
            assert states[name]["state"] == "damaged", name
            assert name in states[name]["message"]
        networks = client.get("/api/networks")
        assert networks.status_code == 200
        assert {"shipped", "sound"} <= {one["id"] for one in networks.json()["networks"]}


def with_network(change):
    def damage(folder):
        path = folder / "model.onnx"
        model = load_model(path)
        change(model)
        path.write_bytes(model.SerializeToString())

    return damage


def no_rows_of_huge_size(model):
    model.graph.initializer.append(TensorProto(name="none", data_type=TensorProto.FLOAT, dims=[0, 2**62]))


def infinite_weights(model):
    numbers = next(tensor for tensor in model.graph.initializer if tensor.data_type == TensorProto.FLOAT)
    numbers.raw_data = np.full(len(numbers.raw_data) // 4, np.inf, "<f4").tobytes()


def huge_weights(model):
    for tensor in model.graph.initializer:
        if tensor.data_type == TensorProto.FLOAT:
            tensor.raw_data = np.full(len(tensor.raw_data) // 4, 1e30, "<f4").tobytes()


NETWORKS = {
    "no-rows": with_network(no_rows_of_huge_size),
    "infinite": with_network(infinite_weights),
    "huge": with_network(huge_weights),
    "text": with_text("model.onnx", "text"),
    "terabyte": sparse("model.onnx"),
}


def test_a_damaged_network_leaves_the_others_alone(tmp_path):
    """Those that ship, too; and the list says what is wrong with it."""
    finished_run(tmp_path / "sound")
    for name, damage in NETWORKS.items():
        folder = finished_run(tmp_path / name)
        damage(folder)
        if name != "terabyte":
            write_manifest(folder)
    with client_of(Settings(runs=tmp_path)) as client:
        for _ in range(2):
            answer = client.get("/api/networks")
            assert answer.status_code == 200
            assert {one["id"] for one in answer.json()["networks"]} == {
                "shipped",
                "shipped-mlp",
                "shipped-cnn",
                "sound",
            }
            damaged = {one["id"]: one for one in answer.json()["damaged"]}
            assert damaged.keys() == NETWORKS.keys()
            for name, one in damaged.items():
                assert str(tmp_path / name / "model.onnx") in one["problem"]
                refused = client.get(f"/api/networks/{name}/filters")
                assert (refused.status_code, refused.json()["error"]) == (422, one["problem"])


def test_an_error_that_nobody_thought_of_stays_with_its_network(tmp_path, monkeypatch):
    finished_run(tmp_path / "sound")
    odd = finished_run(tmp_path / "odd")
    from mnistlab.server import networks

    class Failing(networks.Classifier):
        def __init__(self, path, **options):
            if odd in path.parents:
                raise MemoryError
            super().__init__(path, **options)

    monkeypatch.setattr(networks, "Classifier", Failing)
    with client_of(Settings(runs=tmp_path)) as client:
        answer = client.get("/api/networks").json()
        assert "sound" in {one["id"] for one in answer["networks"]}
        assert answer["damaged"] == [
            {"id": "odd", "title": "odd", "problem": f"{odd / 'model.onnx'} is damaged: MemoryError."}
        ]
