"""What is told of runs: the list, TensorBoard's event files as TensorFlow reads them, MLflow as its client reads it."""

import csv
import dataclasses
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
import tensorflow

from mnistlab import training
from mnistlab.exceptions import RunError, UsageError
from mnistlab.files import write_json, write_text
from mnistlab.journal import Journal
from mnistlab.recipes import RECIPES
from mnistlab.records.event_files import EVENT_FILE, EventFiles
from mnistlab.records.listing import COLUMNS, format_table, list_runs, write_csv
from mnistlab.records.tracking import Tracker
from mnistlab.run_folders import begin
from mnistlab.runs import Run, write_manifest
from mnistlab.schedules import OneCycle
from processes import run_mnistlab

TINY = dataclasses.replace(RECIPES["mlp"], epochs=3, validation="test")


@pytest.fixture(scope="module")
def trained(tiny_mnist, tmp_path_factory):
    """One run with its event files, written as it was trained."""
    folder = tmp_path_factory.mktemp("records") / "run"
    events = EventFiles(folder, TINY, 600)
    return training.train(TINY, tiny_mnist, folder, progress=False, on_epoch=events.update)


# The list


def made_run(folder, accuracy, seconds=1.0, moment=1_700_000_000, recipe=RECIPES["mlp"], dataset="MNIST"):
    """A finished run of these numbers, with files in place of networks."""
    folder.mkdir(parents=True)
    begin(folder, recipe, {"name": dataset, "fingerprint": "1f"})
    rows = [{"epoch": epoch + 1, "loss": 0.5} for epoch in range(recipe.epochs)]
    write_text(folder / "history.csv", "epoch,loss\n" + "".join(f"{row['epoch']},{row['loss']}\n" for row in rows))
    write_json(folder / "environment.json", {})
    for name in ("model.keras", "model.onnx"):
        write_text(folder / name, "network")
    settings = {"recipe": recipe.name, "model": recipe.model, "seed": 0, "epochs": recipe.epochs, "batch_size": 128}
    measured = {"train_seconds": seconds, "epoch_seconds": [1.0] * recipe.epochs, "images_per_second": 1.0}
    counts = {"num_parameters": 1, "steps": 1, "num_train_images": 1, "test_errors": round((1 - accuracy) * 10_000)}
    fractions = {"test_accuracy": accuracy, "test_accuracy_low": accuracy - 0.01, "test_accuracy_high": accuracy}
    write_json(folder / "metrics.json", settings | measured | counts | fractions | {"test_loss": 0.1})
    write_manifest(folder)
    os.utime(folder / "manifest.json", (moment, moment))
    return folder


@pytest.fixture
def folders(tmp_path):
    """Two finished runs deep below, one unfinished, two damaged, and things that are no runs."""
    made_run(tmp_path / "report" / "runs" / "a2", 0.98, seconds=2000.0, moment=1_700_000_000)
    made_run(tmp_path / "a10", 0.99, seconds=30.0, moment=1_600_000_000)
    (tmp_path / "begun").mkdir()
    begin(tmp_path / "begun", RECIPES["record"], {"name": "MNIST", "fingerprint": "1f"})
    (made_run(tmp_path / "lost", 0.5) / "history.csv").unlink()
    (made_run(tmp_path / "worse", 0.5) / "recipe.toml").unlink()
    made_run(tmp_path / ".hidden", 0.5)
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
    assert [entry.folder.rpartition("/")[2] for entry in list_runs([folders], order)] == names


def test_numbers_in_names_count_as_numbers(tmp_path):
    for seed in (10, 2, 1):
        made_run(tmp_path / f"seed{seed}", 0.9)
    assert [entry.folder[-5:].strip("/") for entry in list_runs([tmp_path])] == ["seed1", "seed2", "eed10"]


def test_a_run_is_listed_once(folders):
    assert len(list_runs([folders, folders / "report", folders / "a10"])) == 5


def test_an_entry_says_what_the_files_say(folders):
    finished, begun, lost, worse = (list_runs([folders])[index] for index in (1, 2, 3, 4))
    assert dataclasses.asdict(finished) == {
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
    assert (begun.state, begun.epochs_done, begun.members, begun.test_accuracy) == ("unfinished", 0, 3, None)
    assert lost.problem.startswith(f"{folders / 'lost' / 'history.csv'} is missing.")
    assert worse.problem.startswith(f"{folders / 'worse'} is not a run: it holds no recipe.toml.")


@pytest.mark.parametrize("name", ["recipe.toml", "dataset.json", "history.csv", "metrics.json", "environment.json"])
def test_numbers_that_were_changed_are_noticed(tmp_path, name):
    path = made_run(tmp_path / "run", 0.9) / name
    path.write_text(path.read_text() + " ")
    (entry,) = list_runs([tmp_path])
    assert entry.state == "damaged"
    assert f"{name} is damaged: it is not the file that the training wrote." in entry.problem


@pytest.mark.parametrize("value", ["many", None, [1]])
def test_what_is_no_number_is_named(tmp_path, value):
    folder = made_run(tmp_path / "run", 0.9)
    write_json(folder / "metrics.json", json.loads((folder / "metrics.json").read_text()) | {"train_seconds": value})
    write_manifest(folder)
    assert "train_seconds is no number" in list_runs([tmp_path])[0].problem


def test_an_unfinished_run_says_how_far_it_is(tiny_mnist, tmp_path, monkeypatch):
    save = Journal.save

    def save_and_break(journal, state):
        save(journal, state)
        if len(journal.history) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(Journal, "save", save_and_break)
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
    made_run(tmp_path / "digits", 0.9)
    assert "MNIST" not in format_table(list_runs([tmp_path]))
    made_run(tmp_path / "clothes", 0.8, dataset="fashion\x1b[2J")
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
    assert result.stderr == "notes.csv exists and is no list of runs. Delete it, or choose another name.\n"
    assert (folders / "notes.csv").read_text() == "precious"


def test_where_no_runs_are(tmp_path):
    missing = run_mnistlab("runs", cwd=tmp_path)
    assert missing.returncode == 1
    assert missing.stderr.startswith("There is no folder runs; expected one with runs of `mnistlab train`")
    (tmp_path / "runs").mkdir()
    assert run_mnistlab("runs", cwd=tmp_path).stdout == "No run lies in runs.\n"
    assert run_mnistlab("runs", "--json", cwd=tmp_path).stdout == "[]\n"


def test_the_list_imports_no_keras(folders):
    code = (
        "import sys; from mnistlab.cli import cli; "
        f"cli.main(['runs', {str(folders)!r}], standalone_mode=False); "
        "sys.exit('imported TensorFlow' if 'tensorflow' in sys.modules or 'keras' in sys.modules else 0)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


# TensorBoard


def read_events(folder, name):
    """`(step, {tag: value})` of one file, as TensorFlow reads it."""
    first, *events = tensorflow.compat.v1.train.summary_iterator(str(folder / "tensorboard" / name / EVENT_FILE))
    assert first.file_version == "brain.Event:2"
    times = [event.wall_time for event in (first, *events)]
    assert times == sorted(times)
    return [(event.step, {value.tag: value.simple_value for value in event.summary.value}) for event in events]


def expected_events(run, prefix="", **more):
    def single(value):
        return float(tensorflow.constant(value))

    return [
        (row["epoch"], {f"epoch_{name}": single(row[prefix + name]) for name in ("accuracy", "loss")} | more)
        for row in run.history
    ]


def test_event_files_hold_the_history(trained):
    rate = float(tensorflow.constant(0.001))
    assert read_events(trained.folder, "train") == expected_events(trained, epoch_learning_rate=rate)
    assert read_events(trained.folder, "validation") == expected_events(trained, "val_")


def test_event_files_change_no_byte_of_the_run(trained, tiny_mnist, tmp_path):
    plain = training.train(TINY, tiny_mnist, tmp_path / "plain", progress=False)
    assert plain.digests() == trained.require().digests()


def test_the_learning_rate_is_the_one_of_the_optimizer(tiny_mnist, tmp_path):
    """The callback of Keras logs the same: the rate after the epoch's last step."""
    recipe = dataclasses.replace(RECIPES["fast"], epochs=4)
    EventFiles(tmp_path, recipe, 60_000).update(
        [{"epoch": epoch, "loss": 1.0, "accuracy": 0.5, "seconds": 1.0} for epoch in range(1, 5)]
    )
    rates = [values["epoch_learning_rate"] for _, values in read_events(tmp_path, "train")]
    schedule = OneCycle(recipe.learning_rate, num_steps=4 * 235)
    assert rates == pytest.approx([float(schedule(235 * epoch)) for epoch in range(1, 5)], abs=1e-8)
    assert rates[-1] == 0


@pytest.mark.parametrize("validation", ["none", "split"])
def test_the_learning_rate_is_that_of_a_training_cut_short(tiny_mnist, tmp_path, validation):
    """Five steps in batches of 200: one epoch of three or two, then a part of one or more, as the optimizer ends."""
    recipe = dataclasses.replace(
        RECIPES["fast"], epochs=3, batch_size=200, max_steps=5, validation=validation, num_validation=300
    )
    EventFiles(tmp_path, recipe, len(tiny_mnist.train)).update(
        [{"epoch": epoch, "loss": 1.0, "accuracy": 0.5, "seconds": 1.0} for epoch in (1, 2, 3)]
    )
    rates = [values["epoch_learning_rate"] for _, values in read_events(tmp_path, "train")]
    schedule, ends = OneCycle(recipe.learning_rate, num_steps=5), (3, 5, 5) if validation == "none" else (2, 4, 5)
    assert rates == pytest.approx([float(schedule(step)) for step in ends], abs=1e-8)
    assert rates[-1] == 0


def test_an_epoch_appears_once_however_often_it_was_trained(tiny_mnist, tmp_path, monkeypatch):
    """Breaks off in every epoch of two networks, some steps behind the last checkpoint."""
    recipe = dataclasses.replace(RECIPES["fast"], epochs=3, members=2, batch_size=64)
    save, cuts = Journal.save, 0

    def break_after(journal, row, end_epoch=Journal.end_epoch):
        nonlocal cuts
        end_epoch(journal, row)
        if len(journal.history) > cuts:
            cuts += 1
            raise KeyboardInterrupt

    monkeypatch.setattr(Journal, "save", lambda journal, state: save(journal, state) if state == [] else None)
    monkeypatch.setattr(Journal, "end_epoch", break_after)
    files = set()
    while cuts < 6:
        with pytest.raises(KeyboardInterrupt):
            events = EventFiles(tmp_path, recipe, 600)
            training.train(recipe, tiny_mnist, tmp_path, progress=False, on_epoch=events.update)
        files.add((tmp_path / "tensorboard" / "network1" / "train" / EVENT_FILE).stat().st_ino)
    run = training.train(
        recipe, tiny_mnist, tmp_path, progress=False, on_epoch=EventFiles(tmp_path, recipe, 600).update
    )
    assert len(files) == 1  # only added to, so that a TensorBoard that has it open sees what comes
    for number in (1, 2):
        of_network = read_events(tmp_path, f"network{number}/train")
        rows = [row for row in run.history if row["member"] == number]
        assert [step for step, _ in of_network] == [1, 2, 3]
        assert [values["epoch_loss"] for _, values in of_network] == pytest.approx([row["loss"] for row in rows])


@pytest.mark.parametrize("damage", ["cut", "changed", "empty", "foreign", "missing"])
def test_event_files_that_are_wrong_are_made_good(trained, tmp_path, damage):
    run = Run(shutil.copytree(trained.folder, tmp_path / "run"))
    path = run.folder / "tensorboard" / "train" / EVENT_FILE
    content = path.read_bytes()
    damaged = {"cut": content[:-5], "changed": content[:90] + b"\0" + content[91:], "empty": b"", "foreign": b"notes"}
    path.unlink() if damage == "missing" else path.write_bytes(damaged[damage])
    EventFiles(run.folder, TINY, 600).complete(run)
    assert read_events(run.folder, "train") == read_events(trained.folder, "train")


# MLflow


@pytest.mark.skipif(importlib.util.find_spec("mlflow") is not None, reason="MLflow is installed")
def test_without_mlflow_nothing_is_trained(tiny_folder, tmp_path):
    result = run_mnistlab("train", "mlp", "--data", tiny_folder, "--mlflow", "http://localhost:5000", cwd=tmp_path)
    assert result.returncode == 2
    assert result.stderr == (
        "--mlflow needs MLflow, which is not installed. Install it with `pip install mlflow-skinny`, or with "
        "`pip install mlflow` to log into a database file.\n"
    )
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def store(tmp_path, monkeypatch):
    """An address for MLflow that needs neither a server nor a database, and the client to look at it."""
    mlflow = pytest.importorskip("mlflow", exc_type=ImportError)
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    uri = (tmp_path / "mlruns").as_uri()
    return uri, mlflow.MlflowClient(uri)


def logged(client):
    experiment = client.get_experiment_by_name("mnistlab")
    return client.search_runs([experiment.experiment_id])


@pytest.mark.filterwarnings("ignore")
def test_mlflow_has_recipe_history_results_and_files(trained, store, tmp_path):
    uri, client = store
    assert Tracker(uri).log(trained).startswith(f"MLflow at {uri} has it as run ")
    (record,) = logged(client)
    assert record.info.status == "FINISHED"
    assert record.data.params["epochs"] == "3"
    assert record.data.params["dataset"] == "tiny MNIST"
    assert record.data.metrics["test_accuracy"] == trained.metrics["test_accuracy"]
    assert record.data.metrics["test_errors"] == trained.metrics["test_errors"]
    assert record.data.tags["mnistlab.backend"] == trained.environment["backend"]
    for name in ("loss", "val_accuracy"):
        history = client.get_metric_history(record.info.run_id, name)
        assert [(point.step, point.value) for point in history] == [
            (row["epoch"], row[name]) for row in trained.history
        ]
    (tmp_path / "back").mkdir()
    client.download_artifacts(record.info.run_id, "", str(tmp_path / "back"))
    assert Run(tmp_path / "back").require().digests() == trained.digests()


@pytest.mark.filterwarnings("ignore")
def test_a_run_is_logged_once(trained, store):
    uri, client = store
    Tracker(uri).log(trained)
    assert "had it already" in Tracker(uri).log(trained)
    assert len(logged(client)) == 1


@pytest.mark.filterwarnings("ignore")
def test_a_logging_that_broke_off_is_done_again(trained, store, monkeypatch):
    uri, client = store
    broken = Tracker(uri)

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(broken._client, "log_artifact", fail)
    with pytest.raises(RunError, match=r"run is complete, but MLflow at .* did not take it: No space left on device\."):
        broken.log(trained)
    assert [record.info.status for record in logged(client)] == ["RUNNING"]
    Tracker(uri).log(trained)
    assert [record.info.status for record in logged(client)] == ["FINISHED"]


@pytest.mark.filterwarnings("ignore")
def test_a_server_that_is_not_there_costs_no_training(tiny_folder, tmp_path):
    pytest.importorskip("mlflow")
    command = ("train", "mlp", "--data", tiny_folder, "--epochs", "1", "--out", tmp_path / "run")
    result = run_mnistlab(*command, "--mlflow", "http://me:secret@localhost:9", MLFLOW_HTTP_REQUEST_MAX_RETRIES="0")
    assert result.returncode == 1
    assert result.stderr == (
        f"The run in {tmp_path / 'run'} is complete, but MLflow at http://localhost:9 did not take it: "
        "Connection refused. The same command trains nothing and logs it again.\n"
    )
    assert (tmp_path / "run" / "report.html").exists()
    again = run_mnistlab(*command, "--mlflow", (tmp_path / "mlruns").as_uri(), MLFLOW_ALLOW_FILE_STORE="true")
    assert again.returncode == 0, again.stderr
    assert "finished earlier" in again.stdout
    assert "has it as run" in again.stdout


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("uri", ["", "nonsense://me:secret@somewhere"])
def test_addresses_that_mlflow_cannot_use_are_refused(uri):
    pytest.importorskip("mlflow")
    with pytest.raises(UsageError, match=r"[Ee]xpected ") as caught:
        Tracker(uri)
    assert "secret" not in str(caught.value)
