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
from mnistlab.datasets import Dataset, load_mnist
from mnistlab.recipes import RECIPES

EPOCHS = RECIPES["cnn"].epochs
SHORT_IMAGES = 12_000  # of the training images in the shortened runs: enough steps for the jumps to show


def measure(seeds: int, full_seeds: int, most: int | None) -> Results | None:
    """Makes the training runs that are missing, `most` of them at most."""
    results = BENCHMARK.read() or {"short": {"num_images": SHORT_IMAGES, "stock": [], "mnistlab": []}}
    results.setdefault("full", {"num_images": 60_000, "mnistlab": []})
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
    """Trains the notebook's CNN once in float32; the test accuracy is taken after every epoch and chooses nothing."""
    mnist = load_mnist()
    dataset = Dataset(mnist.name, mnist.train.take(np.arange(num_images)), mnist.test)
    started = time.perf_counter()
    if kind == "stock":
        from mnistlab.experiments.benchmark.stock import train_stock
        from mnistlab.models.backend import keras

        watched = keras.callbacks.History()
        train_stock("cnn", dataset, epochs=EPOCHS, seed=seed, callbacks=[watched])
        row: dict[str, Any] = {"accuracies": watched.history["val_accuracy"]}
    else:
        from mnistlab import training

        recipe = dataclasses.replace(RECIPES["cnn"], seed=seed, validation="test", precision="float32")
        with tempfile.TemporaryDirectory() as folder:
            run = training.train(recipe, dataset, Path(folder) / "run", progress=False)
            row = {"accuracies": [epoch["val_accuracy"] for epoch in run.history], "environment": run.environment}
    row["accuracies"] = [round(accuracy, 4) for accuracy in row["accuracies"]]
    return row | {"seconds": round(time.perf_counter() - started, 1)}


OPTIONS = {
    "--seeds": {"type": int, "default": 20, "help": "seeds of the shortened training runs"},
    "--full-seeds": {"type": int, "default": 0, "help": "seeds of mnistlab's training runs on all images"},
    "--most": {"type": int, "help": "training runs to make in this call"},
}
BENCHMARK = Benchmark(__file__, __doc__, measure, options=OPTIONS)

if __name__ == "__main__":
    BENCHMARK.run()
