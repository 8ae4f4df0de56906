"""Finished runs on an MLflow server or in its database, once each; training never waits for it."""

import dataclasses
import hashlib
import importlib
import importlib.util
import os
import urllib.parse
from collections.abc import Iterator
from typing import Any

from mnistlab.exceptions import RunError, UsageError
from mnistlab.runs.run import MANIFEST, RUN_FILES, Run
from mnistlab.system.locks import lock

DEFAULT_EXPERIMENT = "mnistlab"
IDENTITY_TAG = "mnistlab.manifest"  # SHA-256 of the run's manifest, which holds those of all its files
DRAWN_FILES = ("report.html",)
BATCH = 500  # of metrics in one request; MLflow takes at most 1,000

QUIET = {
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",  # gives up on an absent server after seconds, not minutes
}
"""Settings of MLflow where the user has made none."""


class Tracker:
    """An MLflow tracking server or database.

    Args:
        uri: Address, such as `http://localhost:5000` or `sqlite:///mlflow.db`. Nothing is sent to a server before
            `log`.

    Raises:
        UsageError: if MLflow is not installed, or cannot use such an address.
    """

    def __init__(self, uri: str) -> None:
        if importlib.util.find_spec("mlflow") is None:
            raise UsageError(
                "Logging to MLflow needs MLflow, which is not installed. Install it with `pip install mlflow-skinny`, "
                "or with `pip install mlflow` to log into a database file."
            )
        if not uri.strip():
            raise UsageError("The address of MLflow is empty; give one such as http://localhost:5000.", argument="uri")
        for name, value in QUIET.items():
            os.environ.setdefault(name, value)
        self._uri = uri
        try:
            self._client = importlib.import_module("mlflow").MlflowClient(tracking_uri=uri)
        except Exception as error:  # MLflow's own, or an error of any store for such an address
            lacks = importlib.util.find_spec("sqlalchemy") is None
            raise UsageError(
                f"MLflow cannot use {self.address}: {self._reason(error)}. Expected an address such as "
                f"http://localhost:5000 or sqlite:///mlflow.db{', which needs `pip install mlflow`' * lacks}."
            ) from error

    @property
    def address(self) -> str:
        """The address without name and password."""
        return self._without_password(self._uri)

    def log(self, run: Run) -> str:
        """Logs recipe, history, results and files of a finished run; a run that was logged before stays as it is.

        Args:
            run: A complete run.

        Returns:
            A sentence about what was done.

        Raises:
            RunError: if the run is damaged or in use, or MLflow did not take it. Incomplete data in MLflow are removed
                when the run is logged again.
        """
        run.require()
        with lock(run.folder):
            try:
                return self._log(run)
            except Exception as error:  # of MLflow, of a database, of the network, of a store for files
                raise RunError(
                    f"The run in {run.folder} is complete, but MLflow at {self.address} did not take it: "
                    f"{self._reason(error)}. The same command trains nothing and logs it again."
                ) from error

    def _log(self, run: Run) -> str:
        manifest = run.folder / MANIFEST
        identity = hashlib.sha256(manifest.read_bytes()).hexdigest()
        experiment = self._experiment()
        for known in self._client.search_runs([experiment], f"tags.`{IDENTITY_TAG}` = '{identity}'"):
            if known.info.status == "FINISHED":
                return f"MLflow at {self.address} had it already, as run {known.info.run_id}"
            self._client.delete_run(known.info.run_id)  # left by a logging that was interrupted
        ended = int(manifest.stat().st_mtime * 1000)  # MLflow counts milliseconds since 1970
        started = ended - int(run.metrics["train_seconds"] * 1000)
        tags = {IDENTITY_TAG: identity} | {f"mnistlab.{name}": str(value) for name, value in run.environment.items()}
        record = self._client.create_run(experiment, start_time=started, tags=tags, run_name=run.folder.resolve().name)
        run_id = record.info.run_id
        entities = importlib.import_module("mlflow.entities")
        params = [entities.Param(name, value) for name, value in _params(run)]
        self._client.log_batch(run_id, params=params)
        metrics = [entities.Metric(name, value, ended, step) for name, value, step in _metrics(run)]
        for first in range(0, len(metrics), BATCH):
            self._client.log_batch(run_id, metrics=metrics[first : first + BATCH])
        for name in (*RUN_FILES, MANIFEST, *DRAWN_FILES):
            if (run.folder / name).is_file():
                self._client.log_artifact(run_id, str(run.folder / name))
        self._client.set_terminated(run_id, "FINISHED", end_time=ended)  # last: it means that everything is there
        return f"MLflow at {self.address} has it as run {run_id}"

    def _experiment(self) -> str:
        """The id of the experiment, which is made if need be."""
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME") or DEFAULT_EXPERIMENT
        known = self._client.get_experiment_by_name(name)
        return str(self._client.create_experiment(name) if known is None else known.experiment_id)

    def _reason(self, error: Exception) -> str:
        """The reason of a failure: the system's message if there is one, else the first sentence of the exception."""
        root: BaseException = error
        while root.__cause__ or root.__context__:
            root = root.__cause__ or root.__context__ or root
        text = root.strerror if isinstance(root, OSError) and root.strerror else str(error)
        line = (text.strip().splitlines() or [type(error).__name__])[0]
        return self._without_password(line.partition(". ")[0].rstrip(". "))

    def _without_password(self, text: str) -> str:
        user, at, _ = urllib.parse.urlsplit(self._uri).netloc.rpartition("@")
        return text.replace(user + at, "") if at else text


def _params(run: Run) -> Iterator[tuple[str, str]]:
    """Name and value of each setting of the recipe, and the data set."""
    for name, value in run.recipe.settings().items():
        if isinstance(value, dict):
            yield from ((f"{name}.{part}", str(number)) for part, number in value.items())
        else:
            yield name, str(value)
    yield "dataset", str(run.dataset["name"])
    yield "dataset_fingerprint", str(run.dataset["fingerprint"])


def _metrics(run: Run) -> Iterator[tuple[str, float, int]]:
    """`(name, value, epoch)` of history and results; each of several networks has names of its own."""
    for row in run.history:
        network = f"network{int(row['member'])}." if "member" in row else ""
        figures: dict[str, Any] = {
            key: value for key, value in row.items() if key not in ("epoch", "member", "seconds")
        }
        yield from ((f"{network}{name}", value, int(row["epoch"])) for name, value in figures.items())
        yield f"{network}epoch_seconds", row["seconds"], int(row["epoch"])
    settings = {field.name for field in dataclasses.fields(run.recipe)}
    for name, value in run.metrics.items():
        if isinstance(value, int | float) and name not in settings:
            yield name, float(value), run.recipe.epochs
