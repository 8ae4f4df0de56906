import numpy as np
import pytest

from mnistlab.recipes import RECIPES
from mnistlab.training.compiling import OneCycle, learning_rate_of


def test_one_cycle_is_the_polyline_it_says():
    schedule = OneCycle(0.02, num_steps=1000)
    steps = np.arange(0, 1001, 50)
    expected = np.interp(steps, [0, 300, 1000], [0.002, 0.02, 0.0])
    assert [float(schedule(int(step))) for step in steps] == pytest.approx(expected.tolist(), abs=1e-8)


def test_a_constant_rate_stays_a_number():
    assert learning_rate_of(RECIPES["mlp"], num_steps=10) == 1e-3
