"""A training on disk: a folder whose files appear whole or not at all."""

import contextlib
import csv
import dataclasses
import io
import json
import math
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from mnistlab.exceptions import RunError, UsageError
from mnistlab.recipes import Recipe

HistoryRow = dict[str, float]


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yields a path to write to, in the same folder; the file takes its real name only when the block succeeds.

    The bytes are on disk before the name is (fsync, rename, fsync of the folder), so a crash at any moment leaves the
    old file or the new one. The temporary name keeps the suffix, which Keras looks at.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with whole_file(Path(folder) / "answer.txt") as temporary:
        ...         _ = temporary.write_text("42")
        ...     print([path.name for path in Path(folder).iterdir()])
        ['answer.txt']
    """
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.tmp{path.suffix}")
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if os.name == "posix":  # Windows cannot open folders
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def write_text(path: Path, text: str) -> None:
    """Writes a UTF-8 text file, whole or not at all."""
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def copy_whole(source: Path, target: Path) -> None:
    """Copies a file; the copy appears whole or not at all.

    Raises:
        RunError: if the source is missing or the target cannot be written.
    """
    try:
        with whole_file(target) as temporary:
            shutil.copyfile(source, temporary)
    except OSError as error:
        raise RunError(f"{source} could not be copied to {target}: {error.strerror}.") from error


def write_json(path: Path, content: Any) -> None:
    """Writes a JSON file, whole or not at all; numbers that are not finite become `null`."""
    write_text(path, json.dumps(_finite(content), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def _finite(content: Any) -> Any:
    if isinstance(content, Mapping):
        return {key: _finite(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_finite(value) for value in content]
    if isinstance(content, float) and not math.isfinite(content):
        return None
    return content


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
        """Whether the training reached its end: `metrics.json` is the last file that it writes."""
        return (self.folder / "metrics.json").is_file()

    @cached_property
    def recipe(self) -> Recipe:
        """What decided the training, from `recipe.toml`."""
        return Recipe.from_toml(self._read("recipe.toml"))

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
        """A row an epoch, from `history.csv`: epoch, seconds, loss, accuracy, val_loss, val_accuracy."""
        rows = csv.DictReader(io.StringIO(self._read("history.csv")))
        try:
            return [{key: float(value) for key, value in row.items()} for row in rows]
        except (TypeError, ValueError) as error:
            raise RunError(f"{self.folder / 'history.csv'} is damaged: {error}. Train the run again.") from error

    @cached_property
    def model(self) -> Any:
        """The trained Keras model."""
        from mnistlab.backend import keras

        path = self.require().model_path
        try:
            return keras.saving.load_model(path)
        except (OSError, ValueError, KeyError) as error:
            raise RunError(f"{path} cannot be loaded: {_first_line(error)}. Train the run again.") from error

    def require(self) -> "Run":
        """This run, if it is complete.

        Raises:
            RunError: if the folder does not exist, is no run, or holds an unfinished training.
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
        return self

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
            f"<tr><th style='text-align:left'>{key}</th><td>{value}</td></tr>" for key, value in rows.items()
        )
        return f"<table><caption>{self.folder}</caption>{cells}</table>"

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
            raise RunError(f"{self.folder / name} is damaged: {error}. Train the run again.") from error
        if not isinstance(content, dict):
            raise RunError(f"{self.folder / name} is damaged: expected an object. Train the run again.")
        return content


def open_folder(folder: Path, recipe: Recipe) -> Run:
    """Makes the folder of a run, or finds the one of the same recipe.

    A folder in which another recipe was begun but left nothing trained is taken over.

    Args:
        folder: where the run lies or will lie; parents are made.
        recipe: what will be trained.

    Returns:
        The run; it is complete if this recipe was trained here before.

    Raises:
        UsageError: if another recipe was trained in the folder, or the folder holds something else.
    """
    run = Run(folder)
    if (folder / "recipe.toml").exists():
        differences = run.recipe.differences(recipe)
        if not differences:
            return run
        if run.is_complete:
            raise UsageError(
                f"{folder} holds a run with {'; '.join(differences)}. Choose another folder with --out, or delete it."
            )
    elif folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} exists and is not a run. Choose another folder with --out.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_text(folder / "recipe.toml", recipe.to_toml())
    except OSError as error:
        raise RunError(
            f"{folder} cannot be written: {_first_line(error)}. Choose another folder with --out."
        ) from error
    return Run(folder)


def _first_line(error: BaseException) -> str:
    """What an exception says, without its second line and final stop."""
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(". ")
