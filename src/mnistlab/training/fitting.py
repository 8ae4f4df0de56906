"""Training with `keras.Model.fit`: on blocks of batches, or one batch after the other, from any point on.

On TensorFlow a call from Python makes many weight updates (`BlockSequential`). On JAX a step can be shared among all
devices of all processes, each on its part of the batch (`ShardedSequential`): every process draws whole batches,
which are a function of seed and step, and passes them on as they are. Inside the compiled step they are cut: device i
of n computes rows i/n to (i+1)/n. The step is still that of the whole batch: mean loss, batch statistics, dropout masks
and metrics are those of one process, and JAX inserts the sums over all devices that this takes. A last batch that
cannot be cut evenly is computed whole by each device, which gives the same numbers.
"""

import functools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from mnistlab.datasets import IMAGE_SHAPE, NUM_CLASSES
from mnistlab.models.backend import keras
from mnistlab.models.backend import tensorflow as tf
from mnistlab.training.augmentation import transform_images
from mnistlab.training.batches import BlockStream, prefetched


def sequential_class() -> Any:
    """The `keras.Sequential` that trains fastest on the current backend, or shares its steps among processes."""
    if keras.distribution.distribution() is not None:
        return ShardedSequential
    return BlockSequential if keras.backend.backend() == "tensorflow" else keras.Sequential


class FitPlan:
    """The plan of a training run on a stream: calls of Keras' training function, and weight updates in them.

    Args:
        model: The network to train; a `BlockSequential` makes a block of batches in one call, others make one batch.
        stream: The stream to train on.
        epochs: Passes over the stream's images.

    Attributes:
        num_steps: Weight updates of the whole training run.
        steps_per_call: Weight updates in one call; fewer in the last call of an epoch.
        calls_per_epoch: Calls of the training function in an epoch.
        num_calls: Calls of the training function in the whole training run.
    """

    def __init__(self, model: Any, stream: BlockStream, epochs: int) -> None:
        self.stream = stream
        self.epochs = epochs
        self.num_steps = stream.num_steps(epochs)
        self.steps_per_call = stream.steps_per_block if isinstance(model, BlockSequential) else 1
        self.calls_per_epoch = math.ceil(stream.steps_per_epoch / self.steps_per_call)
        whole, rest = divmod(self.num_steps, stream.steps_per_epoch)
        self.num_calls = whole * self.calls_per_epoch + math.ceil(rest / self.steps_per_call)

    def steps_in_epoch(self, num_calls: int) -> int:
        """Weight updates in the current epoch after `num_calls` calls; 0 at its end."""
        return num_calls % self.calls_per_epoch * self.steps_per_call

    def steps_after(self, num_calls: int) -> int:
        """Weight updates in the first `num_calls` calls of the training run."""
        whole = num_calls // self.calls_per_epoch * self.stream.steps_per_epoch
        return min(whole + self.steps_in_epoch(num_calls), self.num_steps)

    def images_in_epoch(self, num_calls: int) -> int:
        """Images of the current epoch up to the end of the last of `num_calls` calls."""
        steps = self.steps_in_epoch(num_calls) or self.stream.steps_per_epoch
        return min(steps * self.stream.batch_size, self.stream.num_images)

    def epoch_of(self, num_calls: int) -> int:
        """The epoch, from 1, of the last of `num_calls` calls."""
        return math.ceil(num_calls / self.calls_per_epoch)


def make_variables(model: Any, stream: BlockStream) -> None:
    """Lets optimizer, loss and metrics make their variables, which they do when they first get data."""
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    images, targets = (keras.ops.convert_to_tensor(part) for part in (stream.images[:1], stream.targets_of([0])))
    probabilities = model(images)  # (1, 28, 28) -> (1, 10)
    model.compute_loss(images, targets, probabilities)
    model.compute_metrics(images, targets, probabilities)


class BlockSequential(keras.Sequential):  # type: ignore[misc]
    """A `keras.Sequential` that can train on blocks of batches: one call from Python, many weight updates.

    `fit_blocks` is `fit` on a `BlockStream`. To callbacks a block is a batch; metrics are those of all the images.
    """

    train_function: Any
    _stream: BlockStream | None = None
    _blocks: Iterator[Any]
    _defers_metrics = False
    _loss: Any = None

    def fit_blocks(self, stream: BlockStream, *, epochs: int, first_block: int = 0, **options: Any) -> None:
        """Trains on a stream of blocks; options are those of `fit`.

        Args:
            stream: The stream to train on.
            epochs: Passes over its images.
            first_block: Blocks that were trained on before, counted over all epochs. A callback must restore weights,
                metrics and optimizer.
            options: Options of `keras.Model.fit`.
        """
        self._stream = stream
        self._blocks = prefetched(stream.blocks(epochs, first_block=first_block))
        make_variables(self, stream)  # this must not happen inside the graph's loop
        try:
            plan = FitPlan(self, stream, epochs)
            for first, last, num_blocks in fit_spans(plan.num_calls, plan.calls_per_epoch, first_block):
                blocks = tf.data.Dataset.range(num_blocks)
                self.fit(blocks, initial_epoch=first, epochs=last, shuffle=False, **options)
        finally:
            self._stream = None
            self.train_function = None

    def make_train_function(self, force: bool = False) -> None:
        """Makes the function that `fit` calls: on blocks, it trains on the stream's next block."""
        stream = self._stream
        if stream is None:
            super().make_train_function(force)
            return
        if self.train_function is not None and not force:
            return
        train_on_block = tf.function(
            self._train_on_block,
            input_signature=(
                tf.TensorSpec((None, *stream.images.shape[1:]), tf.uint8),
                tf.TensorSpec((None, stream.num_coefficients), tf.float32),
                tf.TensorSpec((None, stream.num_classes), tf.float32),
            ),
        )
        self.train_function = lambda _iterator: train_on_block(*next(self._blocks))

    def _train_on_block(self, images: Any, transforms: Any, targets: Any) -> Any:
        """Runs Keras' own training step on every batch of a block, in order; the last batch holds what is left.

        A loss that is no longer a finite number ends the block in that step.
        """
        stream: Any = self._stream
        num_images, batch_size = tf.shape(images)[0], stream.batch_size
        one_step = super().train_step
        # What does not depend on the weights is made for the whole block: one large operation costs less than many.
        dropouts = [layer for layer in self.layers if getattr(layer, "draws", False)]
        factors = [layer.draw(tf.stack([num_images, *layer.input.shape[1:]])) for layer in dropouts]
        num_steps = (num_images + batch_size - 1) // batch_size
        answers = tf.TensorArray(tf.float32, num_steps, element_shape=(None, stream.num_classes), infer_shape=False)

        def train_on_batch(step: Any, _loss: Any, answers: Any) -> Any:
            batch = slice(step * batch_size, tf.minimum((step + 1) * batch_size, num_images))
            inputs = images[batch]  # (block, 28, 28) -> (batch, 28, 28)
            if stream.augmentation is not None:
                inputs = transform_images(inputs, transforms[batch])
            for layer, drawn in zip(dropouts, factors, strict=True):
                layer.drawn = drawn[batch]
            made = one_step((inputs, targets[batch]))
            return step + 1, made["loss"], answers.write(step, made["answers"])

        self._defers_metrics = True
        try:
            _, loss, answers = tf.while_loop(
                lambda step, loss, _answers: (step < num_steps) & tf.math.is_finite(loss),
                train_on_batch,
                [tf.constant(0), tf.constant(0.0), answers],
                parallel_iterations=1,  # updates must happen one after the other
            )
        finally:
            self._defers_metrics = False
            for layer in dropouts:
                layer.drawn = None

        def measure() -> Any:
            return super(BlockSequential, self).compute_metrics(images, targets, answers.concat())

        return tf.cond(tf.math.is_finite(loss), measure, self.get_metrics_result)

    def compute_loss(self, *arguments: Any, **options: Any) -> Any:
        """The loss of one batch, which is also kept for the end of the step."""
        self._loss = super().compute_loss(*arguments, **options)
        return self._loss

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """What is known after one step: Keras' metrics, or within a block what they are computed from at its end."""
        if not self._defers_metrics:
            return super().compute_metrics(x, y, y_pred, sample_weight)
        return {"loss": tf.cast(self._loss, tf.float32), "answers": tf.cast(y_pred, tf.float32)}


class WholeBatches(keras.distribution.DataParallel):  # type: ignore[misc]
    """Data parallelism over all devices of all processes, where each process is fed the whole batch."""

    def __init__(self) -> None:
        # The data are not a tf.data.Dataset, the only kind that Keras can cut by itself.
        super().__init__(auto_shard_dataset=False)

    def get_data_layout(self, data_shape: Any) -> Any:
        """Gives every device the whole batch; Keras would take each process's batch for a part of a larger one."""
        return keras.distribution.TensorLayout([None] * len(data_shape), self.device_mesh)

    def cut(self, array: Any) -> Any:
        """Inside a compiled step: leaves each device its rows of a whole batch, if it divides evenly."""
        if array is None or array.shape[0] % self.num_model_replicas:
            return array
        axes = [self.batch_dim_name, *[None] * (len(array.shape) - 1)]  # (n, …) -> (n / devices, …) on each
        return keras.distribution.distribute_tensor(array, keras.distribution.TensorLayout(axes, self.device_mesh))


class ShardedSequential(keras.Sequential):  # type: ignore[misc]
    """`keras.Sequential` on JAX whose steps are shared among the devices of a `WholeBatches` distribution."""

    def train_step(self, state: Any, data: Any) -> Any:
        """Makes one weight update, each device on its rows."""
        return super().train_step(state, _cut(data))

    def test_step(self, state: Any, data: Any) -> Any:
        """Validates on one batch, each device on its rows."""
        return super().test_step(state, _cut(data))


def _cut(data: Any) -> Any:
    return keras.tree.map_structure(keras.distribution.distribution().cut, data)


def fit_spans(num_calls: int, calls_per_epoch: int, first_call: int) -> Iterator[tuple[int, int, int]]:
    """The calls of `fit` that train from a given call of the training function on.

    Args:
        num_calls: Calls of the training function in the whole training run.
        calls_per_epoch: Calls of the training function in an epoch.
        first_call: Calls that were made before.

    Yields:
        `(first epoch, last epoch, calls in each)`: the rest of an unfinished epoch, if any, then all whole epochs, then
        the beginning of an epoch that the training run does not finish, if any.

    Example:
        >>> list(fit_spans(num_calls=75, calls_per_epoch=15, first_call=32))
        [(2, 3, 13), (3, 5, 15)]
        >>> list(fit_spans(num_calls=37, calls_per_epoch=15, first_call=0))
        [(0, 2, 15), (2, 3, 7)]
    """
    while first_call < num_calls:
        epoch, done = divmod(first_call, calls_per_epoch)
        whole = 0 if done else (num_calls - first_call) // calls_per_epoch
        calls = calls_per_epoch if whole else min(calls_per_epoch - done, num_calls - first_call)
        yield epoch, epoch + max(1, whole), calls
        first_call += max(1, whole) * calls


def fit_stream(model: Any, plan: FitPlan, *, first_call: int = 0, **options: Any) -> None:
    """Trains a model as planned: in blocks where its class can, batch by batch elsewhere.

    Args:
        model: The compiled network, of `sequential_class()`.
        plan: Stream and epochs.
        first_call: Calls of the training function that were made before; a callback must restore their effect on the
            model.
        options: Options of `keras.Model.fit`: callbacks, validation data and so on.
    """
    stream = plan.stream
    if isinstance(model, BlockSequential):
        model.fit_blocks(stream, epochs=plan.epochs, first_block=first_call, **options)
        return
    for first, last, num_steps in fit_spans(plan.num_calls, plan.calls_per_epoch, first_call):
        batches = stream.batches(last, first_step=max(first_call, first * stream.steps_per_epoch))
        model.fit(batches, steps_per_epoch=num_steps, initial_epoch=first, epochs=last, shuffle=False, **options)


@functools.cache
def warm_up() -> None:
    """Lets the backend start threads and kernels before the clock runs, or the first training run would be slower."""
    layers = [keras.Input(IMAGE_SHAPE), keras.layers.Flatten(), keras.layers.Dense(NUM_CLASSES, activation="softmax")]
    model = sequential_class()(layers)
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    images, labels = np.zeros((32, *IMAGE_SHAPE), np.uint8), np.arange(32) % NUM_CLASSES
    fit_stream(model, FitPlan(model, BlockStream(images, labels, batch_size=16, seed=0), epochs=1), verbose=0)
