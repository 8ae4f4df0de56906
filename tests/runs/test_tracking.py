"""Runs in MLflow, as its client reads them."""

import dataclasses
import importlib.util

import pytest

from mnistlab import training
from mnistlab.exceptions import RunError, UsageError
from mnistlab.recipes import RECIPES
from mnistlab.runs import Run
from mnistlab.runs.tracking import Tracker
from processes import run_mnistlab

TINY = dataclasses.replace(RECIPES["mlp"], epochs=3, validation="test")


@pytest.fixture(scope="module")
def trained(tiny_mnist, tmp_path_factory):
    return training.train(TINY, tiny_mnist, tmp_path_factory.mktemp("trained") / "run", progress=False)


@pytest.mark.skipif(importlib.util.find_spec("mlflow") is not None, reason="MLflow is installed")
def test_without_mlflow_nothing_is_trained(tiny_folder, tmp_path):
    result = run_mnistlab("train", "mlp", "--data", tiny_folder, "--mlflow", "http://localhost:5000", cwd=tmp_path)
    assert result.returncode == 2
    assert result.stderr == (
        "Logging to MLflow needs MLflow, which is not installed. Install it with `pip install mlflow-skinny`, or with "
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
    assert record.data.tags["mnistlab.models.backend"] == trained.environment["backend"]
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
