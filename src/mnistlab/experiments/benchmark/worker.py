"""One measurement in a process of its own.

`python -m mnistlab.experiments.benchmark.worker KIND MODEL EPOCHS NUM_IMAGES SEED` prints one JSON
object; so do `… worker machine` and `… worker path MODEL PRECISION`. Each measurement has a process of its own, so that
none inherits another's memory, threads or compiled kernels.
"""

import dataclasses
import json
import math
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np

from mnistlab.datasets import Dataset, load_mnist
from mnistlab.recipes import RECIPES, ModelName, Precision, Validation

Kind = Literal["machine", "path", "stock", "torch", "mnistlab"]
PRODUCT_SIZE = 2048  # rows and columns of the matrices multiplied: large enough that the rate no longer grows
PRODUCT_REPEATS = 20
PATH_EPOCHS, PATH_IMAGES = 5, 4_096


def measure_machine() -> dict[str, float]:
    """This machine's matrix-product rate in TensorFlow: the best of some repeats, in GFLOP/s."""
    from mnistlab.models.backend import tensorflow as tf

    rates = {}
    for precision in ("float32", "bfloat16"):
        matrix = tf.cast(tf.random.stateless_normal((PRODUCT_SIZE, PRODUCT_SIZE), seed=(0, 1)), precision)
        multiply = tf.function(lambda a: tf.cast(tf.reduce_sum(a @ a), tf.float32))
        seconds = []
        for _ in range(PRODUCT_REPEATS):
            started = time.perf_counter()
            multiply(matrix).numpy()
            seconds.append(time.perf_counter() - started)
        rates[f"{precision}_gflops"] = 2 * PRODUCT_SIZE**3 / min(seconds) / 1e9
    return rates


def measure_path(model_name: ModelName, precision: Precision) -> dict[str, float]:
    """A short trial of one precision, with the kernels that this process has: milliseconds of a step, at the median."""
    from mnistlab import training

    recipe = dataclasses.replace(RECIPES[model_name], precision=precision, epochs=PATH_EPOCHS, validation="none")
    mnist = load_mnist()
    dataset = Dataset(mnist.name, mnist.train.take(np.arange(PATH_IMAGES)), mnist.test.take(np.arange(10)))
    with tempfile.TemporaryDirectory() as folder:
        run = training.train(recipe, dataset, Path(folder) / "run", progress=False)
        later = [row["seconds"] for row in run.history][1:]  # the first epoch also builds the graph
    return {"step_ms": statistics.median(later) * 1e3 / math.ceil(PATH_IMAGES / recipe.batch_size)}


def measure_training(kind: Kind, model_name: ModelName, epochs: int, num_images: int, seed: int) -> dict[str, Any]:
    """Trains one network once on the first `num_images` training images and scores it on as large a part of the tests.

    The rate is that of the epochs after the first, if there are any: the first also builds TensorFlow's graph.
    """
    mnist = load_mnist()
    num_tests = math.ceil(len(mnist.test) * num_images / len(mnist.train))
    dataset = Dataset(mnist.name, mnist.train.take(np.arange(num_images)), mnist.test.take(np.arange(num_tests)))
    if kind == "stock":
        from mnistlab.experiments.benchmark.stock import train_stock

        measured: dict[str, Any] = dict(train_stock(model_name, dataset, epochs=epochs, seed=seed))
    elif kind == "torch":
        from mnistlab.experiments.benchmark.pytorch import train_torch

        measured = train_torch(model_name, dataset, epochs=epochs, seed=seed)
    else:
        from mnistlab import training

        # The notebook validates its CNN on the test images and trains on all others; so does this comparison.
        validation: Validation = "none" if model_name == "mlp" else "test"
        recipe = dataclasses.replace(RECIPES[model_name], epochs=epochs, seed=seed, validation=validation)
        with tempfile.TemporaryDirectory() as folder:
            run = training.train(recipe, dataset, Path(folder) / "run", progress=False)
            measured = {name: run.metrics[name] for name in ("train_seconds", "epoch_seconds", "test_accuracy")}
            measured["environment"] = run.environment
    timed = measured["epoch_seconds"][1:] or measured["epoch_seconds"]
    measured["images_per_second"] = len(timed) * num_images / sum(timed)
    measured["peak_memory_mb"] = _peak_memory_mb()
    return measured


def _peak_memory_mb() -> float | None:
    """The most memory that this process has held, if the system gives it."""
    if sys.platform == "win32":
        return None
    import resource

    unit = 1024 if sys.platform != "darwin" else 1  # Linux counts kilobytes, macOS bytes
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def main(arguments: list[str]) -> None:
    """Makes the measurement that the arguments describe and prints it."""
    kind = cast(Kind, arguments[0])
    if kind == "machine":
        measured: dict[str, Any] = measure_machine()
    elif kind == "path":
        measured = measure_path(cast(ModelName, arguments[1]), cast(Precision, arguments[2]))
    else:
        epochs, num_images, seed = map(int, arguments[2:])
        measured = measure_training(kind, cast(ModelName, arguments[1]), epochs, num_images, seed)
    print(json.dumps(measured))


if __name__ == "__main__":
    main(sys.argv[1:])
