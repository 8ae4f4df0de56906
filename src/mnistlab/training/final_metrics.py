"""The figures of a run about a network that has just been trained."""

from typing import Any

import numpy as np

from mnistlab.datasets import Dataset, Split
from mnistlab.evaluation import Evaluation, evaluate
from mnistlab.evaluation.calibration import Calibration, calibrate, temper
from mnistlab.evaluation.doubts import no_better_than_guessing
from mnistlab.evaluation.metrics import expected_calibration_error
from mnistlab.recipes import Recipe
from mnistlab.training.callbacks import not_finite


def calibration_of(model: Any, recipe: Recipe, validation: Split | None) -> Calibration | None:
    """The calibration of a network, from digits that it was not trained on.

    Args:
        model: The trained network.
        recipe: The recipe that it was trained with.
        validation: Validation images.

    Returns:
        Temperature and thresholds; `None` if no images were held back for validation.
    """
    if validation is None or recipe.validation != "split":
        return None
    answers = evaluate(model, validation)
    if not np.isfinite(answers.probabilities).all():
        return None  # `score` finds the same on the test split and reports it
    return calibrate(answers.labels, answers.probabilities)


def score(evaluation: Evaluation, dataset: Dataset, num_steps: int, calibration: Calibration | None) -> dict[str, Any]:
    """The figures of `metrics.json` that come from the test split.

    Args:
        evaluation: The trained network's answers to the whole test split.
        dataset: Data set of that split.
        num_steps: Weight updates of the network, for the message of the error.
        calibration: Calibration of the network, if there is one.

    Returns:
        The figures, and under `warnings` what looks wrong with the data or the accuracy, if anything does.

    Raises:
        TrainingError: if an answer is not a finite number.
    """
    if not np.isfinite(evaluation.probabilities).all():
        raise not_finite("The network's answers stopped being finite numbers", num_steps)
    low, high = evaluation.interval
    figures = {} if calibration is None else _calibration_figures(evaluation, calibration)
    return figures | {
        "num_test_images": evaluation.num_images,
        "test_accuracy": evaluation.accuracy,
        "test_accuracy_low": low,
        "test_accuracy_high": high,
        "test_loss": evaluation.loss,
        "test_errors": evaluation.errors,
        **_warnings(dataset, evaluation),
    }


def _warnings(dataset: Dataset, evaluation: Evaluation) -> dict[str, list[str]]:
    """What looks wrong, a sentence each; no key at all where nothing does, so that sound runs stay as they are."""
    guessed = no_better_than_guessing(evaluation)
    found = [*dataset.warnings, *([guessed] if guessed else [])]
    return {"warnings": found} if found else {}


def _calibration_figures(evaluation: Evaluation, calibration: Calibration) -> dict[str, float]:
    """The distance between confidence and accuracy on the test split, with and without the temperature."""
    labels, before = evaluation.labels, evaluation.probabilities
    after = temper(before, calibration.temperature)
    return {
        "temperature": calibration.temperature,
        "test_calibration_error": expected_calibration_error(labels, before),
        "calibrated_test_calibration_error": expected_calibration_error(labels, after),
        "calibrated_test_loss": Evaluation(labels=labels, probabilities=after).loss,
    }
