"""A recipe in the words of a person who types it: a command line, or a Python program."""

import json
from typing import Any

from mnistlab.recipes.named import RECIPES
from mnistlab.recipes.recipe import AUGMENTATIONS, AffineRanges, Recipe

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


def to_python(recipe: Recipe, folder: str, data: str | None = None) -> str | None:
    """A Python program that trains a recipe.

    Args:
        recipe: The recipe to train.
        folder: Path of the run folder.
        data: Folder with four IDX files to train on instead of MNIST.

    Returns:
        The program, or `None` if no named recipe has the recipe's name, or it starts from the network of another run.

    Example:
        >>> print(to_python(RECIPES["mlp"].override(["epochs=1", "augmentation=yes"]), "runs/mlp-1"))
        import dataclasses
        <BLANKLINE>
        from mnistlab import training
        from mnistlab.datasets import load_mnist
        from mnistlab.recipes import RECIPES, AffineRanges
        <BLANKLINE>
        recipe = dataclasses.replace(RECIPES["mlp"], epochs=1, augmentation=AffineRanges())
        print(training.train(recipe, load_mnist(), "runs/mlp-1"))
    """
    changes = _changes(recipe)
    if changes is None or recipe.start_from is not None:
        return None
    names = "RECIPES, AffineRanges" if changes.get("augmentation") is not None else "RECIPES"
    replaced = "".join(f", {name}={_in_python(value)}" for name, value in changes.items())
    chosen = f"RECIPES[{_in_python(recipe.name)}]"
    load, argument = ("load_mnist", "") if data is None else ("load_idx", _in_python(data))
    lines = [
        *(["import dataclasses", ""] if changes else []),
        "from mnistlab import training",
        f"from mnistlab.datasets import {load}",
        f"from mnistlab.recipes import {names}",
        "",
        f"recipe = dataclasses.replace({chosen}{replaced})" if changes else f"recipe = {chosen}",
        f"print(training.train(recipe, {load}({argument}), {_in_python(folder)}))",
    ]
    return "\n".join(lines)


def _changes(recipe: Recipe) -> dict[str, Any] | None:
    """The settings that differ from the named recipe of the same name; `None` if there is none."""
    known = RECIPES.get(recipe.name)
    if known is None:
        return None
    ours = known.settings()
    return {name: getattr(recipe, name) for name, value in recipe.settings().items() if value != ours[name]}


def _in_python(value: object) -> str:
    """A value as Python code: text in double quotes, with nothing invisible in it, and ranges without their defaults.

    Example:
        >>> print(_in_python("a\u202eb"), _in_python(AffineRanges(zoom=0.1)))
        "a\\U0000202eb" AffineRanges(zoom=0.1)
    """
    if isinstance(value, AffineRanges):
        usual = vars(AffineRanges())
        return f"AffineRanges({', '.join(f'{key}={one!r}' for key, one in vars(value).items() if one != usual[key])})"
    if not isinstance(value, str):
        return repr(value)
    quoted = json.dumps(value, ensure_ascii=False)
    return "".join(letter if letter.isprintable() else f"\\U{ord(letter):08x}" for letter in quoted)
