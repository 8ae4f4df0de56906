"""Everything that decides a training, in one frozen dataclass.

- `recipe`: the dataclass, its checks, its file
- `named`: the recipes that have names, their learning rates and all
- `words`: a recipe as a command line or a Python program
"""

from mnistlab.recipes.named import RECIPES
from mnistlab.recipes.recipe import AUGMENTATIONS, MAX_SEED, AffineRanges, ModelName, Precision, Recipe, Validation
from mnistlab.recipes.words import to_arguments, to_python

__all__ = [
    "AUGMENTATIONS",
    "MAX_SEED",
    "RECIPES",
    "AffineRanges",
    "ModelName",
    "Precision",
    "Recipe",
    "Validation",
    "to_arguments",
    "to_python",
]
