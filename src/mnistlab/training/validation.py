"""The training images that a recipe holds back for validation."""

import numpy as np
from numpy.typing import NDArray

from mnistlab.datasets import Dataset, Split, validation_indices
from mnistlab.exceptions import UsageError, require_type
from mnistlab.recipes import Recipe


def hold_back(recipe: Recipe, dataset: Dataset) -> tuple[NDArray[np.int64], Split | None]:
    """The indices of the training images not to train on, and the split to validate on, if any."""
    if recipe.validation != "split":
        return np.empty(0, np.int64), dataset.test if recipe.validation == "test" else None
    check_fits(recipe, dataset)
    chosen = validation_indices(dataset.train, recipe.num_validation, recipe.seed)
    return chosen, dataset.train.take(chosen, name="validation")


def check_fits(recipe: Recipe, dataset: Dataset) -> None:
    """Rejects a data set that is too small for the images that the recipe holds back, and arguments of another type.

    Raises:
        UsageError: if no training image would be left, or an argument has another type.
    """
    require_type(recipe, Recipe, "The recipe", 'Take one of mnistlab.recipes, such as RECIPES["mlp"].')
    require_type(dataset, Dataset, "The data set", "Load one with datasets.load_mnist() or datasets.load_idx(folder).")
    if recipe.validation == "split" and recipe.num_validation >= len(dataset.train):
        raise UsageError(
            f"The recipe holds back {recipe.num_validation:,} validation images, but {dataset.name} has only "
            f"{len(dataset.train):,} training images. Take a larger data set, or validate on nothing.",
            argument="validation",
        )
