"""What does augmentation improve, and which part of it matters?"""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from mnistlab.datasets import Dataset
from mnistlab.evaluation.charts import POINTS, Axis, Chart
from mnistlab.experiments.cells import Training
from mnistlab.experiments.experiment import Experiment, Findings
from mnistlab.experiments.summaries import (
    Difference,
    Group,
    Row,
    by_place,
    compare_accuracies,
    effect,
    mean_series,
    summarize,
)
from mnistlab.recipes import AffineRanges, Recipe
from mnistlab.system.text import percent, plural

WITHOUT, WITH = "none", "all"


class RangeGroup(Group, Difference):
    """One kind of augmentation, over its seeds."""

    augmentation: str


def experiment(recipe: Recipe, *, num_seeds: int = 3) -> Experiment:
    """The recipe without augmentation, with all of it, and with each range alone.

    Raises:
        ValueError: if the recipe has no augmentation to take apart.
    """
    if recipe.augmentation is None:
        raise ValueError(f"The recipe {recipe.name} has no augmentation to take apart.")
    ranges = dataclasses.asdict(recipe.augmentation)
    nothing = dict.fromkeys(ranges, 0.0)
    kinds: dict[str, AffineRanges | None] = {WITHOUT: None, WITH: recipe.augmentation}
    kinds |= {name: AffineRanges(**nothing | {name: value}) for name, value in ranges.items() if value}
    named = ", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in ranges.items())
    return Experiment(
        "augmentation",
        "What does augmentation improve, and which part of it matters?",
        [
            f"The recipe {recipe.name} is trained without augmentation, with all of it ({named}), and with each range "
            f"alone, from {plural(num_seeds, 'seed')} each.",
            "Differences are to the training run without augmentation, paired by seed; p-values are corrected after "
            "Holm.",
            "Rotation and shear are angles in degrees, shifts and zoom fractions of the image. Keras' generator takes "
            "shear in degrees as well: the notebook's 0.3 slides the outermost row of an image by less than a tenth of "
            "a pixel.",
        ],
        [
            Training({"augmentation": kind}, dataclasses.replace(recipe, augmentation=chosen, seed=seed))
            for kind, chosen in kinds.items()
            for seed in range(num_seeds)
        ],
        conclude,
    )


def conclude(rows: list[Row], _dataset: Dataset, _folder: Path) -> Findings:
    """Differences to the training runs without augmentation, with intervals and tests."""
    grouped = {kind: group for (kind,), group in by_place(rows, "augmentation")}
    compared = compare_accuracies(grouped, WITHOUT)
    groups: list[RangeGroup] = [
        {"augmentation": kind, **summarize(group), **compared[kind]} for kind, group in grouped.items()
    ]
    return Findings(explain(groups), groups, charts(groups))


def charts(groups: Sequence[RangeGroup]) -> dict[str, Chart]:
    """The gain of each range over the accuracy without augmentation."""
    compared = [{**row, "augmentation": _words(row["augmentation"])} for row in groups if row["difference"]]
    chart = Chart(
        "What each part changes",
        Axis("", scale="names"),
        Axis("test accuracy against none", POINTS, "zero"),
        mean_series(compared, "augmentation", "difference", factor=100),
        "What each range adds to the test accuracy, with 95 % intervals over seeds; an interval that holds zero is no "
        "evidence.",
    )
    return {"differences": chart}


def explain(groups: Sequence[RangeGroup]) -> list[str]:
    """Sentences from the rows alone."""
    without = next(row for row in groups if row["augmentation"] == WITHOUT)
    answer = [f"Without augmentation the test accuracy is {percent(without['accuracy']['mean'])}."]
    for row in groups:
        if row is not without:
            kind = row["augmentation"]
            name = "All of it together" if kind == WITH else f"{_words(kind).capitalize()} alone"
            answer.append(f"{name}: {effect(row)}.")
    return answer


def _words(kind: str) -> str:
    return "all" if kind == WITH else kind.replace("_", " ")
