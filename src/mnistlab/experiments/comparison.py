"""Is one recipe better than another, and by how much?"""

import dataclasses
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypedDict

import numpy as np

from mnistlab.datasets import Dataset
from mnistlab.evaluation import Evaluation, evaluate
from mnistlab.evaluation.charts import POINTS, Axis, Chart
from mnistlab.evaluation.significance import ImageTest, PairedTest, image_test, paired_test
from mnistlab.experiments.cells import Training
from mnistlab.experiments.experiment import Experiment, Findings
from mnistlab.experiments.summaries import (
    Group,
    Interval,
    Row,
    by_place,
    mean_series,
    p_text,
    plain,
    summarize,
    times,
)
from mnistlab.figures import plot_chart, plot_predictions
from mnistlab.inference import Classifier
from mnistlab.recipes import Recipe
from mnistlab.runs import Run
from mnistlab.system.text import percent, plural, points

MAX_IMAGES = 9  # of each kind in the figures
MAX_EXAMPLES = 1000  # of each kind in the results


class Example(TypedDict):
    """A test image that one recipe gets right from more seeds than the other.

    Args:
        index: Its place in the test split.
        label: Its digit.
        predictions: What each recipe took it for, seed by seed.
    """

    index: int
    label: int
    predictions: dict[str, list[int]]


class RecipeGroup(Group):
    """One recipe, over its seeds."""

    recipe: str
    num_parameters: int
    multiply_adds: int


def experiment(first: Recipe, second: Recipe, *, num_seeds: int = 5) -> Experiment:
    """Two recipes over the same seeds."""
    recipes = {first.name: first, second.name: second}
    return Experiment(
        "compare",
        f"Is {first.name} better than {second.name}?",
        [
            f"Both recipes are trained from {plural(num_seeds, 'seed')} and scored on the same test images. The "
            "difference in accuracy is paired by seed; its 95 % interval and p-value (paired t-test) speak of other "
            "trainings of these recipes.",
            "A second test looks at the images: for each, in how many seeds either recipe is right (exact sign-flip "
            "test; with one seed McNemar's). An image counts once, however many seeds answered it. The test speaks of "
            "other images, for networks like these.",
        ],
        [
            Training({"recipe": name}, dataclasses.replace(recipe, seed=seed))
            for name, recipe in recipes.items()
            for seed in range(num_seeds)
        ],
        partial(conclude, names=(first.name, second.name)),
    )


def conclude(rows: list[Row], dataset: Dataset, folder: Path, *, names: tuple[str, str]) -> Findings:
    """Both tests, the verdict, and the images that one gets right and the other wrong."""
    grouped = {name: group for (name,), group in by_place(rows, "recipe")}
    scored = {
        name: [
            evaluate(Classifier(Run(folder / row["folder"]).onnx_path, calibrated=False), dataset.test) for row in group
        ]
        for name, group in grouped.items()
    }
    right = {name: [_right(evaluation) for evaluation in evaluations] for name, evaluations in scored.items()}
    first, second = names
    test = paired_test(*([row["test_accuracy"] for row in grouped[name]] for name in names))
    by_image = image_test(right[first], right[second])
    groups: list[RecipeGroup] = [
        {
            "recipe": name,
            **summarize(group),
            "num_parameters": group[0]["num_parameters"],
            "multiply_adds": group[0]["multiply_adds"],
        }
        for name, group in grouped.items()
    ]
    difference = plot_chart(_chart_difference(f"{first} less {second}", plain(test.difference)))
    drawn: dict[str, tuple[Any, str]] = {
        "difference": (
            difference,
            "Difference in test accuracy with its 95 % interval over seeds; one that holds zero is no evidence.",
        )
    }
    shares = {name: np.mean(right[name], axis=0) for name in names}
    examples: dict[str, list[Example]] = {}
    for name, other in ((first, second), (second, first)):
        alone = np.argsort(shares[other] - shares[name], kind="stable")
        alone = alone[(shares[name] > shares[other])[alone]]
        examples[f"only_{name}"] = [
            {
                "index": int(index),
                "label": int(dataset.test.labels[index]),
                "predictions": {
                    each: [int(evaluation.predictions[index]) for evaluation in scored[each]] for each in names
                },
            }
            for index in alone[:MAX_EXAMPLES]
        ]
        alone = alone[:MAX_IMAGES]
        if len(alone):
            drawn[f"only_{name}"] = (
                plot_predictions(dataset.test, scored[other][0], alone),
                f"Images that {name} reads right in more seeds than {other}, as {other} of seed 0 reads them.",
            )
    details = {
        "difference": plain(test.difference),
        "p_value": test.p_value,
        "images": dataclasses.asdict(by_image) | {"examples": examples},
    }
    return Findings(explain(groups, test, by_image), groups, charts(groups), drawn, details)


def charts(groups: Sequence[RecipeGroup]) -> dict[str, Chart]:
    """Accuracy and time of both recipes, for the page; the report has a table of them."""
    recipes = Axis("", scale="names")
    accuracy = mean_series(groups, "recipe", "accuracy", factor=100)
    return {
        "accuracy": Chart("Test accuracy", recipes, Axis("test accuracy", "%"), accuracy),
        "seconds": Chart(
            "Training time", recipes, Axis("training time", "s", "zero"), mean_series(groups, "recipe", "seconds")
        ),
    }


def _chart_difference(name: str, difference: Interval) -> Chart:
    series = mean_series([{"pair": name, "difference": difference}], "pair", "difference", factor=100)
    return Chart("Difference", Axis("", scale="names"), Axis("difference in test accuracy", POINTS, "zero"), series)


def explain(groups: Sequence[RecipeGroup], test: PairedTest, by_image: ImageTest) -> list[str]:
    """The verdict and the reasons for it, from the numbers alone."""
    first, second = groups
    mean, seeds = test.difference.mean, test.difference.num
    if test.p_value is None and seeds < 2:
        verdict = f"One seed cannot tell {first['recipe']} from {second['recipe']}: train at least two"
    elif not test.is_evidence:
        verdict = f"There is no evidence of a difference in accuracy between {first['recipe']} and {second['recipe']}"
    else:
        better, worse = (first, second) if mean > 0 else (second, first)
        verdict = f"{better['recipe']} is more accurate than {worse['recipe']}, beyond what chance explains"
    low, high = test.difference.low, test.difference.high
    interval = "" if low is None or high is None else f", 95 % interval {points(low)} to {points(high)}"
    p_value = "" if test.p_value is None else f", {p_text(test.p_value)}"
    seconds = first["seconds"]["mean"] / second["seconds"]["mean"]
    return [
        f"{verdict}: {first['recipe']} {percent(first['accuracy']['mean'])}, {second['recipe']} "
        f"{percent(second['accuracy']['mean'])}, a difference of {points(mean)} points{interval}{p_value}, "
        f"over {plural(seeds, 'seed')}.",
        f"{first['recipe']} gets {plural(by_image.num_favouring_first, 'image')} right from more seeds than "
        f"{second['recipe']}, and {second['recipe']} {by_image.num_favouring_second:,} (test over images, "
        f"{p_text(by_image.p_value)}).",
        f"{first['recipe']} trains in {times(seconds)} times the time of {second['recipe']} "
        f"({first['seconds']['mean']:.1f} s and {second['seconds']['mean']:.1f} s); "
        f"it has {first['num_parameters']:,} parameters and takes "
        f"{first['multiply_adds']:,} multiply-adds per image, {second['recipe']} {second['num_parameters']:,} and "
        f"{second['multiply_adds']:,}.",
    ]


def _right(evaluation: Evaluation) -> Any:
    return evaluation.predictions == evaluation.labels
