"""Scores that should make one doubt the data, in a sentence each."""

from collections.abc import Mapping
from math import sqrt
from typing import Any

import numpy as np

from mnistlab.datasets import NUM_CLASSES
from mnistlab.evaluation.metrics import wilson_interval
from mnistlab.evaluation.scoring import Evaluation
from mnistlab.system.text import percent

LEAST_IMAGES = 20  # from which on an accuracy says something
FAR = 0.1  # below its own accuracy, a network meets images that it was not made for


def no_better_than_guessing(evaluation: Evaluation) -> str | None:
    """The sentence for an accuracy that always giving the most frequent class would reach too.

    Args:
        evaluation: The answers of a network to a test split.

    Returns:
        The sentence, or `None` if the accuracy is better by more than chance explains, or there are too few images.
    """
    counts = np.bincount(evaluation.labels, minlength=NUM_CLASSES)
    total, most = int(counts.sum()), int(counts.max())
    # Two standard deviations of a binomial distribution; where all images are of one class nothing can be guessed.
    reach = most + 2 * sqrt(most * (total - most) / total)
    if total < LEAST_IMAGES or most == total or total - evaluation.errors > reach:
        return None
    return (
        f"The test accuracy of {percent(evaluation.accuracy)} is no better than that of always giving the most "
        f"frequent class, {percent(most / total)}."
    )


def foreign_data(trained_on: str, own: Mapping[str, Any], scored_on: str, evaluation: Evaluation) -> str:
    """The sentence for a run that is scored on other data than it was trained on.

    Args:
        trained_on: Name of the data that the run was trained on.
        own: Figures of the run's own test split, as `metrics.json` has them.
        scored_on: Name of the data that it is scored on.
        evaluation: Its answers to those.
    """
    told = f"This run was trained on {trained_on}, where it classified {percent(own['test_accuracy'])} correctly"
    if not is_far_below(own, evaluation):
        return f"{told}, and is scored on {scored_on} here."
    return f"{told}, and is scored on {scored_on} here, with {percent(evaluation.accuracy)} far below that."


def is_far_below(own: Mapping[str, Any], evaluation: Evaluation) -> bool:
    """Whether an accuracy is lower than a run's own by more than ten points, and by more than chance explains."""
    right = evaluation.num_images - evaluation.errors
    _, high = wilson_interval(right, evaluation.num_images)
    low = own.get("test_accuracy_low", own["test_accuracy"])
    return bool(evaluation.accuracy < own["test_accuracy"] - FAR and high < low)
