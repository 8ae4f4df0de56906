"""Training is cut to a few steps for checks, whoever asked for Keras before it was imported."""

import pytest

from processes import run_python

PROGRAM = """
import importlib.util
from mnistlab.lesson.grading.shortening import NUM_STEPS, shorten_training
{before}
shorten_training()
{between}
import keras, numpy as np
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
model.compile(keras.optimizers.SGD(), "mse")
history = model.fit(np.zeros((3200, 4)), np.zeros((3200, 2)), 32, epochs=3, verbose=0)
print(len(history.epoch), int(model.optimizer.iterations) == NUM_STEPS)
"""


@pytest.mark.parametrize("between", ["", 'assert importlib.util.find_spec("keras")'], ids=["at once", "asked before"])
@pytest.mark.parametrize("before", ["", "import keras"], ids=["later", "imported before"])
def test_fit_takes_a_few_steps_of_one_epoch(before, between):
    done = run_python(PROGRAM.format(before=before, between=between))
    assert done.stdout.split() == ["1", "True"], done.stderr
