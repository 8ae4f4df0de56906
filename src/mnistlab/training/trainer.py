"""Trains a network as a recipe says, with `keras.Model.fit`, and leaves a run folder."""

import functools
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistlab import preprocessing
from mnistlab.acceleration import BlockStream, accelerated_parts, calls_in_epoch, fit_stream, resolve_precision
from mnistlab.augmentation import RandomAffine
from mnistlab.backend import describe_environment, keras
from mnistlab.claims import claim
from mnistlab.datasets import IMAGE_SHAPE, NUM_CLASSES, Dataset, Split, validation_indices
from mnistlab.evaluation import PREDICTION_BATCH_SIZE, evaluate
from mnistlab.exceptions import TrainingError, UsageError
from mnistlab.export import export_onnx, save_keras
from mnistlab.files import make_folder, remove_leftovers, write_json, write_text, write_with
from mnistlab.journal import Journal
from mnistlab.models import build_for_training, finished_model, standard_network, to_standard
from mnistlab.recipes import Recipe
from mnistlab.runs import Run, begin, check_folder, default_folder, history_csv, write_manifest
from mnistlab.training.callbacks import CheckpointCallback, ProgressCallback
from mnistlab.training.interruption import StopRequest

CHECKPOINT_SECONDS = 10.0  # of work between checkpoints: what an interruption can cost


def train(
    recipe: Recipe,
    dataset: Dataset,
    folder: Path | str | None = None,
    *,
    progress: bool = True,
    checkpoint_seconds: float = CHECKPOINT_SECONDS,
) -> Run:
    """Trains a recipe, scores the result on the test split and writes everything into a run folder.

    The test split is scored after the last epoch and chooses nothing. A folder that holds this recipe's finished
    run is returned as it is. One that holds a training of this recipe that was interrupted, however it was, takes it
    up: the finished run has the same weights, history and accuracy as if nothing had happened.

    Args:
        recipe: what to train and how.
        dataset: train and test split.
        folder: where the run goes; `runs/<recipe>-seed<seed>` by default.
        progress: whether to show a live bar (on a terminal) or a line an epoch (elsewhere) on standard output.
        checkpoint_seconds: work between checkpoints, in seconds; an interruption costs at most so much.

    Returns:
        The complete run.

    Raises:
        UsageError: if the folder holds something else, or the recipe does not fit the data.
        RunError: if another process is training in the folder, or a file in it is damaged or cannot be written.
        TrainingError: if the loss or a weight stops being a finite number.
        InterruptionError: on Ctrl-C or SIGTERM, after a checkpoint.
    """
    check_fits(recipe, dataset)
    identity = {"name": dataset.name, "fingerprint": dataset.fingerprint()}
    run = Run(Path(folder) if folder is not None else default_folder(recipe))
    if check_folder(run.folder, recipe, identity).is_complete:
        return run.require()
    make_folder(run.folder)
    with claim(run.folder):
        if check_folder(run.folder, recipe, identity).is_complete:  # another process may just have finished it
            return run.require()
        remove_leftovers(run.folder)
        begin(run.folder, recipe, identity)
        make_folder(run.checkpoint_path.parent)
        remove_leftovers(run.checkpoint_path.parent)
        _train(run, recipe, dataset, visible=progress, checkpoint_seconds=checkpoint_seconds)
    return Run(run.folder).require()


def _train(run: Run, recipe: Recipe, dataset: Dataset, *, visible: bool, checkpoint_seconds: float) -> None:
    """Trains what is left to train and writes the run's files, the manifest last."""
    held_back, validation = hold_back(recipe, dataset)
    journal = Journal(run.checkpoint_path, checkpoint_seconds)
    _warm_up()
    member_recipes = recipe.member_recipes()
    while True:
        member_recipe = member_recipes[len(journal.finished)]
        stream = _stream(member_recipe, dataset.train, held_back)
        model = build_for_training(member_recipe, recipe.epochs * stream.steps_per_epoch)
        _fit(model, stream, recipe, validation, journal, visible=visible)
        if member_recipe is member_recipes[-1]:
            break
        journal.begin_next_network(to_standard(model, member_recipe).get_weights())

    trained = [standard_network(*pair) for pair in zip(member_recipes, journal.finished, strict=False)]
    standard = finished_model([*trained, to_standard(model, member_recipe)], recipe)
    num_train_images = stream.num_images
    metrics = {
        "recipe": recipe.name,
        "model": recipe.model,
        "seed": recipe.seed,
        "epochs": recipe.epochs,
        "batch_size": recipe.batch_size,
        "num_parameters": standard.count_params(),
        "dataset": dataset.name,
        "num_train_images": num_train_images,
        "num_validation_images": 0 if validation is None else len(validation),
        "members": recipe.members,
        "steps": recipe.members * recipe.epochs * stream.steps_per_epoch,
        "train_seconds": round(journal.train_seconds, 3),
        "epoch_seconds": journal.epoch_seconds,
        "images_per_second": round(recipe.members * recipe.epochs * num_train_images / journal.train_seconds, 1),
        **_score(standard, dataset.test),
    }
    environment = describe_environment() | {"precision": resolve_precision(recipe.precision)}
    write_text(run.folder / "history.csv", history_csv(journal.history))
    write_with(run.model_path, lambda path: save_keras(standard, path))
    write_with(run.onnx_path, lambda path: export_onnx(standard, path))
    write_json(run.folder / "environment.json", environment)
    write_json(run.folder / "metrics.json", metrics)
    write_manifest(run.folder)  # last: its presence says that the run is complete
    shutil.rmtree(run.checkpoint_path.parent, ignore_errors=True)


def _score(model: Any, test: Split) -> dict[str, float]:
    """The figures of `metrics.json` that come from the test split."""
    evaluation = evaluate(model, test)
    if not np.isfinite(evaluation.probabilities).all():
        raise TrainingError(
            "The network answers with numbers that are not finite; no model was written. "
            "Try a smaller learning rate, a larger batch size, or --precision float32, with another --out."
        )
    low, high = evaluation.interval
    return {
        "num_test_images": evaluation.num_images,
        "test_accuracy": evaluation.accuracy,
        "test_accuracy_low": low,
        "test_accuracy_high": high,
        "test_loss": evaluation.loss,
        "test_errors": evaluation.errors,
    }


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


def _stream(recipe: Recipe, split: Split, held_back: NDArray[np.int64]) -> BlockStream:
    return BlockStream(
        split.images,
        split.labels,
        batch_size=recipe.batch_size,
        seed=recipe.seed,
        augmentation=None if recipe.augmentation is None else RandomAffine(recipe.augmentation, recipe.seed),
        held_back=held_back,
    )


def _fit(
    model: Any, stream: BlockStream, recipe: Recipe, validation: Split | None, journal: Journal, *, visible: bool
) -> None:
    """Trains one network from where the journal stands to its last epoch."""
    calls_per_epoch = calls_in_epoch(model, stream)
    with StopRequest() as stop:
        progress = ProgressCallback(journal, recipe, calls_per_epoch=calls_per_epoch, visible=visible)
        kept = CheckpointCallback(journal, recipe, calls_per_epoch=calls_per_epoch, stop=stop)
        journal.begin_fit()
        try:
            fit_stream(
                model,
                stream,
                epochs=recipe.epochs,
                first_call=journal.num_calls,
                validation_data=None
                if validation is None
                else (validation.images, preprocessing.one_hot(validation.labels)),
                validation_batch_size=PREDICTION_BATCH_SIZE,
                verbose=0,
                callbacks=[progress, kept],
            )
        finally:
            journal.end_fit()
            progress.close()  # Keras does not end a training that an exception ended
