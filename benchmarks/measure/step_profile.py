"""Where the time of a training step goes: each layer of both networks alone, forward and backward, and the whole step.

    python benchmarks/measure/step_profile.py [--table-only]

Each layer runs on random input of its own shape, with the gradients of its input and weights, in the precision that
`auto` stands for on this machine. Dropout's random numbers count as part of their layer. Adam's update of all weights
and the augmentation are measured as well, and last a step as training does it.
"""

import dataclasses
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks.measure.benchmark import Benchmark, Results, markdown_table, source
from mnistlab import training
from mnistlab.datasets import Dataset, load_mnist
from mnistlab.experiments.benchmark.worker import measure_machine
from mnistlab.models.backend import describe_environment
from mnistlab.models.parts import accelerated_parts
from mnistlab.models.precision import resolve_precision
from mnistlab.recipes import RECIPES, AffineRanges
from mnistlab.training.augmentation import RandomAffine, transform_images
from mnistlab.training.compiling import build_for_training

REPEATS, IN_A_ROW = 15, 8  # measurements, and calls within each
KINDS = {
    "Conv2D": "convolutions",
    "Dense": "dense layers",
    "FusedBatchNormalization": "batch normalization",
    "Activation": "ReLU and softmax",
    "MaxPooling2D": "pooling",
    "FastDropout": "dropout",
}


def milliseconds(operation: Callable, inputs: list) -> float:
    """The median time of an operation in milliseconds, when it runs on one input after the other within one graph."""
    import tensorflow as tf

    @tf.function
    def in_a_row(*several: object) -> list:
        fetched, done = [], []
        for arguments in several:
            with tf.control_dependencies(done):
                done = [tensor for tensor in tf.nest.flatten(operation(*arguments)) if tensor is not None]
            # A tensor that nobody fetches is not computed.
            fetched += [tf.reshape(tensor, [-1])[:1] for tensor in done]
        return fetched

    in_a_row(*inputs)
    seconds = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        [tensor.numpy() for tensor in in_a_row(*inputs)]
        seconds.append((time.perf_counter() - started) / len(inputs))
    return statistics.median(seconds) * 1e3


def profile_layer(layer: object, batch_size: int, *, is_first: bool) -> dict:
    """Times one layer alone, forward and backward; of the first, nobody needs the gradient of the input."""
    import tensorflow as tf

    shape, dtype = (batch_size, *layer.input.shape[1:]), layer.compute_dtype

    def forward_and_backward(values: object, gradient: object) -> list:
        with tf.GradientTape() as tape:
            tape.watch(values)
            outputs = layer(values, training=True)
        sources = [variable.value for variable in layer.trainable_variables] + ([] if is_first else [values])
        return tape.gradient(outputs, sources, output_gradients=tf.cast(gradient, outputs.dtype))

    gradient_shape = (batch_size, *layer.output.shape[1:])
    inputs = [
        (tf.cast(tf.random.normal(shape), dtype), tf.cast(tf.random.normal(gradient_shape), dtype))
        for _ in range(IN_A_ROW)
    ]
    measured = {
        "name": layer.name,
        "kind": KINDS[type(layer).__name__],
        "ms": milliseconds(forward_and_backward, inputs),
    }
    if measured["kind"] in ("convolutions", "dense layers"):
        places = int(np.prod(layer.output.shape[1:-1]))
        multiply_adds = batch_size * places * int(np.prod(layer.kernel.shape))
        measured["gflops"] = (4 if is_first else 6) * multiply_adds / measured["ms"] / 1e6
    return measured


def profile_network(name: str) -> dict:
    """Times all layers of a recipe's network, Adam, the augmentation and the whole step."""
    import tensorflow as tf

    recipe, mnist = RECIPES[name], load_mnist()
    model = build_for_training(recipe, num_steps=100)
    layers = [layer for layer in model.layers if type(layer).__name__ in KINDS]
    first = next(layer for layer in layers if layer.trainable_variables)
    parts = [profile_layer(layer, recipe.batch_size, is_first=layer is first) for layer in layers]
    optimizer = accelerated_parts().optimizer()
    optimizer.build(model.trainable_variables)
    gradients = [[tf.random.normal(variable.shape) for variable in model.trainable_variables] for _ in range(IN_A_ROW)]

    def update(*values: object) -> list:
        optimizer.apply(list(values), model.trainable_variables)
        return [optimizer.iterations.value + 0]

    parts.append({"name": "adam", "kind": "Adam", "ms": milliseconds(update, gradients)})
    if recipe.augmentation is not None:
        augmentation = RandomAffine(AffineRanges(), seed=0)
        inputs = [
            (
                tf.constant(mnist.train.images[: recipe.batch_size]),
                augmentation.draw_transforms(recipe.batch_size, step),
            )
            for step in range(IN_A_ROW)
        ]
        parts.append({"name": "augment", "kind": "augmentation", "ms": milliseconds(transform_images, inputs)})
    with tempfile.TemporaryDirectory() as folder:
        short = Dataset("MNIST", mnist.train.take(np.arange(30_000)), mnist.test.take(np.arange(100)))
        alone = dataclasses.replace(recipe, epochs=3, validation="none")
        run = training.train(alone, short, Path(folder) / "run", progress=False)
        seconds = min(row["seconds"] for row in run.history)  # the first epoch also builds the graph
        steps = run.metrics["steps"] / alone.epochs
    return {"batch_size": recipe.batch_size, "step_ms": seconds * 1e3 / steps, "parts": parts}


def measure() -> Results:
    """Profiles the machine and both networks."""
    return {
        "environment": describe_environment() | {"precision": resolve_precision("auto")},
        "machine": measure_machine(),
        "networks": {name: profile_network(name) for name in ("mlp", "cnn")},
    }


def table(results: Results) -> str:
    """A table of the parts of each network's step."""
    rates = ", ".join(f"{key.removesuffix('_gflops')} {rate:.0f}" for key, rate in results["machine"].items())
    texts = [f"{source(results['environment'])}; matrix products of 2048³ in GFLOP/s: {rates}."]
    for name, network in results["networks"].items():
        whole, parts, rows = network["step_ms"], network["parts"], []
        for kind in dict.fromkeys(part["kind"] for part in parts):
            of_kind = [part for part in parts if part["kind"] == kind]
            total = sum(part["ms"] for part in of_kind)
            rates = ", ".join(f"{part['gflops']:.0f}" for part in of_kind if "gflops" in part)
            rows.append((kind, f"{total:.2f}", f"{total / whole:.0%}", rates or "–"))
        total = sum(part["ms"] for part in parts)
        texts += [
            f"`{name}`, batches of {network['batch_size']}: {whole:.1f} ms a step.",
            f"{markdown_table('part, forward and backward | ms alone | of the step | GFLOP/s', rows)}\n"
            f"| **all parts** | {total:.2f} | {total / whole:.0%} | |",
        ]
    return "\n\n".join(texts)


BENCHMARK = Benchmark(__file__, __doc__, measure, table)

if __name__ == "__main__":
    BENCHMARK.run()
