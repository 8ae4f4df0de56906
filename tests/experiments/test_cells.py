"""Cells of an experiment: trained once, kept, taken up after a kill, on Ray as in this process."""

import dataclasses
import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from mnistlab import __version__, training
from mnistlab.exceptions import UsageError
from mnistlab.experiments import cells, cluster
from mnistlab.experiments.cells import Training, run_folder, train_cells
from mnistlab.experiments.summaries import by_place
from mnistlab.recipes import RECIPES
from mnistlab.runs import Run

MEASURED = {"train_seconds"}
SMALL = dataclasses.replace(RECIPES["mlp"], epochs=1, batch_size=100)
CELLS = [
    Training({"batch_size": size}, dataclasses.replace(SMALL, batch_size=size, seed=seed))
    for size, seed in ((100, 0), (100, 1), (300, 0))
]


def without_times(rows):
    return [{name: value for name, value in row.items() if name not in MEASURED} for row in rows]


def test_a_cell_is_trained_once(tiny_mnist, tmp_path, monkeypatch):
    trained = []
    train = training.train
    monkeypatch.setattr(training, "train", lambda *args, **kwargs: (trained.append(args[0]), train(*args, **kwargs)))
    twice = [*CELLS[:2], Training({"batch_size": "again"}, CELLS[0].recipe)]
    rows = train_cells(twice, tiny_mnist, tmp_path, progress=False)
    assert len(trained) == 2
    assert rows[0] | {"batch_size": "again"} == rows[2]
    assert train_cells(twice, tiny_mnist, tmp_path, progress=False) == rows
    assert len(trained) == 2
    assert [row["seed"] for row in rows] == [0, 1, 0]


def test_an_interrupted_experiment_has_the_same_table(tiny_mnist, tmp_path, monkeypatch):
    expected = train_cells(CELLS, tiny_mnist, tmp_path / "whole", progress=False)
    train = training.train
    for count in range(1, len(CELLS) + 1):

        def train_some(*args, left=[count], **kwargs):  # noqa: B006  (a fresh list for each pass)
            if not left[0]:
                raise KeyboardInterrupt
            left[0] -= 1
            return train(*args, **kwargs)

        monkeypatch.setattr(training, "train", train_some)
        try:
            rows = train_cells(CELLS, tiny_mnist, tmp_path / "cut", progress=False)
            break
        except KeyboardInterrupt:
            assert len(list((tmp_path / "cut" / "runs").glob("*/manifest.json"))) == min(
                len(CELLS), count * (count + 1) // 2
            )
    assert without_times(rows) == without_times(expected)


def test_folders_are_keyed_by_recipe_and_data(tiny_mnist, mnist, tmp_path):
    folder = run_folder(tmp_path, SMALL, tiny_mnist)
    assert folder == run_folder(tmp_path, SMALL, tiny_mnist)
    assert folder != run_folder(tmp_path, dataclasses.replace(SMALL, learning_rate=0.002), tiny_mnist)
    assert folder != run_folder(tmp_path, SMALL, mnist)


def test_a_folder_with_another_recipes_run_is_refused(tiny_mnist, tmp_path, monkeypatch):
    monkeypatch.setattr(cells, "run_folder", lambda folder, _recipe, _dataset: folder / "runs" / "mine")
    (row,) = train_cells(CELLS[:1], tiny_mnist, tmp_path, progress=False)
    assert row["folder"] == "runs/mine"
    with pytest.raises(UsageError, match="holds a run with batch_size 100, not 300"):
        train_cells(CELLS[2:], tiny_mnist, tmp_path, progress=False)


def test_progress_counts_cells(tiny_mnist, tmp_path, capsys):
    train_cells(CELLS[:2], tiny_mnist, tmp_path, progress=True)
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("  1/2  batch size 100, seed 0  ")
    assert "left" in first or "about" not in first
    assert second.startswith("  2/2  batch size 100, seed 1  ")
    train_cells(CELLS[:3], tiny_mnist, tmp_path, progress=True)
    assert capsys.readouterr().out.splitlines()[0] == "2 of 3 trainings were finished earlier"


def test_rows_are_grouped_in_order():
    rows = [{"a": 1, "seed": 1}, {"a": 0, "seed": 0}, {"a": 1, "seed": 0}]
    assert list(by_place(rows, "a")) == [((1,), [rows[2], rows[0]]), ((0,), [rows[1]])]


# Ray, for real


def experiment_on_ray(tiny_folder, out):
    return [
        *(
            sys.executable,
            "-m",
            "mnistlab",
            "experiment",
            "batch-size",
            "--data",
            str(tiny_folder),
            "--sizes",
            "128,300",
        ),
        *("--seeds", "2", "--recipe", "epochs=40", "--cluster", "auto", "--out", str(out)),
    ]


def digests(out):
    return {path.parent.name: Run(path.parent).require().digests() for path in (out / "runs").glob("*/manifest.json")}


def training_workers(driver):
    """The Ray workers below a process that train; other experiments on this machine are none of our business."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()]
    below = {driver}
    for _ in range(5):  # generations
        below |= {int(pid) for pid, parent, *_ in rows if int(parent) in below}
    return [int(pid) for pid, _, *name in rows if int(pid) in below and "ray::_train" in "".join(name)]


@pytest.mark.slow
def test_ray_gives_the_same_table_when_a_worker_is_killed(tiny_folder, tmp_path):
    """SIGKILL of the first two workers that train, in the middle: the table and every run are as if nothing was."""
    pytest.importorskip("ray")
    command = experiment_on_ray(tiny_folder, tmp_path / "ray")
    local = [argument for argument in command if argument not in ("--cluster", "auto")]
    subprocess.run([*local[:-1], str(tmp_path / "here")], check=True, capture_output=True)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    killed, deadline = [], time.monotonic() + 240
    while len(killed) < 2 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.2)
        begun = list((tmp_path / "ray" / "runs").glob("*/recipe.toml"))
        workers = training_workers(process.pid)
        if begun and workers and workers[0] not in killed:
            killed.append(workers[0])
            os.kill(workers[0], signal.SIGKILL)
    output, errors = process.communicate(timeout=400)
    assert process.returncode == 0, output + errors
    assert len(killed) == 2
    assert digests(tmp_path / "ray") == digests(tmp_path / "here")
    tables = [json.loads((tmp_path / where / "results.json").read_text())["rows"] for where in ("ray", "here")]
    assert without_times(tables[0]) == without_times(tables[1])


@pytest.mark.slow
def test_a_killed_driver_loses_and_doubles_nothing(tiny_folder, tmp_path):
    """SIGKILL of the command after its second finished training; the same command does the rest, and only that."""
    pytest.importorskip("ray")
    command, out = experiment_on_ray(tiny_folder, tmp_path / "ray"), tmp_path / "ray"
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    while len(finished := list((out / "runs").glob("*/manifest.json"))) < 2:
        assert process.poll() is None
        time.sleep(0.1)
    before = {path: path.stat().st_mtime_ns for path in finished}
    process.kill()
    process.communicate()
    again = subprocess.run(command, capture_output=True, text=True, check=False, timeout=400)
    assert again.returncode == 0, again.stdout + again.stderr
    assert {path: path.stat().st_mtime_ns for path in before} == before
    results = json.loads((out / "results.json").read_text())
    assert len(results["rows"]) == 12
    assert len(digests(out)) == len({row["folder"] for row in results["rows"]})


@pytest.mark.parametrize("address", ["127.0.0.1:1", "nowhere", "127.0.0.1:port"])
def test_a_cluster_that_does_not_answer_is_named(address, tiny_mnist, tmp_path):
    pytest.importorskip("ray")
    with pytest.raises(UsageError, match=rf"There is no Ray cluster at {address}: .*Expected HOST:PORT"):
        train_cells(CELLS[:1], tiny_mnist, tmp_path, address=address, progress=False)


@pytest.mark.slow
def test_what_is_no_ray_is_named(tmp_path):
    """Something listens there, and never answers as Ray does."""
    pytest.importorskip("ray")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(UsageError, match=rf"There is no Ray cluster at {address}: what listens there does not"):
            cluster.check_cluster(address)


def test_a_machine_with_other_data_or_another_version_does_not_train(tiny_folder, tiny_mnist, tmp_path):
    folder, data = tmp_path / "run", str(tiny_folder)
    with pytest.raises(UsageError, match=r"has mnistlab .*, not 0\.0\. Install the same on all machines"):
        cluster._train(str(folder), SMALL, "0.0", tiny_mnist.fingerprint(), data)
    with pytest.raises(UsageError, match="finds other data in"):
        cluster._train(str(folder), SMALL, __version__, "1f", data)
    assert not folder.exists()
    cluster._train(str(folder), SMALL, __version__, tiny_mnist.fingerprint(), data)
    assert Run(folder).require().dataset["fingerprint"] == tiny_mnist.fingerprint()


def test_without_ray_the_message_says_what_to_install(tiny_mnist, tmp_path, monkeypatch):
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "ray" else find_spec(name))
    with pytest.raises(
        UsageError, match=r"A cluster needs Ray, which is not installed\. Run: pip install 'mnistlab\[cluster\]'"
    ):
        train_cells(CELLS[:1], tiny_mnist, tmp_path, address="auto", progress=False)
