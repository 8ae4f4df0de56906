"""Everything that decides a training run, in one frozen dataclass.

- `recipe`: the dataclass, its checks, its file
- `limits`: how large its numbers may be
- `named`: the recipes that have names, with all their settings
- `words`: a recipe as a command line or a Python program
"""

from mnistlab.recipes.limits import LIMITS, MAX_SEED, Limit
from mnistlab.recipes.named import RECIPES
from mnistlab.recipes.recipe import AUGMENTATIONS, AffineRanges, ModelName, Precision, Recipe, Validation
from mnistlab.recipes.words import to_arguments, to_python

__all__ = [
    "AUGMENTATIONS",
    "LIMITS",
    "MAX_SEED",
    "RECIPES",
    "AffineRanges",
    "Limit",
    "ModelName",
    "Precision",
    "Recipe",
    "Validation",
    "to_arguments",
    "to_python",
]
