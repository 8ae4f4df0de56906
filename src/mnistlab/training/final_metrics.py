"""How good a network is that has just been trained, in the figures of its run."""

from typing import Any

import numpy as np

from mnistlab.datasets import Split
from mnistlab.evaluation import Evaluation, evaluate
from mnistlab.evaluation.calibration import Calibration, calibrate, temper
from mnistlab.evaluation.metrics import expected_calibration_error
from mnistlab.recipes import Recipe
from mnistlab.training.callbacks import not_finite


def calibration_of(model: Any, recipe: Recipe, validation: Split | None) -> Calibration | None:
    """How sure a network may be, from digits that it was not trained on.

    Args:
        model: the trained network.
        recipe: that it was trained with.
        validation: what to look at.

    Returns:
        Temperature and thresholds; `None` where nothing was held back to validate on.
    """
    if validation is None or recipe.validation != "split":
        return None
    answers = evaluate(model, validation)
    if not np.isfinite(answers.probabilities).all():
        return None  # the test split will show it too, and that is reported
    return calibrate(answers.labels, answers.probabilities)


def score(model: Any, test: Split, num_steps: int, calibration: Calibration | None) -> dict[str, float]:
    """The figures of `metrics.json` that come from the test split.

    Args:
        model: the trained network.
        test: every image of it is scored.
        num_steps: weight updates of the network, for the message of the error.
        calibration: of the network, if there is one.

    Raises:
        TrainingError: if an answer is not a finite number.
    """
    evaluation = evaluate(model, test)
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
    }


def _calibration_figures(evaluation: Evaluation, calibration: Calibration) -> dict[str, float]:
    """How well confidence fits accuracy on the test split, before and after the temperature."""
    labels, before = evaluation.labels, evaluation.probabilities
    after = temper(before, calibration.temperature)
    return {
        "temperature": calibration.temperature,
        "test_calibration_error": expected_calibration_error(labels, before),
        "calibrated_test_calibration_error": expected_calibration_error(labels, after),
        "calibrated_test_loss": Evaluation(labels=labels, probabilities=after).loss,
    }
