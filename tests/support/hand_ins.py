"""Short notebooks that are handed in, and what is read off their grades."""

import textwrap

from mnistlab.system.sandbox.limits import Limits

LIMITS = Limits(seconds=120)
SHORT = Limits(seconds=20)

# The limit is one of the clock, so the loop may leave the processor to others.
ENDLESS = "import time\nwhile True: time.sleep(0.01)"

SOLVED = """
from mnistlab.lesson import check
check("batch.predict", {10_000: ("shorter", "lower"), 32: ("longer", "higher")})
"""
PREPARED = """
from mnistlab.datasets import load_mnist
from mnistlab.lesson import check
from mnistlab.datasets.preprocessing import one_hot, scale_pixels
mnist = load_mnist()
x_train, x_test = (scale_pixels(split.images).reshape(-1, 784) for split in (mnist.train, mnist.test))
y_train, y_test = one_hot(mnist.train.labels), one_hot(mnist.test.labels)
check("data.prepare", x_train, y_train, x_test, y_test)
"""


def percent(*cells):
    return "".join(f"# %%\n{textwrap.dedent(cell).strip()}\n\n" for cell in cells)


def points(grade):
    return {step.key: step.points for step in grade.steps if step.points}


def failures(grade):
    """The problems of a grade, without the remark on the many steps that these short notebooks do not check."""
    return [problem for problem in grade.problems if not problem.startswith("no check was called")]
