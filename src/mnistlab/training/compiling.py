"""Prepares a recipe's network for training: fast parts, optimizer, schedule, initial weights."""

from typing import Any

from numpy.typing import NDArray

from mnistlab.models import build, compile_network, load_run, member_weights
from mnistlab.models.backend import keras
from mnistlab.models.parts import accelerated_parts
from mnistlab.recipes import Recipe
from mnistlab.runs import Run
from mnistlab.training.fitting import sequential_class

WARM_UP_FRACTION = 0.3  # share of the steps up to the highest learning rate
START_FRACTION = 0.1  # share of the highest learning rate at the first step


class OneCycle(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """A learning rate that rises in a straight line, then falls to zero.

    Args:
        peak: Highest learning rate.
        num_steps: Weight updates of the whole training run.

    Source: Smith and Topin, "Super-Convergence", arXiv 1708.07120.

    Example:
        >>> schedule = OneCycle(0.01, num_steps=100)
        >>> [round(float(schedule(step)), 5) for step in (0, 30, 65, 100)]
        [0.001, 0.01, 0.005, 0.0]
    """

    def __init__(self, peak: float, num_steps: int) -> None:
        super().__init__()
        self.peak = peak
        self.num_steps = num_steps

    def __call__(self, step: Any) -> Any:
        """The learning rate of a step, counted from 0."""
        progress = keras.ops.cast(step, "float32") / self.num_steps
        rise = START_FRACTION + (1 - START_FRACTION) * progress / WARM_UP_FRACTION
        fall = (1 - progress) / (1 - WARM_UP_FRACTION)
        return self.peak * keras.ops.maximum(keras.ops.minimum(rise, fall), 0.0)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"peak": self.peak, "num_steps": self.num_steps}


def learning_rate_of(recipe: Recipe, num_steps: int) -> Any:
    """The learning rate of the recipe's optimizer: a number or a schedule."""
    return OneCycle(recipe.learning_rate, num_steps) if recipe.schedule == "one-cycle" else recipe.learning_rate


def build_for_training(recipe: Recipe, num_steps: int) -> Any:
    """The recipe's network from accelerated parts, compiled: categorical cross-entropy, Adam, accuracy.

    Args:
        recipe: The recipe of one network.
        num_steps: Weight updates of the whole training run, which the learning rate's schedule depends on.
    """
    parts = accelerated_parts()
    model = build(recipe, parts, precision=recipe.precision, sequential=sequential_class())
    compile_network(model, recipe, parts, learning_rate_of(recipe, num_steps))
    return model


def starting_weights(start: Run) -> list[list[NDArray[Any]]]:
    """The weights of a run's network, or of each network that it averages."""
    return member_weights(load_run(start), start.recipe)
