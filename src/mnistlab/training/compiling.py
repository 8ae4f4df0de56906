"""A recipe's network made ready to train: fast parts, optimizer, schedule, the weights it starts from."""

from typing import Any

from numpy.typing import NDArray

from mnistlab.models import build, compile_network, load_run, member_weights
from mnistlab.models.backend import keras
from mnistlab.models.parts import accelerated_parts
from mnistlab.recipes import Recipe
from mnistlab.runs import Run
from mnistlab.training.fitting import sequential_class

WARM_UP_FRACTION = 0.3  # of the steps, until the highest learning rate
START_FRACTION = 0.1  # of the highest learning rate, at the first step


class OneCycle(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """Up in a straight line, then down to zero.

    Args:
        peak: the highest learning rate.
        num_steps: of the whole training.

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
    """What the recipe's optimizer takes as its learning rate."""
    return OneCycle(recipe.learning_rate, num_steps) if recipe.schedule == "one-cycle" else recipe.learning_rate


def build_for_training(recipe: Recipe, num_steps: int) -> Any:
    """The recipe's network from accelerated parts, compiled: categorical cross-entropy, Adam, accuracy.

    Args:
        recipe: The recipe of one network.
        num_steps: Weight updates of the whole training, which the learning rate's schedule needs to know.
    """
    parts = accelerated_parts()
    model = build(recipe, parts, precision=recipe.precision, sequential=sequential_class())
    compile_network(model, recipe, parts, learning_rate_of(recipe, num_steps))
    return model


def starting_weights(start: Run) -> list[list[NDArray[Any]]]:
    """The weights of a run's network, or of each of those that it averages."""
    return member_weights(load_run(start), start.recipe)
