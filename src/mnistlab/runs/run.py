"""A training run on disk: a folder whose files appear whole or not at all."""

import csv
import dataclasses
import hashlib
import html
import io
from collections.abc import Collection, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, TypedDict, cast

from mnistlab.datasets.classes import Classes, classes_of
from mnistlab.exceptions import MnistlabError, RunError, UsageError, require_path
from mnistlab.recipes import Recipe
from mnistlab.system.files import json_text, write_json
from mnistlab.system.foreign import finite, parse_json, read_limited
from mnistlab.system.paths import absence, is_folder
from mnistlab.system.text import percent


class HistoryRow(TypedDict, total=False):
    """How one epoch ended; `val_loss` and `val_accuracy` where there are validation images.

    Args:
        member: Number of the network, from 1, where a recipe trains several.
        epoch: Number of the epoch, from 1.
        loss: Mean loss over the epoch's images, in nats.
        accuracy: Share of the epoch's images that were classified correctly, 0 to 1.
        val_loss: Loss on the validation images, in nats.
        val_accuracy: Accuracy on the validation images, 0 to 1.
        seconds: Duration of the epoch in seconds, validation included.
    """

    member: float
    epoch: float
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float
    seconds: float


RUN_FILES = (
    "recipe.toml",
    "dataset.json",
    "history.csv",
    "environment.json",
    "model.keras",
    "model.onnx",
    "metrics.json",
)
"""The files of a complete run, besides its manifest and the figures and the report that are drawn from it."""

SMALL_FILES = frozenset(RUN_FILES) - {"model.keras", "model.onnx"}
"""The files with the numbers of a run; together they are a few kilobytes."""

MANIFEST = "manifest.json"

MAX_FILE_BYTES = 64 * 2**20
"""The most that a file of a run may have: eight times the largest network here, optimizer state included."""

MEASURED_METRICS = frozenset(("train_seconds", "epoch_seconds", "images_per_second"))
"""The only figures of `metrics.json` in which two training runs of one recipe differ on one machine."""

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
    """The rows of `history.csv`: one line per epoch below a line of names."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, fieldnames=list(history[0]) if history else ["epoch"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(history)
    return buffer.getvalue()


@dataclasses.dataclass(frozen=True)
class Run:
    """A run folder.

    Args:
        folder: Path of the folder; text will do.

    Raises:
        UsageError: It is neither a path nor text.

    Example:
        `Run(Path("runs/mlp-seed0")).metrics["test_accuracy"]`
    """

    folder: Path

    def __post_init__(self) -> None:
        """Takes text for a path."""
        folder = require_path(self.folder, "The run folder", 'Give a path such as "runs/mlp-seed0".')
        object.__setattr__(self, "folder", folder)

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
        """Whether the training run reached its end: the manifest is the last file that it writes."""
        return (self.folder / MANIFEST).is_file()

    @property
    def checkpoint_path(self) -> Path:
        """The file from which an unfinished training run can go on."""
        return self.folder / "checkpoint" / "state.npz"

    @cached_property
    def recipe(self) -> Recipe:
        """The recipe of the training run, from `recipe.toml`."""
        try:
            return Recipe.from_toml(self._read("recipe.toml"))
        except UsageError as error:
            raise RunError(f"{self.folder / 'recipe.toml'} is damaged. {error} {self._mend}") from error

    @cached_property
    def dataset(self) -> dict[str, Any]:
        """The data set that was trained on, from `dataset.json`: `name`, `fingerprint` and perhaps `class_names`."""
        return {"name": "other data", "fingerprint": ""} | self._read_json("dataset.json")

    @property
    def classes(self) -> Classes:
        """What the classes are called that the run was trained to tell apart."""
        return classes_of(self.dataset)

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
        """A row for each epoch, from `history.csv`, with its duration as `seconds`."""
        table = csv.DictReader(io.StringIO(self._read("history.csv")))
        try:
            rows = [{key: finite(value) for key, value in row.items()} for row in table]
            seconds = self.metrics.get("epoch_seconds", []) if self.is_complete else [None] * len(rows)
            timed = [row | {"seconds": duration} for row, duration in zip(rows, seconds, strict=True)]
            return cast(list[HistoryRow], timed)
        except (TypeError, ValueError, csv.Error) as error:
            raise RunError(f"{self.folder / 'history.csv'} is damaged: {error}. {self._mend}") from error

    def require(self, compared: Collection[str] = RUN_FILES, needed: Collection[str] = RUN_FILES) -> "Run":
        """Returns this run if it is complete and its files are intact.

        Args:
            compared: Names of the files whose bytes are compared with the manifest; the others need only exist.
                `SMALL_FILES` checks the numbers in a millisecond.
            needed: Names of the files that must be there; `SMALL_FILES` for a recording, whose networks are elsewhere.

        Raises:
            RunError: if the folder does not exist, is not a run, holds an unfinished training run, or is damaged.
        """
        if not is_folder(self.folder):
            raise RunError(f"{absence(self.folder, 'folder')}; expected a run that `mnistlab train` wrote.")
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
        for name in needed:
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
        """SHA-256 of everything that two training runs of one recipe share on one machine, interrupted or not.

        Returns:
            A digest for each of `recipe.toml`, `dataset.json`, `history.csv`, `model.keras` and `model.onnx`, and one
            for the metrics without those that a clock measured.
        """
        names = ("recipe.toml", "dataset.json", "history.csv", "model.keras", "model.onnx")
        figures = {name: value for name, value in sorted(self.metrics.items()) if name not in MEASURED_METRICS}
        sums = {name: _sha256(self.folder / name) for name in names}
        return sums | {"metrics": hashlib.sha256(json_text(figures).encode()).hexdigest()}

    @property
    def _mend(self) -> str:
        return f"Delete {self.folder} and train again."

    def __str__(self) -> str:
        """The folder and the result."""
        if not self.is_complete:
            return f"{self.folder}: not finished"
        metrics = self.metrics
        return (
            f"{self.folder}: {metrics['model']}, test accuracy {percent(metrics['test_accuracy'])}, "
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
            return read_limited(path, MAX_FILE_BYTES).decode().replace("\r\n", "\n")
        except (OSError, UnicodeDecodeError) as error:
            raise RunError(f"{path} cannot be read: {_first_line(error)}. Is {self.folder} a run?") from error

    def _read_json(self, name: str) -> dict[str, Any]:
        try:
            content = parse_json(self._read(name))
        except ValueError as error:
            raise RunError(f"{self.folder / name} is damaged: {_first_line(error)}. {self._mend}") from error
        if not isinstance(content, dict):
            raise RunError(f"{self.folder / name} is damaged: expected an object. {self._mend}")
        return content


def write_manifest(folder: Path) -> None:
    """Writes the SHA-256 of every file of a run, which makes it complete."""
    write_json(folder / MANIFEST, {"sha256": {name: _sha256(folder / name) for name in RUN_FILES}})


def _sha256(path: Path) -> str:
    try:
        return hashlib.sha256(read_limited(path, MAX_FILE_BYTES)).hexdigest()
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror}.") from error


def problem_of(folder: Path, error: Exception) -> str:
    """What is wrong with a run that cannot be read, in a sentence; no other run may suffer from it.

    Args:
        folder: The run folder.
        error: Whatever came of reading it: also what nobody thought of, since a file may hold anything.
    """
    return str(error) if isinstance(error, MnistlabError) else f"{folder} is damaged: {_first_line(error)}."


def _first_line(error: BaseException) -> str:
    """The first line of an exception's message, without its full stop."""
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(". ")
