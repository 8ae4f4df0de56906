"""Where a run of the notebook's CNN lies among runs of the same recipe from other seeds, and why they differ so much.

The other runs are in `spread.json`, which `benchmarks/measure/spread.py` writes.
"""

import functools
import json
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mnistlab.recipes import RECIPES, Recipe
from mnistlab.reports.results import SpreadResults
from mnistlab.runs import Run
from mnistlab.system.text import percent, plural

SPREAD_PATH = Path(__file__).with_name("spread.json")
IMMATERIAL = {"name", "seed", "precision", "validation", "num_validation"}
"""Settings in which a run may differ from those measured: its result lies in the same range."""


@functools.cache
def known_runs() -> dict[str, Any]:
    """The runs that were measured: `recipe` and `fingerprint` of what was trained, and `runs`, each with its result."""
    known: dict[str, Any] = json.loads(SPREAD_PATH.read_text(encoding="utf-8"))
    return known


def material_settings(recipe: Recipe) -> dict[str, Any]:
    """The settings of a recipe on which its range of results depends."""
    return {key: value for key, value in recipe.settings().items() if key not in IMMATERIAL}


def place_among_others(run: Run) -> SpreadResults | None:
    """Where a run's test accuracy lies among those of other runs of the notebook's CNN.

    Args:
        run: A complete run.

    Returns:
        The range, the run's place in it and sentences for people; `None` if the run had other settings or other data
        than the runs that were measured, so that their range says nothing about it.
    """
    known, recipe = known_runs(), run.recipe
    # A setting that was added since the runs were measured must have the value that left everything as it was.
    as_measured = material_settings(RECIPES["cnn"]) | known["recipe"]
    same_data = run.dataset["fingerprint"] == known["fingerprint"]
    if not same_data or material_settings(recipe) != as_measured or material_settings(RECIPES["cnn"]) != as_measured:
        return None
    return describe_place(run.metrics["test_accuracy"], known["runs"], recipe)


def describe_place(accuracy: float, others: Sequence[dict[str, Any]], recipe: Recipe) -> SpreadResults:
    """The place of a test accuracy among those of other runs, in numbers and sentences.

    Args:
        accuracy: Test accuracy of the run, 0 to 1.
        others: The other runs, each with `kind` (`"mnistlab"` or `"stock"`, which is Keras alone) and `test_accuracy`.
        recipe: Recipe of all of them.

    Example:
        >>> kinds = ("mnistlab", "stock")
        >>> others = [{"kind": kind, "test_accuracy": 0.98 + n / 500} for n in range(5) for kind in kinds]
        >>> print(describe_place(0.9812, others, RECIPES["cnn"])["sentences"][0])
        Among 10 other training runs of this recipe, 5 with mnistlab and 5 with Keras alone, test accuracy ranged from
        98.00 % to 98.80 %, with a median of 98.40 %; this run's 98.12 % is higher than 2 of them.
    """
    accuracies = sorted(one["test_accuracy"] for one in others)
    num_below, median = sum(other < accuracy for other in accuracies), statistics.median(accuracies)
    kinds = [one["kind"] for one in others]
    place = (
        "lower than all of them"
        if accuracy < accuracies[0]
        else "higher than all of them"
        if accuracy > accuracies[-1]
        else f"higher than {num_below:,} of them"
    )
    lag = round(1 / (1 - recipe.norm_momentum))
    sentences = [
        f"Among {plural(len(others), 'other training run')} of this recipe, {kinds.count('mnistlab'):,} with mnistlab "
        f"and {kinds.count('stock'):,} with Keras alone, test accuracy ranged from {percent(accuracies[0])} to "
        f"{percent(accuracies[-1])}, with a median of {percent(median)}; this run's {percent(accuracy)} is {place}.",
        f"Two settings may cause such jumps: the learning rate stays at {recipe.learning_rate:g} to the end, so the "
        "weights still move when training stops; and batch normalization answers with averages over about the last "
        f"{lag:,} steps, which lag behind the weights. A single run therefore cannot show whether convolution helps; "
        "several seeds can.",
    ]
    return {
        "num_runs": len(others),
        "lowest": accuracies[0],
        "median": median,
        "highest": accuracies[-1],
        "test_accuracy": accuracy,
        "num_below": num_below,
        "sentences": sentences,
    }
