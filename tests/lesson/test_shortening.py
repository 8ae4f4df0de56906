"""Training is cut to a few steps for checks, whoever asked for Keras before it was imported."""

import pytest

from processes import run_after_keras, run_python

PROGRAM = """
import importlib.util, sys
from mnistlab.lesson.grading.shortening import NUM_STEPS, shorten_training
print("keras" in sys.modules)
shorten_training()
{between}
import keras, numpy as np
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
model.compile(keras.optimizers.SGD(), "mse")
history = model.fit(np.zeros((3200, 4)), np.zeros((3200, 2)), 32, epochs=3, verbose=0)
print(len(history.epoch), int(model.optimizer.iterations) == NUM_STEPS)
"""


ASKED = 'assert importlib.util.find_spec("keras")'


@pytest.mark.parametrize(
    ("run", "between"),
    [
        pytest.param(run_python, ASKED, id="later, and asked before"),
        pytest.param(run_python, "", id="later", marks=pytest.mark.slow),
        pytest.param(run_after_keras, ASKED, id="imported before, and asked"),
        pytest.param(run_after_keras, "", id="imported before"),
    ],
)
def test_fit_takes_a_few_steps_of_one_epoch(run, between):
    done = run(PROGRAM.format(between=between))
    assert done.stdout.split() == [str(run is run_after_keras), "1", "True"], done.stderr
