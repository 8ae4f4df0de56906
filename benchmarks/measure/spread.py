"""How far apart the notebook's CNN ends from seed to seed, in float32, with stock Keras and with mnistlab.

    python benchmarks/measure/spread.py [--seeds 20] [--full-seeds 6] [--most 1] [--table-only]

Every training run is stored as soon as it is finished; the next call makes those that are missing.
"""

import dataclasses
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks.measure.benchmark import Benchmark, Results
from mnistlab.datasets import Dataset, Split, load_mnist
from mnistlab.recipes import RECIPES

EPOCHS = RECIPES["cnn"].epochs
SHORT_IMAGES = 12_000  # of the training images in the shortened runs
WATCHED_IMAGES = 500  # test images on which stock Keras validates after every epoch, as the notebook does
SETTLING_IMAGES = 5_000  # training images from which the statistics of batch normalization are taken anew
BATCH_SIZE = 500


def measure(seeds: int, full_seeds: int, most: int | None) -> Results | None:
    """Makes the training runs that are missing, `most` of them at most."""
    results = BENCHMARK.read() or {
        "short": {"num_images": SHORT_IMAGES, "stock": [], "mnistlab": []},
        "full": {"num_images": 60_000, "mnistlab": []},
    }
    wanted = [("short", kind, seed) for seed in range(seeds) for kind in ("stock", "mnistlab")]
    wanted += [("full", "mnistlab", seed) for seed in range(full_seeds)]
    missing = [
        (length, kind, seed)
        for length, kind, seed in wanted
        if seed not in {row["seed"] for row in results[length][kind]}
    ]
    for length, kind, seed in missing[:most]:
        row = {"seed": seed, **train(kind, results[length]["num_images"], seed)}
        results["environment"] = row.pop("environment", results.get("environment"))
        results[length][kind].append(row)
        BENCHMARK.write(results)
        print(length, kind, row, flush=True)
    return results if len(missing) <= len(missing[:most]) else None


def train(kind: str, num_images: int, seed: int) -> dict[str, Any]:
    """Trains the notebook's CNN once in float32 and scores it on all test images, as it is and settled."""
    mnist = load_mnist()
    train_split = mnist.train.take(np.arange(num_images))
    started = time.perf_counter()
    row: dict[str, Any] = {}
    if kind == "stock":
        from mnistlab.experiments.benchmark.stock import train_stock
        from mnistlab.models.backend import keras

        watched = keras.callbacks.History()
        dataset = Dataset(mnist.name, train_split, mnist.test.take(np.arange(WATCHED_IMAGES)))
        train_stock("cnn", dataset, epochs=EPOCHS, seed=seed, callbacks=[watched])
        model = watched.model
    else:
        from mnistlab import training

        recipe = dataclasses.replace(RECIPES["cnn"], seed=seed, validation="none", precision="float32")
        with tempfile.TemporaryDirectory() as folder:
            run = training.train(
                recipe, Dataset(mnist.name, train_split, mnist.test), Path(folder) / "run", progress=False
            )
            model, row["environment"] = run.model, run.environment
    row["test_accuracy"] = accuracy_of(model, mnist.test)
    settle(model, train_split.images[:SETTLING_IMAGES])
    row["settled_accuracy"] = accuracy_of(model, mnist.test)
    return row | {"seconds": round(time.perf_counter() - started, 1)}


def accuracy_of(model: Any, split: Split) -> float:
    """The share of a split's images that a Keras model classifies correctly."""
    probabilities = model.predict(inputs_of(model, split.images), batch_size=BATCH_SIZE, verbose=0)
    return float(np.mean(probabilities.argmax(axis=1) == split.labels))


def settle(model: Any, images: Any) -> None:
    """Takes the statistics of every batch normalization anew, as plain means over images; weights stay as they are."""
    from mnistlab.models.backend import keras

    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    for number, first in enumerate(range(0, len(images), BATCH_SIZE)):
        for norm in norms:
            norm.momentum = number / (number + 1)  # the mean of the batches so far
        model(inputs_of(model, images[first : first + BATCH_SIZE]), training=True)


def inputs_of(model: Any, images: Any) -> Any:
    """Images as a model takes them: mnistlab's as they are stored, the notebook's scaled and with a channel."""
    return images if len(model.input_shape) == 3 else images[..., None].astype(np.float32) / 255


OPTIONS = {
    "--seeds": {"type": int, "default": 20, "help": "seeds of the shortened training runs"},
    "--full-seeds": {"type": int, "default": 0, "help": "seeds of mnistlab's training runs on all images"},
    "--most": {"type": int, "help": "training runs to make in this call"},
}
BENCHMARK = Benchmark(__file__, __doc__, measure, options=OPTIONS)

if __name__ == "__main__":
    BENCHMARK.run()
