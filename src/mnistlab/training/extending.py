"""More epochs for a finished run: it becomes the run of a longer recipe, interrupted where the shorter one ended."""

import math
from typing import Any, cast

import numpy as np

from mnistlab.datasets import Dataset
from mnistlab.exceptions import UsageError, require_type
from mnistlab.models import load_run, optimizer_state, optimizer_variables
from mnistlab.models.backend import keras
from mnistlab.recipes import Recipe
from mnistlab.runs import Run
from mnistlab.runs.checkpoint import Checkpoint, state_of
from mnistlab.runs.folders import own_run
from mnistlab.runs.run import MANIFEST, HistoryRow
from mnistlab.system.files import make_folder, write_text
from mnistlab.training.batches import stream_of
from mnistlab.training.compiling import build_for_training
from mnistlab.training.fitting import FitPlan, make_variables
from mnistlab.training.trainer import checkpoint_identity
from mnistlab.training.validation import check_fits, hold_back


def extend(run: Run, recipe: Recipe, dataset: Dataset) -> None:
    """Prepares a finished run so that `train` goes on with it, up to the epochs of a longer recipe.

    The run that `train` then writes has the bytes that it would have if it had been that long from the start. Until the
    checkpoint is written the finished run stays as it is; a run of the longer recipe is not changed.

    Args:
        run: A complete run of one network at a constant learning rate.
        recipe: The run's recipe with more epochs.
        dataset: The data set that the run was trained on.

    Raises:
        UsageError: if the recipe differs in more than epochs, has no more of them, or is one that cannot go on.
        RunError: if the run is not complete, damaged, or in use by another process.
    """
    require_type(run, Run, "The run", 'Give Run("runs/mlp-seed0").')
    if not (run.folder / "recipe.toml").is_file():
        run.require()  # the error says what is there instead
    check_fits(recipe, dataset)
    identity = dataset.identity()
    key = checkpoint_identity(recipe, identity)
    with own_run(run.folder, recipe, identity, extends=True) as held:
        if held.recipe == recipe:
            return
        if held.is_complete or not held.checkpoint_path.exists():  # else a kill came between the last two steps below
            known = held.require().recipe
            check_extendable(known, recipe)
            make_folder(held.checkpoint_path.parent)
            held.checkpoint_path.unlink(missing_ok=True)  # a finished training run may have failed to remove it
            _fill(Checkpoint(held.checkpoint_path, math.inf, identity=key), held, recipe, dataset)
        (held.folder / MANIFEST).unlink(missing_ok=True)
        write_text(held.folder / "recipe.toml", recipe.to_toml())


def check_extendable(known: Recipe, recipe: Recipe) -> None:
    """Rejects a recipe whose first epochs are not those of a shorter one.

    Args:
        known: Recipe of the finished run.
        recipe: Longer recipe.

    Raises:
        UsageError: if the longer recipe would train differently.
    """
    if recipe.epochs <= known.epochs:
        raise UsageError(f"The run has {known.epochs} epochs; give more than that to go on, not {recipe.epochs}.")
    reasons = {
        "its learning rate follows a schedule over the whole training": recipe.schedule != "constant",
        "it averages several networks, or looks at shifted images": recipe.members > 1 or recipe.test_shifts,
        "it ends after a number of steps": recipe.max_steps is not None,
    }
    for reason, holds in reasons.items():
        if holds:
            raise UsageError(
                f"A run of {recipe.name} cannot be given more epochs: {reason}. Train it anew, in another folder.",
                argument="folder",
            )


def _fill(checkpoint: Checkpoint, run: Run, recipe: Recipe, dataset: Dataset) -> None:
    """Fills a checkpoint with what it would hold at the end of the run's epochs if the recipe were the longer one."""
    held_back, _ = hold_back(recipe, dataset)
    stream = stream_of(recipe, dataset.train, held_back)
    model, trained = build_for_training(recipe, stream.num_steps(recipe.epochs)), load_run(run)
    make_variables(model, stream)
    model.set_weights(trained.get_weights())
    for variable, value in zip(optimizer_variables(model.optimizer), optimizer_state(trained), strict=True):
        variable.assign(value)
    plan = FitPlan(model, stream, run.recipe.epochs)
    for layer in model.layers:
        if generator := getattr(
            layer, "seed_generator", None
        ):  # dropout: a seed, and how often it was asked: every call
            drawn = keras.ops.convert_to_numpy(generator.state.value)
            generator.state.assign(drawn + np.array([0, plan.num_calls], drawn.dtype))
    rows = [{key: value for key, value in row.items() if key != "seconds"} for row in run.history]
    history = cast(list[HistoryRow], [row | {"epoch": int(cast(Any, row["epoch"]))} for row in rows])
    checkpoint.take_over(history, run.metrics["epoch_seconds"], run.metrics["train_seconds"], plan.num_calls)
    checkpoint.save([keras.ops.convert_to_numpy(variable.value) for variable in state_of(model)])
