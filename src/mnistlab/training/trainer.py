"""Trains a network as a recipe says, with `keras.Model.fit`, and leaves a run folder."""

import dataclasses
import functools
import hashlib
import math
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from mnistlab.datasets import Dataset
from mnistlab.datasets.preprocessing import one_hot
from mnistlab.evaluation import Evaluation, evaluate
from mnistlab.evaluation.scoring import PREDICTION_BATCH_SIZE
from mnistlab.exceptions import InterruptionError
from mnistlab.inference import Classifier
from mnistlab.models import count_multiply_adds, finished_model, load_run, optimizer_state, standard_network
from mnistlab.models.backend import describe_environment, keras
from mnistlab.models.export import export_onnx, save_keras
from mnistlab.models.precision import resolve_precision
from mnistlab.recipes import Recipe
from mnistlab.runs import Run
from mnistlab.runs.checkpoint import Checkpoint, EpochFunction
from mnistlab.runs.fine_tuning import check_start
from mnistlab.runs.folders import begin, check_folder, default_folder, own_run
from mnistlab.runs.processes import Processes
from mnistlab.runs.progress import ProgressLog
from mnistlab.runs.run import history_csv, write_manifest
from mnistlab.runs.snapshot_log import SnapshotLog
from mnistlab.system.files import make_folder, remove_leftovers, write_json, write_text, write_with
from mnistlab.system.interruption import StopRequest
from mnistlab.system.locks import require_lock
from mnistlab.training import batches
from mnistlab.training.batches import BlockStream, stream_of
from mnistlab.training.callbacks import CheckpointCallback, ProgressCallback, RecordingCallback
from mnistlab.training.compiling import build_for_training, starting_weights
from mnistlab.training.distribution import Team, join
from mnistlab.training.duration import DurationCallback
from mnistlab.training.final_metrics import calibration_of, score
from mnistlab.training.fitting import FitPlan, fit_stream, warm_up
from mnistlab.training.snapshots import SnapshotCallback
from mnistlab.training.validation import check_fits, hold_back

CHECKPOINT_SECONDS = 10.0  # of work between checkpoints, which is what an interruption can cost


@dataclasses.dataclass(frozen=True)
class TrainedRun(Run):
    """A run that can load its model, since Keras is imported.

    Args:
        folder: Path of the folder.
        evaluation: The network's answers to the test split, where this process has just scored them; `None` for a run
            that was finished earlier.
    """

    evaluation: Evaluation | None = dataclasses.field(default=None, compare=False, repr=False)

    @functools.cached_property
    def model(self) -> Any:
        """The trained Keras model, with its optimizer's state; only its numbers come from the file."""
        return load_run(self)

    def evaluate(self, dataset: Dataset) -> Evaluation:
        """The network's answers to the test split of its data set.

        Args:
            dataset: The data set that the run was trained on.

        Returns:
            What this process scored after training; for a run that was finished earlier, what its `model.onnx` says.
        """
        return self.evaluation or evaluate(Classifier(self.onnx_path, calibrated=False), dataset.test)


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
) -> TrainedRun:
    """Trains a recipe, scores the result on the test split and writes everything into a run folder.

    The test split is scored after the last epoch and chooses nothing. A folder that holds this recipe's finished
    run is returned as it is. An interrupted training run of this recipe in the folder goes on,
    however it was interrupted: the finished run has the same weights, history and accuracy as without interruption.

    Args:
        recipe: The recipe to train.
        dataset: Train and test split.
        folder: The run folder; `runs/<recipe>-seed<seed>` by default.
        progress: Whether to show a live bar (on a terminal) or a line for each epoch (elsewhere) on standard output.
        checkpoint_seconds: Time between checkpoints in seconds, the most that an interruption costs.
        on_epoch: Function that is called after every epoch with a row for each finished epoch, including those before
            an interruption, as in `Run.history`. An epoch that an interruption undid comes again.
        processes: The processes that train together, of which this must be number 0; the others call `assist`.
        start: The run whose weights training starts from, if the recipe's `start_from` names them.

    Returns:
        The complete run; its `model` is the trained Keras model.

    Raises:
        UsageError: if the folder holds something else, or the recipe does not fit the data.
        RunError: if another process is training in the folder, or a file in it is damaged or cannot be written.
        TrainingError: if the loss or a weight stops being a finite number.
        InterruptionError: on Ctrl-C or SIGTERM, after a checkpoint.
    """
    check_fits(recipe, dataset)
    check_start(recipe, start)
    identity = dataset.identity()
    run = TrainedRun(default_folder(recipe) if folder is None else folder)  # type: ignore[arg-type]
    with join(processes, recipe, identity) as team:
        if check_folder(run.folder, recipe, identity).is_complete and not run.checkpoint_path.parent.exists():
            run.require()
            return run
        with own_run(run.folder, recipe, identity) as owned:
            if not owned.is_complete:
                begin(run.folder, recipe, identity)
                checkpoint = _open_checkpoint(run, checkpoint_seconds, on_epoch, checkpoint_identity(recipe, identity))
                team.send_checkpoint(run.checkpoint_path)
                warm_up()
                training = _Training(recipe, dataset, checkpoint, team, start, quiet=not progress)
                training.fit()
                team.leave()
                training.score()
                training.write(run)
                run = TrainedRun(run.folder, training.evaluation)
            _remove_checkpoint(run)
    finished = TrainedRun(run.folder, run.evaluation)
    finished.require()
    return finished


def assist(recipe: Recipe, dataset: Dataset, processes: Processes, start: Run | None = None) -> None:
    """Takes part in a training run that process 0 makes with `train`, and writes no files.

    Args:
        recipe: The recipe that process 0 trains.
        dataset: The data set that it trains on.
        processes: The processes that train together; this one is not number 0.
        start: The run to start from, as for `train`.

    Raises:
        UsageError: if the processes do not train the same recipe on the same data.
        RunError: if another process ends during training.
        TrainingError: if the loss stops being a finite number.
        InterruptionError: on Ctrl-C or SIGTERM.
    """
    check_fits(recipe, dataset)
    check_start(recipe, start)
    identity = dataset.identity()
    with join(processes, recipe, identity) as team, tempfile.TemporaryDirectory() as folder:
        checkpoint_path = Path(folder) / "state.npz"
        if team.receive_checkpoint(checkpoint_path):
            checkpoint = Checkpoint(checkpoint_path, math.inf, identity=checkpoint_identity(recipe, identity))
            _Training(recipe, dataset, checkpoint, team, start, quiet=True).fit()


def checkpoint_identity(recipe: Recipe, identity: Mapping[str, Any]) -> str:
    """A digest of everything that a checkpoint must have been written for; the size of blocks decides how it counts."""
    calls = f"{keras.backend.backend()} {batches.BLOCK_IMAGES}"
    return hashlib.sha256(f"{recipe.to_toml()}{identity['fingerprint']}{calls}".encode()).hexdigest()


def _open_checkpoint(run: Run, interval: float, on_epoch: EpochFunction | None, identity: str) -> Checkpoint:
    """The checkpoint of a run that this process trains, read from its file if there is one."""
    make_folder(run.checkpoint_path.parent)
    remove_leftovers(run.checkpoint_path.parent)
    checkpoint = Checkpoint(run.checkpoint_path, interval, on_epoch, identity)
    checkpoint.log, checkpoint.snapshots = ProgressLog(run.folder), SnapshotLog(run.folder)
    return checkpoint


def _remove_checkpoint(run: Run) -> None:
    shutil.rmtree(run.checkpoint_path.parent, ignore_errors=True)


class _Training:
    """A training run in progress: `fit`, then `score`, then `write`.

    Args:
        recipe: The recipe to train.
        dataset: Train and test split.
        checkpoint: The state of the training run.
        team: The processes that train together, or this one alone.
        start: The run whose weights training starts from, if any.
        quiet: Whether to show no progress on standard output.

    Attributes:
        evaluation: The network's answers to the test split, after `score`.
    """

    evaluation: Evaluation

    def __init__(
        self, recipe: Recipe, dataset: Dataset, checkpoint: Checkpoint, team: Team, start: Run | None, *, quiet: bool
    ) -> None:
        self._recipe, self._dataset, self._checkpoint = recipe, dataset, checkpoint
        self._team, self._start, self._quiet = team, start, quiet
        held_back, self._validation = hold_back(recipe, dataset)
        self._members = recipe.member_recipes()
        self._streams = [stream_of(member, dataset.train, held_back) for member in self._members]

    def fit(self) -> None:
        """Trains the recipe's networks, one after the other, from the checkpoint on."""
        checkpoint, members = self._checkpoint, self._members
        num_before = len(checkpoint.finished)
        first_weights = None if self._start is None else starting_weights(self._start)
        while len(checkpoint.finished) < len(members):
            number = len(checkpoint.finished)
            with self._team.scope():
                model = build_for_training(members[number], self._streams[number].num_steps(self._recipe.epochs))
                if first_weights is not None:  # a checkpoint, if there is one, replaces them
                    model.set_weights(first_weights[number])
                was_stopped = self._fit_network(model, self._streams[number], is_first=number == num_before)
            checkpoint.finish_network(model.get_weights(), optimizer_state(model))
            if was_stopped:
                raise InterruptionError(
                    f"Stopped after the last step; {checkpoint.path} keeps everything up to there. "
                    "The same command does the rest."
                )
        states: list[list[NDArray[Any]]] = [[] for _ in members[1:]] + [checkpoint.optimizer_state]
        networks = [standard_network(*parts) for parts in zip(members, checkpoint.finished, states, strict=True)]
        self._model = finished_model(networks, self._recipe)

    def _fit_network(self, model: Any, stream: BlockStream, *, is_first: bool) -> bool:
        """Trains one network from the checkpoint to its end; returns whether the user asked to stop.

        With the first one of this process it is said how long all of them are going to take.
        """
        checkpoint, recipe, validation = self._checkpoint, self._recipe, self._validation
        plan = FitPlan(model, stream, recipe.epochs)
        with StopRequest() as stop:
            progress = ProgressCallback(checkpoint, recipe, plan, quiet=self._quiet)
            recorded = RecordingCallback(checkpoint, plan, members=recipe.members)
            kept = CheckpointCallback(checkpoint, plan, stop=stop)
            seen = SnapshotCallback(checkpoint, plan, self._dataset.test, members=recipe.members)
            timed = DurationCallback(checkpoint, plan, members=recipe.members, say=progress.say)
            checkpoint.begin_fit()
            try:
                fit_stream(
                    model,
                    plan,
                    first_call=checkpoint.num_calls,
                    validation_data=None if validation is None else (validation.images, one_hot(validation.labels)),
                    validation_batch_size=PREDICTION_BATCH_SIZE,
                    verbose=0,
                    callbacks=[progress, recorded, kept, seen, *([timed] if is_first else [])],
                )
            finally:
                checkpoint.end_fit()
                recorded.close()
                progress.close()  # Keras does not call `on_train_end` after an exception
        return stop.requested

    def score(self) -> None:
        """Scores the finished model on every test image, after fitting its temperature on the validation images."""
        recipe, checkpoint, stream = self._recipe, self._checkpoint, self._streams[0]
        num_steps = stream.num_steps(recipe.epochs)
        num_epochs = num_steps / stream.steps_per_epoch  # a training run may end in the middle of one
        self._calibration = calibration_of(self._model, recipe, self._validation)
        self.evaluation = evaluate(self._model, self._dataset.test)
        self._metrics = {
            "recipe": recipe.name,
            "model": recipe.model,
            "seed": recipe.seed,
            "epochs": recipe.epochs,
            "batch_size": recipe.batch_size,
            "num_parameters": self._model.count_params(),
            "dataset": self._dataset.name,
            "num_train_images": stream.num_images,
            "num_validation_images": 0 if self._validation is None else len(self._validation),
            "members": recipe.members,
            "steps": recipe.members * num_steps,
            "train_seconds": round(checkpoint.train_seconds, 3),
            "epoch_seconds": checkpoint.epoch_seconds,
            "images_per_second": round(recipe.members * num_epochs * stream.num_images / checkpoint.train_seconds, 1),
            "multiply_adds": count_multiply_adds(self._model),
            **score(self.evaluation, self._dataset, num_steps, self._calibration),
        }

    def write(self, run: Run) -> None:
        """Writes the run's files, the manifest last: its presence says that the run is complete."""
        require_lock(run.folder)
        environment = describe_environment() | {"precision": resolve_precision(self._recipe.precision)}
        write_text(run.folder / "history.csv", history_csv(self._checkpoint.history))
        write_with(run.model_path, lambda path: save_keras(self._model, path))
        write_with(run.onnx_path, lambda path: export_onnx(self._model, path, self._calibration))
        write_json(run.folder / "environment.json", environment | self._team.describe())
        write_json(run.folder / "metrics.json", self._metrics)
        write_manifest(run.folder)
