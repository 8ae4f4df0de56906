"""A recipe in the words of a person who types it: a command line, or a Python program."""

import json
from typing import Any

from mnistlab.recipes.named import RECIPES
from mnistlab.recipes.recipe import AUGMENTATIONS, Recipe

OPTIONS = ("epochs", "batch_size", "learning_rate", "augmentation", "seed", "validation", "precision")
"""The settings that `mnistlab train` has options for."""


def to_arguments(recipe: Recipe) -> list[str] | None:
    """The arguments of `mnistlab train` that train a recipe, or `None` if some setting of it has no option.

    Example:
        >>> to_arguments(RECIPES["cnn"].override(["batch_size=32", "augmentation=none"]))
        ['cnn', '--batch-size', '32', '--augmentation', 'none']
    """
    changes = _changes(recipe)
    if changes is None or not changes.keys() <= set(OPTIONS):
        return None
    if "augmentation" in changes:
        words = {ranges: word for word, ranges in AUGMENTATIONS.items()}
        if recipe.augmentation not in words:
            return None
        changes["augmentation"] = words[recipe.augmentation]
    options = [(f"--{name.replace('_', '-')}", str(changes[name])) for name in OPTIONS if name in changes]
    return [recipe.name, *(part for option in options for part in option)]


def to_python(recipe: Recipe, folder: str) -> str | None:
    """A Python program that trains a recipe on MNIST, or `None` if no named recipe has its name.

    Args:
        recipe: The recipe to train.
        folder: Path of the run folder.

    Example:
        >>> print(to_python(RECIPES["mlp"].override(["epochs=1"]), "runs/mlp-1"))
        import dataclasses
        <BLANKLINE>
        from mnistlab import training
        from mnistlab.datasets import load_mnist
        from mnistlab.recipes import RECIPES
        <BLANKLINE>
        recipe = dataclasses.replace(RECIPES["mlp"], epochs=1)
        print(training.train(recipe, load_mnist(), "runs/mlp-1"))
    """
    changes = _changes(recipe)
    if changes is None:
        return None
    names = "RECIPES, AffineRanges" if changes.get("augmentation") is not None else "RECIPES"
    replaced = "".join(f", {name}={_quoted(value)}" for name, value in changes.items())
    chosen = f"RECIPES[{_quoted(recipe.name)}]"
    lines = [
        *(["import dataclasses", ""] if changes else []),
        "from mnistlab import training",
        "from mnistlab.datasets import load_mnist",
        f"from mnistlab.recipes import {names}",
        "",
        f"recipe = dataclasses.replace({chosen}{replaced})" if changes else f"recipe = {chosen}",
        f"print(training.train(recipe, load_mnist(), {_quoted(folder)}))",
    ]
    return "\n".join(lines)


def _changes(recipe: Recipe) -> dict[str, Any] | None:
    """The settings that differ from the named recipe of the same name; `None` if there is none."""
    known = RECIPES.get(recipe.name)
    if known is None:
        return None
    ours = known.settings()
    return {name: getattr(recipe, name) for name, value in recipe.settings().items() if value != ours[name]}


def _quoted(value: object) -> str:
    """A value as Python code, with double quotes as in mnistlab's other programs."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)
