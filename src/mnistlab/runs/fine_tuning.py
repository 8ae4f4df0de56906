"""Training runs that start from the network of a finished run instead of random weights."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Final

from mnistlab.exceptions import UsageError, require_type
from mnistlab.recipes import Recipe
from mnistlab.runs.run import Run

EPOCHS: Final = 10
BATCH_SIZE: Final = 10  # five steps an epoch on the 50 training digits of one page
LEARNING_RATE: Final = 1e-4  # a tenth of the notebook's: the weights are nearly right already


def fine_tuning_recipe(recipe: Recipe, start: Run, overrides: Mapping[str, Any] | None = None) -> Recipe:
    """A recipe that goes on from a finished run, gently, for a few images of your own.

    Network, optimizer, augmentation and label smoothing stay those of the recipe. Unless overridden, it makes
    `EPOCHS` epochs in batches of `BATCH_SIZE` at the constant learning rate `LEARNING_RATE` and holds nothing back.

    Args:
        recipe: Recipe with the network of the run.
        start: A complete run.
        overrides: Settings that replace those above.

    Returns:
        The recipe, with the SHA-256 of the run's network as `start_from`.

    Raises:
        UsageError: the run has another network.
        RunError: the run is not complete, or damaged.
    """
    require_type(start, Run, "The run to start from", 'Give Run("runs/mlp-seed0").')
    found = start.require().recipe
    theirs, ours = ((one.model, one.members) for one in (found, recipe))
    if theirs != ours:
        raise UsageError(
            f"{start.folder} holds {_network(found)}, but {recipe.name} trains {_network(recipe)}; to go on from a "
            f"run, both must be the same. Train {found.name}, or start from a run of {recipe.name}."
        )
    gentle: dict[str, Any] = {
        "epochs": EPOCHS,
        "batch_size": BATCH_SIZE,
        "learning_rate": LEARNING_RATE,
        "schedule": "constant",
        "validation": "none",
    }
    return dataclasses.replace(
        recipe, **gentle | dict(overrides or {}) | {"start_from": start.digests()["model.keras"]}
    )


def check_start(recipe: Recipe, start: Run | None) -> None:
    """Checks that a recipe and the run that training is to start from belong together; most recipes start from none.

    Raises:
        UsageError: they do not belong together.
        RunError: the run is not complete, or damaged.
    """
    require_type(start, (Run, type(None)), "The run to start from", 'Give Run("runs/mlp-seed0").')
    given = None if start is None else start.require().digests()["model.keras"]
    if given != recipe.start_from:
        expected = "from random weights" if recipe.start_from is None else "from another network"
        where = "no run" if start is None else str(start.folder)
        raise UsageError(
            f"The recipe starts {expected}, but {where} was given to start from. "
            "Make the recipe with fine_tuning_recipe from the run that you give."
        )


def _network(recipe: Recipe) -> str:
    return f"the network {recipe.model}" if recipe.members == 1 else f"{recipe.members} networks {recipe.model}"
