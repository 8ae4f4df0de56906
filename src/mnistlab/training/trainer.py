"""Trains a network as a recipe says, with `keras.Model.fit`, and leaves a run folder."""

import functools
import hashlib
import math
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistlab import preprocessing
from mnistlab.acceleration import (
    BlockStream,
    accelerated_parts,
    calls_in_epoch,
    calls_in_training,
    fit_stream,
    pipeline,
    resolve_precision,
)
from mnistlab.augmentation import RandomAffine
from mnistlab.backend import describe_environment, keras
from mnistlab.claims import claim, require_claim
from mnistlab.datasets import IMAGE_SHAPE, NUM_CLASSES, Dataset, Split
from mnistlab.evaluation import PREDICTION_BATCH_SIZE
from mnistlab.exceptions import InterruptionError
from mnistlab.export import export_onnx, save_keras
from mnistlab.files import make_folder, remove_leftovers, write_json, write_text, write_with
from mnistlab.fine_tuning import check_start, starting_weights
from mnistlab.journal import EpochFunction, Journal
from mnistlab.label_noise import soft_labels
from mnistlab.models import build_for_training, count_multiply_adds, finished_model, optimizer_state, standard_network
from mnistlab.processes import Processes
from mnistlab.progress import ProgressLog
from mnistlab.recipes import Recipe
from mnistlab.run_folders import begin, check_folder, default_folder
from mnistlab.runs import Run, history_csv, write_manifest
from mnistlab.training.callbacks import CheckpointCallback, ProgressCallback
from mnistlab.training.distribution import Team, join
from mnistlab.training.holding import check_fits, hold_back
from mnistlab.training.interruption import StopRequest
from mnistlab.training.recording import RecordingCallback
from mnistlab.training.scoring import calibration_of, score

CHECKPOINT_SECONDS = 10.0  # of work between checkpoints: what an interruption can cost


def train(
    recipe: Recipe,
    dataset: Dataset,
    folder: Path | str | None = None,
    *,
    progress: bool = True,
    checkpoint_seconds: float = CHECKPOINT_SECONDS,
    on_epoch: EpochFunction | None = None,
    processes: Processes | None = None,
    start: Run | None = None,
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
        on_epoch: called after every epoch with a row for each finished one, those before an interruption included, as
            `Run.history` has them. An epoch that an interruption undid comes again.
        processes: the processes that train together, of which this must be number 0; the others call `assist`.
        start: the run whose weights the training starts from, if the recipe's `start_from` names them.

    Returns:
        The complete run.

    Raises:
        UsageError: if the folder holds something else, or the recipe does not fit the data.
        RunError: if another process is training in the folder, or a file in it is damaged or cannot be written.
        TrainingError: if the loss or a weight stops being a finite number.
        InterruptionError: on Ctrl-C or SIGTERM, after a checkpoint.
    """
    check_fits(recipe, dataset)
    check_start(recipe, start)
    identity = dataset.identity()
    run = Run(Path(folder) if folder is not None else default_folder(recipe))
    with join(processes, recipe, identity) as team:
        if check_folder(run.folder, recipe, identity).is_complete and not run.checkpoint_path.parent.exists():
            return run.require()
        make_folder(run.folder)
        with claim(run.folder):
            remove_leftovers(run.folder)
            # It may be complete by now: by another process, or by one that died just then.
            if check_folder(run.folder, recipe, identity).is_complete:
                _remove_checkpoint(run)
                return run.require()
            begin(run.folder, recipe, identity)
            make_folder(run.checkpoint_path.parent)
            remove_leftovers(run.checkpoint_path.parent)
            journal = Journal(run.checkpoint_path, checkpoint_seconds, on_epoch, _checkpoint_identity(recipe, identity))
            journal.log = ProgressLog(run.folder)
            _train(run, recipe, dataset, journal, visible=progress, team=team, start=start)
    return Run(run.folder).require()


def assist(recipe: Recipe, dataset: Dataset, processes: Processes, start: Run | None = None) -> None:
    """Takes part in a training that process 0 makes with `train`, and leaves nothing behind.

    Args:
        recipe: what process 0 trains.
        dataset: what it trains on.
        processes: the processes that train together; this one is not number 0.
        start: as for `train`.

    Raises:
        UsageError: if the processes do not train the same.
        RunError: if another process ends during the training.
        TrainingError: if the loss stops being a finite number.
        InterruptionError: on Ctrl-C or SIGTERM.
    """
    check_fits(recipe, dataset)
    check_start(recipe, start)
    with join(processes, recipe, dataset.identity()) as team, tempfile.TemporaryDirectory() as folder:
        checkpoint_path = Path(folder) / "state.npz"
        if team.receive_checkpoint(checkpoint_path):
            held_back, validation = hold_back(recipe, dataset)
            streams = [_stream(member, dataset.train, held_back) for member in recipe.member_recipes()]
            journal = Journal(checkpoint_path, math.inf, identity=_checkpoint_identity(recipe, dataset.identity()))
            _train_networks(recipe, streams, validation, journal, visible=False, team=team, start=start)


def _checkpoint_identity(recipe: Recipe, identity: Mapping[str, str]) -> str:
    """What a checkpoint must have been written for; blocks of another size, or steps, are counted otherwise."""
    calls = f"{keras.backend.backend()} {pipeline.BLOCK_IMAGES}"
    return hashlib.sha256(f"{recipe.to_toml()}{identity['fingerprint']}{calls}".encode()).hexdigest()


def _train(
    run: Run, recipe: Recipe, dataset: Dataset, journal: Journal, *, visible: bool, team: Team, start: Run | None
) -> None:
    """Trains what is left to train and writes the run's files, the manifest last."""
    team.send_checkpoint(run.checkpoint_path)
    held_back, validation = hold_back(recipe, dataset)
    _warm_up()
    streams = [_stream(member, dataset.train, held_back) for member in recipe.member_recipes()]
    model = _train_networks(recipe, streams, validation, journal, visible=visible, team=team, start=start)
    team.leave()
    num_steps, num_images = streams[0].num_steps(recipe.epochs), streams[0].num_images
    steps_per_epoch = streams[0].steps_per_epoch
    metrics = {
        "recipe": recipe.name,
        "model": recipe.model,
        "seed": recipe.seed,
        "epochs": recipe.epochs,
        "batch_size": recipe.batch_size,
        "num_parameters": model.count_params(),
        "dataset": dataset.name,
        "num_train_images": num_images,
        "num_validation_images": 0 if validation is None else len(validation),
        "members": recipe.members,
        "steps": recipe.members * num_steps,
        "train_seconds": round(journal.train_seconds, 3),
        "epoch_seconds": journal.epoch_seconds,
        "images_per_second": round(
            recipe.members * num_steps / steps_per_epoch * num_images / journal.train_seconds, 1
        ),
        "multiply_adds": count_multiply_adds(model),
        **score(model, dataset.test, num_steps, calibration := calibration_of(model, recipe, validation)),
    }
    require_claim(run.folder)
    write_text(run.folder / "history.csv", history_csv(journal.history))
    write_with(run.model_path, lambda path: save_keras(model, path))
    write_with(run.onnx_path, lambda path: export_onnx(model, path, calibration))
    write_json(
        run.folder / "environment.json",
        describe_environment() | {"precision": resolve_precision(recipe.precision)} | team.describe(),
    )
    write_json(run.folder / "metrics.json", metrics)
    write_manifest(run.folder)  # last: its presence says that the run is complete
    _remove_checkpoint(run)


def _train_networks(
    recipe: Recipe,
    streams: list[BlockStream],
    validation: Split | None,
    journal: Journal,
    *,
    visible: bool,
    team: Team,
    start: Run | None,
) -> Any:
    """Trains the recipe's networks, one after the other, from where the journal stands; returns the finished model."""
    members = recipe.member_recipes()
    first_weights = None if start is None else starting_weights(start)
    while len(journal.finished) < len(members):
        number = len(journal.finished)
        with team.scope():
            model = build_for_training(members[number], streams[number].num_steps(recipe.epochs))
            if first_weights is not None:  # a checkpoint, if there is one, replaces them again
                model.set_weights(first_weights[number])
            was_stopped = _fit(model, streams[number], recipe, validation, journal, visible=visible)
        journal.finish_network(model.get_weights(), optimizer_state(model))
        if was_stopped:
            raise InterruptionError(
                f"Stopped after the last step; {journal.path} keeps everything up to there. "
                "The same command does the rest."
            )
    states: list[list[NDArray[Any]]] = [[] for _ in members[1:]] + [journal.optimizer_state]
    networks = [standard_network(*parts) for parts in zip(members, journal.finished, states, strict=True)]
    return finished_model(networks, recipe)


def _remove_checkpoint(run: Run) -> None:
    shutil.rmtree(run.checkpoint_path.parent, ignore_errors=True)


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
        soft_labels(split.labels, recipe.label_noise, seed=recipe.seed, bias=recipe.noise_bias)
        if recipe.label_noise
        else split.labels,
        batch_size=recipe.batch_size,
        seed=recipe.seed,
        augmentation=None if recipe.augmentation is None else RandomAffine(recipe.augmentation, recipe.seed),
        held_back=held_back,
        max_steps=recipe.max_steps,
    )


def _fit(
    model: Any, stream: BlockStream, recipe: Recipe, validation: Split | None, journal: Journal, *, visible: bool
) -> bool:
    """Trains one network from where the journal stands to its last epoch; says whether it was asked to end then."""
    calls_per_epoch, num_calls = calls_in_epoch(model, stream), calls_in_training(model, stream, recipe.epochs)
    with StopRequest() as stop:
        progress = ProgressCallback(journal, recipe, num_calls=num_calls, visible=visible)
        recorded = RecordingCallback(journal, stream, num_steps=stream.num_steps(recipe.epochs), members=recipe.members)
        kept = CheckpointCallback(journal, calls_per_epoch=calls_per_epoch, num_calls=num_calls, stop=stop)
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
                callbacks=[progress, recorded, kept],
            )
        finally:
            journal.end_fit()
            recorded.close()
            progress.close()  # Keras does not end a training that an exception ended
    return stop.requested
