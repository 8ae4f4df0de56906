"""A training on disk: a folder whose files appear whole or not at all."""

import contextlib
import csv
import dataclasses
import hashlib
import html
import io
import json
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from mnistlab.claims import OWNER_FILE, is_unused
from mnistlab.exceptions import RunError, UsageError
from mnistlab.files import is_leftover, json_text, write_json, write_text
from mnistlab.recipes import Recipe

HistoryRow = dict[str, Any]
DatasetIdentity = Mapping[str, str]

RUN_FILES = (
    "recipe.toml",
    "dataset.json",
    "history.csv",
    "environment.json",
    "model.keras",
    "model.onnx",
    "metrics.json",
)
"""What a complete run consists of, besides its manifest and the figures and the report that are drawn from it."""

SMALL_FILES = frozenset(RUN_FILES) - {"model.keras", "model.onnx"}
"""Those that hold the numbers of a run; together they are a few kilobytes."""

MANIFEST = "manifest.json"

MEASURED_METRICS = frozenset(("train_seconds", "epoch_seconds", "images_per_second"))
"""The only figures of `metrics.json` in which two trainings of one recipe differ on one machine."""

REQUIRED_METRICS = frozenset(
    (
        *("recipe", "model", "seed", "epochs", "batch_size", "num_parameters", "steps", "train_seconds"),
        *(
            "images_per_second",
            "epoch_seconds",
            "num_train_images",
            "test_accuracy",
            "test_accuracy_low",
            "test_accuracy_high",
        ),
        *("test_loss", "test_errors"),
    )
)


def history_csv(history: Sequence[HistoryRow]) -> str:
    """The rows of `history.csv`: one line an epoch under a line of names."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, fieldnames=list(history[0]) if history else ["epoch"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(history)
    return buffer.getvalue()


@dataclasses.dataclass(frozen=True)
class Run:
    """A run folder.

    Args:
        folder: where it lies.

    Example:
        `Run(Path("runs/mlp-seed0")).metrics["test_accuracy"]`
    """

    folder: Path

    @property
    def model_path(self) -> Path:
        """The network for any Keras."""
        return self.folder / "model.keras"

    @property
    def onnx_path(self) -> Path:
        """The network for ONNX Runtime."""
        return self.folder / "model.onnx"

    @property
    def is_complete(self) -> bool:
        """Whether the training reached its end: the manifest is the last file that it writes."""
        return (self.folder / MANIFEST).is_file()

    @property
    def checkpoint_path(self) -> Path:
        """Where a training that is under way keeps what it needs to go on."""
        return self.folder / "checkpoint" / "state.npz"

    @cached_property
    def recipe(self) -> Recipe:
        """What decided the training, from `recipe.toml`."""
        try:
            return Recipe.from_toml(self._read("recipe.toml"))
        except UsageError as error:
            raise RunError(f"{self.folder / 'recipe.toml'} is damaged. {error} {self._mend}") from error

    @cached_property
    def dataset(self) -> dict[str, Any]:
        """What it was trained on, from `dataset.json`: `name` and `fingerprint`."""
        return {"name": "other data", "fingerprint": ""} | self._read_json("dataset.json")

    @cached_property
    def metrics(self) -> dict[str, Any]:
        """The run in numbers, from `metrics.json`."""
        return self._read_json("metrics.json")

    @cached_property
    def environment(self) -> dict[str, Any]:
        """Hardware and versions, from `environment.json`."""
        return self._read_json("environment.json")

    @cached_property
    def history(self) -> list[HistoryRow]:
        """A row an epoch: those of `history.csv`, epoch, loss, accuracy, val_loss and val_accuracy, and `seconds`."""
        table = csv.DictReader(io.StringIO(self._read("history.csv")))
        try:
            rows = [{key: float(value) for key, value in row.items()} for row in table]
            seconds = self.metrics["epoch_seconds"] if self.is_complete else [None] * len(rows)
            return [row | {"seconds": duration} for row, duration in zip(rows, seconds, strict=True)]
        except (TypeError, ValueError) as error:
            raise RunError(f"{self.folder / 'history.csv'} is damaged: {error}. {self._mend}") from error

    @cached_property
    def model(self) -> Any:
        """The trained Keras model, with its optimizer's state; only its numbers come from the file."""
        from mnistlab.models import load_network

        return load_network(self.require().model_path, self.recipe)

    def require(self, compared: Collection[str] = RUN_FILES) -> "Run":
        """This run, if it is complete and its files are what they should be.

        Args:
            compared: the files whose bytes to compare with the manifest; of the others it is enough that they are
                there. `SMALL_FILES` makes sure of the numbers in a millisecond.

        Raises:
            RunError: if the folder does not exist, is no run, holds an unfinished training, or is damaged.
        """
        if not self.folder.is_dir():
            raise RunError(f"There is no folder {self.folder}; expected a run that `mnistlab train` wrote.")
        if not (self.folder / "recipe.toml").is_file():
            raise RunError(f"{self.folder} is not a run: it holds no recipe.toml. Expected a run of `mnistlab train`.")
        if not self.is_complete:
            raise RunError(
                f"The training in {self.folder} did not reach its end. "
                f"Run the `mnistlab train {self.recipe.name}` command that began it again."
            )
        sums = self._read_json(MANIFEST).get("sha256")
        if not isinstance(sums, dict) or set(sums) != set(RUN_FILES):
            raise RunError(f"{self.folder / MANIFEST} is damaged: expected a sum for each file of a run. {self._mend}")
        for name in RUN_FILES:
            if not (self.folder / name).is_file():
                raise RunError(f"{self.folder / name} is missing. {self._mend}")
            if name in compared and _sha256(self.folder / name) != sums[name]:
                raise RunError(
                    f"{self.folder / name} is damaged: it is not the file that the training wrote. {self._mend}"
                )
        if missing := REQUIRED_METRICS - set(self.metrics):
            raise RunError(f"{self.folder / 'metrics.json'} lacks {', '.join(sorted(missing))}. {self._mend}")
        _ = self.recipe, self.environment, self.history
        return self

    def digests(self) -> dict[str, str]:
        """SHA-256 of all that two trainings of one recipe share on one machine, interrupted or not.

        Returns:
            A sum for each of `recipe.toml`, `dataset.json`, `history.csv` and `model.keras`, and one for the metrics
            that no clock measured.
        """
        names = ("recipe.toml", "dataset.json", "history.csv", "model.keras")
        figures = {name: value for name, value in sorted(self.metrics.items()) if name not in MEASURED_METRICS}
        sums = {name: _sha256(self.folder / name) for name in names}
        return sums | {"metrics": hashlib.sha256(json_text(figures).encode()).hexdigest()}

    @property
    def _mend(self) -> str:
        return f"Delete {self.folder} and train again."

    def __str__(self) -> str:
        """The result and where it lies."""
        if not self.is_complete:
            return f"{self.folder}: not finished"
        metrics = self.metrics
        return (
            f"{self.folder}: {metrics['model']}, test accuracy {metrics['test_accuracy'] * 100:.2f} %, "
            f"{metrics['test_errors']:,} errors, trained in {metrics['train_seconds']:.1f} s"
        )

    def _repr_html_(self) -> str:
        rows = self.metrics if self.is_complete else {"state": "not finished"}
        cells = "".join(
            f"<tr><th style='text-align:left'>{html.escape(key)}</th><td>{html.escape(str(value))}</td></tr>"
            for key, value in rows.items()
        )
        return f"<table><caption>{html.escape(str(self.folder))}</caption>{cells}</table>"

    def _read(self, name: str) -> str:
        path = self.folder / name
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise RunError(f"{path} cannot be read: {_first_line(error)}. Is {self.folder} a run?") from error

    def _read_json(self, name: str) -> dict[str, Any]:
        try:
            content = json.loads(self._read(name))
        except json.JSONDecodeError as error:
            raise RunError(f"{self.folder / name} is damaged: {error}. {self._mend}") from error
        if not isinstance(content, dict):
            raise RunError(f"{self.folder / name} is damaged: expected an object. {self._mend}")
        return content


def default_folder(recipe: Recipe) -> Path:
    """Where a recipe's run goes if nobody says otherwise."""
    origin = "" if recipe.start_from is None else f"-from-{recipe.start_from[:8]}"
    return Path("runs") / f"{recipe.name}-seed{recipe.seed}{origin}"


def check_folder(folder: Path, recipe: Recipe, dataset: DatasetIdentity | None = None) -> Run:
    """Sees whether a folder is free for a run, or holds one of the same recipe and data, finished or not.

    Args:
        folder: where the run lies or will lie.
        recipe: what will be trained.
        dataset: on what: `name` and `fingerprint`; not looked at by default.

    Returns:
        The run; it is complete if this recipe was trained on this data here before.

    Raises:
        UsageError: if another recipe or other data belongs to the folder, or it holds something else.
        RunError: if a file in it is damaged.
    """
    run = Run(folder)
    if (folder / "recipe.toml").exists():
        differences = run.recipe.differences(recipe)
        if dataset is not None and run.dataset["fingerprint"] != dataset["fingerprint"]:
            known = run.dataset
            differences.append(
                f"data {known['name']} {known['fingerprint'][:8]}, not {dataset['name']} {dataset['fingerprint'][:8]}"
            )
        if differences:
            raise UsageError(
                f"{folder} holds a run with {'; '.join(differences)}. Choose another folder with --out, or delete it."
            )
    elif folder.exists() and (not folder.is_dir() or any(not _is_ours(path) for path in folder.iterdir())):
        raise UsageError(f"{folder} exists and is not a run. Choose another folder with --out.")
    return run


def check_collection(folder: Path, kind: str) -> None:
    """Sees whether a folder is free for results over several runs, or holds such results.

    Args:
        folder: where `results.json` and `runs` lie or will lie.
        kind: what the results are, for the message: `a report`.

    Raises:
        UsageError: if it holds something else.
    """
    known = (folder / "results.json").exists() or (folder / "runs").is_dir()
    if folder.exists() and not known and (not folder.is_dir() or not is_unused(folder)):
        raise UsageError(f"{folder} exists and is not {kind} of mnistlab. Choose another folder with --out.")


def _is_ours(path: Path) -> bool:
    """Whether a file can lie in the folder of a run whose recipe was not written yet."""
    if path.name == "dataset.json":
        with contextlib.suppress(OSError, ValueError):
            return set(json.loads(path.read_text(encoding="utf-8"))) == {"name", "fingerprint"}
        return False
    return path.name == OWNER_FILE or (is_leftover(path) and path.name.startswith((".dataset.json.", ".recipe.toml.")))


def begin(folder: Path, recipe: Recipe, dataset: DatasetIdentity) -> None:
    """Writes into a run's folder what will be trained there; the recipe comes last and makes the folder a run."""
    write_json(folder / "dataset.json", dataset)
    write_text(folder / "recipe.toml", recipe.to_toml())


def write_manifest(folder: Path) -> None:
    """Writes the SHA-256 of every file of a run, which makes it complete."""
    write_json(folder / MANIFEST, {"sha256": {name: _sha256(folder / name) for name in RUN_FILES}})


def _sha256(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror}.") from error


def _first_line(error: BaseException) -> str:
    """What an exception says, without its second line and final stop."""
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(". ")
