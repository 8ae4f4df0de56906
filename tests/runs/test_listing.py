"""The list of runs: found, sorted, told in a table, as CSV and JSON."""

import csv
import dataclasses
import json
import os
from datetime import datetime
from pathlib import Path

import pytest

from made_runs import made_run
from mnistlab import training
from mnistlab.recipes import RECIPES
from mnistlab.runs import list_runs, summarize
from mnistlab.runs.checkpoint import Checkpoint
from mnistlab.runs.folders import begin
from mnistlab.runs.listing import COLUMNS, format_table, write_csv
from mnistlab.runs.run import write_manifest
from mnistlab.system.files import write_json
from mnistlab.system.locks import lock
from processes import imports_of, run_mnistlab

TINY = dataclasses.replace(RECIPES["mlp"], epochs=3, validation="test")


def listed_run(folder, accuracy, seconds=1.0, moment=1_700_000_000, dataset="MNIST"):
    """A finished run of these numbers."""
    interval = {"test_accuracy_low": accuracy - 0.01, "test_accuracy_high": accuracy}
    figures = {"test_accuracy": accuracy, "test_errors": round((1 - accuracy) * 10_000), "train_seconds": seconds}
    made_run(folder, dataset={"name": dataset, "fingerprint": "1f"}, **figures, **interval)
    os.utime(folder / "manifest.json", (moment, moment))
    return folder


@pytest.fixture
def folders(tmp_path):
    """Two finished runs deep below, one unfinished, two damaged, and things that are no runs."""
    listed_run(tmp_path / "report" / "runs" / "a2", 0.98, seconds=2000.0, moment=1_700_000_000)
    listed_run(tmp_path / "a10", 0.99, seconds=30.0, moment=1_600_000_000)
    (tmp_path / "begun").mkdir()
    begin(tmp_path / "begun", RECIPES["record"], {"name": "MNIST", "fingerprint": "1f"})
    (listed_run(tmp_path / "lost", 0.5) / "history.csv").unlink()
    (listed_run(tmp_path / "worse", 0.5) / "recipe.toml").unlink()
    listed_run(tmp_path / ".hidden", 0.5)
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "manifest.json").write_text("{}")
    return tmp_path


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ("accuracy", ["a10", "a2", "begun", "lost", "worse"]),
        ("time", ["a10", "a2", "begun", "lost", "worse"]),
        ("date", ["a2", "a10", "begun", "lost", "worse"]),
        ("name", ["a10", "begun", "lost", "a2", "worse"]),
    ],
)
def test_runs_are_found_and_sorted(folders, order, names):
    assert [summary.folder.name for summary in list_runs([folders], order)] == names


def test_numbers_in_names_count_as_numbers(tmp_path):
    for seed in (10, 2, 1):
        listed_run(tmp_path / f"seed{seed}", 0.9)
    assert [summary.folder.name for summary in list_runs([tmp_path])] == ["seed1", "seed2", "seed10"]


def test_a_run_is_listed_once(folders):
    assert len(list_runs([folders, folders / "report", folders / "a10"])) == 5


def test_a_summary_says_what_the_files_say(folders):
    finished, begun, lost, worse = (list_runs([folders])[index] for index in (1, 2, 3, 4))
    assert list(finished.row()) == list(COLUMNS)
    assert finished.row() == {
        "folder": str(folders / "report" / "runs" / "a2"),
        "state": "finished",
        "recipe": "mlp",
        "dataset": "MNIST",
        "members": 1,
        "epochs": 5,
        "epochs_done": 5,
        "batch_size": 128,
        "learning_rate": 0.001,
        "seed": 0,
        "test_accuracy": 0.98,
        "test_accuracy_low": 0.97,
        "test_accuracy_high": 0.98,
        "test_errors": 200,
        "train_seconds": 2000.0,
        "finished": "2023-11-14T22:13:20Z",
        "problem": None,
    }
    assert finished.row() == summarize(finished.folder).row()
    known = {key: value for key, value in begun.row().items() if value is not None and key not in ("folder", "dataset")}
    chosen = {"recipe": "record", "members": 3, "epochs": 12, "batch_size": 256, "learning_rate": 0.02, "seed": 0}
    assert known == chosen | {"state": "unfinished", "epochs_done": 0}
    for damaged in (lost, worse):
        assert {key for key, value in damaged.row().items() if value is not None} == {"folder", "state", "problem"}
    assert lost.problem.startswith(f"{folders / 'lost' / 'history.csv'} is missing.")
    assert worse.problem.startswith(f"{folders / 'worse'} is not a run: it holds no recipe.toml.")


def test_a_process_that_has_locked_a_folder_trains_in_it(folders):
    for name, state, unlocked in (("begun", "unfinished", "stopped"), ("a10", "finished", "finished")):
        assert summarize(folders / name).state == unlocked
        with lock(folders / name):
            summary = summarize(folders / name)
        assert (summary.state, summary.row()["state"]) == ("running", state)


@pytest.mark.parametrize("name", ["recipe.toml", "dataset.json", "history.csv", "metrics.json", "environment.json"])
def test_numbers_that_were_changed_are_noticed(tmp_path, name):
    path = listed_run(tmp_path / "run", 0.9) / name
    path.write_text(path.read_text() + " ")
    (summary,) = list_runs([tmp_path])
    assert summary.state == "damaged"
    assert f"{name} is damaged: it is not the file that the training wrote." in summary.problem


@pytest.mark.parametrize(
    ("value", "text"),
    [(value, "train_seconds is not a number") for value in ("many", None, [1], float("nan"))]
    + [(10**400, "a number has more than 64 bits")],
    ids=["text", "null", "list", "nan", "vast"],
)
def test_what_is_no_number_is_named(tmp_path, value, text):
    folder = listed_run(tmp_path / "run", 0.9)
    write_json(folder / "metrics.json", json.loads((folder / "metrics.json").read_text()) | {"train_seconds": value})
    write_manifest(folder)
    problem = list_runs([tmp_path])[0].problem
    assert "metrics.json" in problem and text in problem


def test_an_unfinished_run_says_how_far_it_is(tiny_mnist, tmp_path, monkeypatch):
    save = Checkpoint.save

    def save_and_break(checkpoint, state):
        save(checkpoint, state)
        if len(checkpoint.history) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(Checkpoint, "save", save_and_break)
    with pytest.raises(KeyboardInterrupt):
        training.train(TINY, tiny_mnist, tmp_path / "run", progress=False, checkpoint_seconds=0)
    assert list_runs([tmp_path])[0].epochs_done == 2
    assert format_table(list_runs([tmp_path])).endswith("  not finished: 2 of 3 epochs")
    (tmp_path / "run" / "checkpoint" / "state.npz").write_bytes(b"PK")
    assert "state.npz is damaged" in list_runs([tmp_path])[0].problem


def test_the_table(folders, monkeypatch):
    monkeypatch.chdir(folders)
    later, sooner = (f"{datetime.fromtimestamp(moment):%Y-%m-%d %H:%M}" for moment in (1_700_000_000, 1_600_000_000))
    assert format_table(list_runs([Path("report"), Path("a10"), Path("begun"), Path("lost")])).splitlines() == [
        "run             recipe  epochs  batch  seed  accuracy  95 % interval  errors   training          finished",
        f"a10             mlp          5    128     0   99.00 %    98.00–99.00     100     30.0 s  {sooner}",
        f"report/runs/a2  mlp          5    128     0   98.00 %    97.00–98.00     200  2,000.0 s  {later}",
        "begun           record  3 × 12    256     0  not finished: 0 of 36 epochs",
        "",
        "damaged: lost/history.csv is missing. Delete lost and train again.",
    ]


def test_several_data_sets_are_told_apart(tmp_path):
    listed_run(tmp_path / "digits", 0.9)
    assert "MNIST" not in format_table(list_runs([tmp_path]))
    listed_run(tmp_path / "clothes", 0.8, dataset="fashion\x1b[2J")
    table = format_table(list_runs([tmp_path])).splitlines()
    assert [line.split()[2] for line in table] == ["data", "MNIST", "fashion?[2J"]


def test_csv_and_json_hold_plain_numbers(folders):
    result = run_mnistlab("runs", "--csv", "list.csv", "--json", ".", cwd=folders)
    assert result.returncode == 0, result.stderr
    entries = json.loads(result.stdout)
    with (folders / "list.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [list(entry) for entry in (*entries, *rows)] == [list(COLUMNS)] * 10
    for entry, row in zip(entries, rows, strict=True):
        assert row == {key: "" if value is None else str(value) for key, value in entry.items()}


def test_csv_replaces_a_list_and_nothing_else(folders):
    write_csv(list_runs([folders]), folders / "list.csv")
    write_csv([], folders / "list.csv")
    assert (folders / "list.csv").read_text() == ",".join(COLUMNS) + "\n"
    (folders / "notes.csv").write_text("precious")
    result = run_mnistlab("runs", ".", "--csv", "notes.csv", cwd=folders)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "notes.csv exists and is not a list of runs. Delete it, or choose another name.\n"
    assert (folders / "notes.csv").read_text() == "precious"


def test_where_no_runs_are(tmp_path):
    missing = run_mnistlab("runs", cwd=tmp_path)
    assert missing.returncode == 1
    assert missing.stderr.startswith("There is no folder runs; expected one with runs of `mnistlab train`")
    (tmp_path / "runs").mkdir()
    assert run_mnistlab("runs", cwd=tmp_path).stdout == "No run lies in runs.\n"
    assert run_mnistlab("runs", "--json", cwd=tmp_path).stdout == "[]\n"


def test_the_list_imports_no_keras(folders):
    program = f"from mnistlab.cli.main import cli; cli.main(['runs', {str(folders)!r}], standalone_mode=False)"
    assert imports_of(program, "keras", "tensorflow") == []
