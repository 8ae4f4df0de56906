"""Trains a network as a recipe says, with `keras.Model.fit`, and leaves a run folder."""

import functools
import math
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from mnistlab import preprocessing
from mnistlab.acceleration import BlockStream, accelerated_parts, fit_stream, resolve_precision
from mnistlab.augmentation import RandomAffine
from mnistlab.backend import describe_environment, keras
from mnistlab.datasets import IMAGE_SHAPE, NUM_CLASSES, Dataset, Split, validation_indices
from mnistlab.evaluation import PREDICTION_BATCH_SIZE, evaluate
from mnistlab.exceptions import TrainingError, UsageError
from mnistlab.export import export_onnx
from mnistlab.files import whole_file, write_json, write_text
from mnistlab.models import build_for_training, finished_model, to_standard
from mnistlab.recipes import Recipe
from mnistlab.runs import HistoryRow, Run, history_csv, open_folder


def train(recipe: Recipe, dataset: Dataset, folder: Path | str | None = None, *, progress: bool = True) -> Run:
    """Trains a recipe, scores the result on the test split and writes everything into a run folder.

    The test split is scored after the last epoch and chooses nothing. A folder that holds this recipe's finished
    run is returned as it is.

    Args:
        recipe: what to train and how.
        dataset: train and test split.
        folder: where the run goes; `runs/<recipe>-seed<seed>` by default.
        progress: whether to show a live bar (on a terminal) or a line an epoch (elsewhere) on standard output.

    Returns:
        The complete run.

    Raises:
        UsageError: if the folder holds something else, or the recipe does not fit the data.
        TrainingError: if the loss stops being a finite number.
    """
    check_fits(recipe, dataset)
    identity = {"name": dataset.name, "fingerprint": dataset.fingerprint()}
    run = open_folder(Path(folder) if folder is not None else default_folder(recipe), recipe, identity)
    if run.is_complete:
        return run
    held_back, validation_split = hold_back(recipe, dataset)
    num_train_images = len(dataset.train) - len(held_back)
    num_steps = recipe.epochs * math.ceil(num_train_images / recipe.batch_size)
    _warm_up()
    progress_callback = ProgressCallback(recipe.epochs, recipe.members, visible=progress)
    members, train_seconds = [], 0.0
    for member_recipe in recipe.member_recipes():
        model = build_for_training(member_recipe, num_steps)
        started = time.perf_counter()
        try:
            _fit(model, member_recipe, dataset.train, held_back, validation_split, progress_callback)
        finally:
            progress_callback.close()  # Keras does not end a training that an exception ended
        train_seconds += time.perf_counter() - started
        members.append(to_standard(model, member_recipe))

    standard = finished_model(members, recipe)
    write_text(run.folder / "history.csv", history_csv(progress_callback.history))
    with whole_file(run.model_path) as path:
        standard.save(path)
    with whole_file(run.onnx_path) as path:
        export_onnx(standard, path)
    environment = describe_environment() | {"precision": resolve_precision(recipe.precision)}
    write_json(run.folder / "environment.json", environment)
    metrics = {
        "recipe": recipe.name,
        "model": recipe.model,
        "seed": recipe.seed,
        "epochs": recipe.epochs,
        "batch_size": recipe.batch_size,
        "num_parameters": standard.count_params(),
        "dataset": dataset.name,
        "num_train_images": num_train_images,
        "num_validation_images": 0 if validation_split is None else len(validation_split),
        "members": recipe.members,
        "steps": num_steps * recipe.members,
        "train_seconds": round(train_seconds, 3),
        "images_per_second": round(recipe.members * recipe.epochs * num_train_images / train_seconds, 1),
        **_score(standard, dataset.test),
    }
    write_json(run.folder / "metrics.json", metrics)  # last: its presence says that the run is complete
    return Run(run.folder)


def _score(model: Any, test: Split) -> dict[str, float]:
    """The figures of `metrics.json` that come from the test split."""
    evaluation = evaluate(model, test)
    low, high = evaluation.interval
    return {
        "num_test_images": evaluation.num_images,
        "test_accuracy": evaluation.accuracy,
        "test_accuracy_low": low,
        "test_accuracy_high": high,
        "test_loss": evaluation.loss,
        "test_errors": evaluation.errors,
    }


def default_folder(recipe: Recipe) -> Path:
    """Where a recipe's run goes if nobody says otherwise."""
    return Path("runs") / f"{recipe.name}-seed{recipe.seed}"


def hold_back(recipe: Recipe, dataset: Dataset) -> tuple[NDArray[np.int64], Split | None]:
    """Which of the training images not to train on, as indices, and the split to validate on, if any."""
    if recipe.validation != "split":
        return np.empty(0, np.int64), dataset.test if recipe.validation == "test" else None
    check_fits(recipe, dataset)
    chosen = validation_indices(dataset.train, recipe.num_validation, recipe.seed)
    return chosen, dataset.train.take(chosen, name="validation")


def check_fits(recipe: Recipe, dataset: Dataset) -> None:
    """Refuses a data set that is too small for what the recipe holds back.

    Raises:
        UsageError: if no training image would be left.
    """
    if recipe.validation == "split" and recipe.num_validation >= len(dataset.train):
        raise UsageError(
            f"The recipe holds back {recipe.num_validation:,} validation images, but {dataset.name} has only "
            f"{len(dataset.train):,} training images. Use --validation none, or a larger data set."
        )


@functools.cache
def _warm_up() -> None:
    """Lets the backend start its threads and kernels, once, before a clock runs: the first training is no slower."""
    layers = [keras.Input(IMAGE_SHAPE), keras.layers.Flatten(), keras.layers.Dense(NUM_CLASSES, activation="softmax")]
    model = accelerated_parts().model(layers)
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    images, labels = np.zeros((32, *IMAGE_SHAPE), np.uint8), np.arange(32) % NUM_CLASSES
    fit_stream(model, BlockStream(images, labels, batch_size=16, seed=0), epochs=1, verbose=0)


def _fit(
    model: Any,
    recipe: Recipe,
    split: Split,
    held_back: NDArray[np.int64],
    validation: Split | None,
    callback: "ProgressCallback",
) -> None:
    stream = BlockStream(
        split.images,
        split.labels,
        batch_size=recipe.batch_size,
        seed=recipe.seed,
        augmentation=None if recipe.augmentation is None else RandomAffine(recipe.augmentation, recipe.seed),
        held_back=held_back,
    )
    fit_stream(
        model,
        stream,
        epochs=recipe.epochs,
        validation_data=None if validation is None else (validation.images, preprocessing.one_hot(validation.labels)),
        validation_batch_size=PREDICTION_BATCH_SIZE,
        verbose=0,
        callbacks=[callback],
    )


class ProgressCallback(keras.callbacks.Callback):  # type: ignore[misc]
    """Shows a training as it goes, keeps its history, and stops it when the loss is no longer a number.

    Args:
        epochs: how many there will be.
        members: how many trainings of so many epochs will follow one another.
        visible: whether to write to standard output: a live bar on a terminal, a line an epoch elsewhere.

    Attributes:
        history: a row for every finished epoch.
    """

    def __init__(self, epochs: int, members: int = 1, *, visible: bool) -> None:
        super().__init__()
        self.history: list[HistoryRow] = []
        self._epochs = epochs
        self._members = members
        self._member = 0
        self._visible = visible
        self._console = Console(file=sys.stdout, highlight=False)
        self._live = visible and self._console.is_terminal
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=28),
            TextColumn("{task.fields[result]}"),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
        )
        self._epoch_started = 0.0

    def on_train_begin(self, logs: Any = None) -> None:
        """Opens the bar."""
        self._member += 1
        if self._live:
            for task in self._bar.task_ids:  # of the network before this one
                self._bar.remove_task(task)
            self._bar.start()
            self._task = self._bar.add_task("", total=self._epochs * self.params["steps"], result="")

    def on_train_end(self, logs: Any = None) -> None:
        """Closes the bar."""
        self.close()

    def close(self) -> None:
        """Removes the bar and shows the cursor again; does nothing where there is no bar."""
        if self._live:
            self._bar.stop()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Starts the clock of an epoch."""
        self._epoch_started = time.perf_counter()
        if self._live:
            self._bar.update(self._task, description=self._title(epoch + 1))

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Moves the bar and looks at the loss."""
        loss = float(logs["loss"])
        if not math.isfinite(loss):
            self.close()
            step = int(np.asarray(self.model.optimizer.iterations))
            raise TrainingError(
                f"The loss became {loss} by step {step:,}; training stopped and nothing was saved. "
                "Try a smaller learning rate, a larger batch size, or --precision float32."
            )
        if self._live:
            result = f"loss {loss:.4f}  accuracy {float(logs['accuracy']):.2%}"
            self._bar.update(self._task, advance=1, result=result)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Keeps the epoch's row and, where there is no bar, prints it."""
        seconds = time.perf_counter() - self._epoch_started
        figures = {name: float(value) for name, value in logs.items()}
        member = {"member": self._member} if self._members > 1 else {}
        self.history.append(member | {"epoch": epoch + 1, "seconds": round(seconds, 3), **figures})
        if self._visible:
            (self._bar.console if self._live else self._console).print(
                f"  {self._title(epoch + 1)}  {_figures(self.history[-1])}", soft_wrap=True
            )

    def _title(self, epoch: int) -> str:
        of_members = f"network {self._member}/{self._members}, " if self._members > 1 else ""
        return f"{of_members}epoch {epoch}/{self._epochs}"


def _figures(row: HistoryRow) -> str:
    line = f"{row['seconds']:6.1f} s  loss {row['loss']:.4f}  accuracy {row['accuracy'] * 100:.2f} %"
    return line + (f"  validation {row['val_accuracy'] * 100:.2f} %" if "val_accuracy" in row else "")
