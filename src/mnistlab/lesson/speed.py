"""Help that keeps the exercise short: faster parts for the same networks, augmented batches, and a line of progress.

The student need not write any of it, and Keras' own parts would do as well, only slower.
"""

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistlab.exceptions import UsageError
from mnistlab.models.backend import keras
from mnistlab.models.parts import accelerated_parts
from mnistlab.models.precision import policy_name
from mnistlab.recipes import AffineRanges
from mnistlab.system.console import UpdatingLine
from mnistlab.system.text import percent
from mnistlab.training.augmentation import RandomAffine, transform_images

STEPS_PER_CALL = 8  # weight updates in each call from Python


def accelerate(model: Any, *, fresh: bool = False) -> Any:
    """The same network on the parts that mnistlab trains with: same layers, names and weights, several times faster.

    Batch normalization, dropout and Adam become subclasses of Keras' own that call one fused kernel each. Where the
    processor multiplies bfloat16 the layers compute in it; the softmax stays in float32.

    Args:
        model: A compiled `keras.Sequential` of Keras' own layers, one that was accelerated, or a functional model.
        fresh: Whether to draw new initial weights, to compare training runs, instead of copying those of `model`.

    Returns:
        A compiled model with weights of its own and an optimizer that begins anew. `fit`, `evaluate` and `predict`
        are Keras'. A functional model stays on Keras' own parts: it comes back as it is, or as a clone if `fresh`.

    Raises:
        UsageError: (a `ValueError`) the object is not a model, has no input shape, or is not compiled.
    """
    if not isinstance(model, keras.Model) or not model.built:
        raise UsageError("accelerate got something else than a Keras model with an input shape.")
    if not model.compiled:
        raise UsageError("accelerate got a model that is not compiled. Run its cell with compile first.")
    if not isinstance(model, keras.Sequential):
        return keras.models.clone_model(model) if fresh else model
    parts, policy = accelerated_parts(), policy_name("auto")
    faster = {keras.layers.BatchNormalization: parts.batch_normalization, keras.layers.Dropout: parts.dropout}
    layers = []
    for layer in model.layers:
        config = layer.get_config()
        gives_answer = "softmax" in str(config.get("activation", "")) or isinstance(layer, keras.layers.Softmax)
        config["dtype"] = "float32" if gives_answer else policy
        layers.append(faster.get(type(layer), type(layer)).from_config(config))
    twin = keras.Sequential([keras.Input(model.input_shape[1:]), *layers], name=model.name)
    if not fresh:
        twin.set_weights(model.get_weights())
    optimizer = model.optimizer
    if type(optimizer) is keras.optimizers.Adam:
        optimizer = parts.optimizer.from_config(optimizer.get_config())
    else:
        optimizer = type(optimizer).from_config(optimizer.get_config())
    twin.compile(
        loss=model.loss,
        optimizer=optimizer,
        metrics=keras.saving.deserialize_keras_object((model.get_compile_config() or {}).get("metrics")),
        steps_per_execution=STEPS_PER_CALL if keras.backend.backend() == "tensorflow" else 1,
        jit_compile="auto",
    )
    return twin


class AugmentedBatches(keras.utils.PyDataset):  # type: ignore[misc]
    """Batches for `fit`, each image rotated, shifted, sheared and zoomed a little, anew in every epoch.

    Args:
        images: Images, float `(num_images, 28, 28, 1)`.
        labels: One row or number for each image.
        batch_size: Images per weight update; the last batch of an epoch holds what is left.
        rotation: Largest rotation either way, in degrees.
        shift: Largest shift either way, as a fraction of the width and of the height.
        shear: Largest shear either way, in degrees.
        zoom: Largest change of size either way, as a fraction.
        seed: Seed of the order and of the transforms.
    """

    def __init__(
        self,
        images: NDArray[Any],
        labels: NDArray[Any],
        *,
        batch_size: int = 128,
        rotation: float = 0.0,
        shift: float = 0.0,
        shear: float = 0.0,
        zoom: float = 0.0,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self._images, self._labels, self._batch_size, self._seed = images, labels, batch_size, seed
        ranges = AffineRanges(rotation=rotation, width_shift=shift, height_shift=shift, shear=shear, zoom=zoom)
        self._augmentation = RandomAffine(ranges, seed=seed)
        self._epoch = 0
        self._order = self._draw_order()

    @property
    def num_batches(self) -> int:
        """Number of batches in an epoch."""
        return -(-len(self._images) // self._batch_size)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        """One batch: images float32 `(n, 28, 28, 1)` and labels."""
        chosen = self._order[index * self._batch_size : (index + 1) * self._batch_size]
        transforms = self._augmentation.draw_transforms(len(chosen), self._epoch * self.num_batches + index)
        images = transform_images(self._images[chosen, ..., 0], transforms)
        return keras.ops.convert_to_numpy(images)[..., None], self._labels[chosen]

    def variants(self, num_images: int = 3, num_variants: int = 6) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """The first images and variants of each, to look at: uint8 `(n, 28, 28)` and `(n, num_variants, 28, 28)`."""
        originals = self._images[:num_images, ..., 0]
        transforms = self._augmentation.draw_transforms(num_images * num_variants, 0)
        changed = keras.ops.convert_to_numpy(transform_images(np.repeat(originals, num_variants, axis=0), transforms))
        pixels = [np.rint(images * 255).astype(np.uint8) for images in (originals, changed)]
        return pixels[0], pixels[1].reshape(num_images, num_variants, *originals.shape[1:])

    def on_epoch_end(self) -> None:
        """Shuffles for the next epoch."""
        self._epoch += 1
        self._order = self._draw_order()

    def _draw_order(self) -> NDArray[np.int64]:
        return np.random.default_rng([self._seed, self._epoch]).permutation(len(self._images))


class ProgressLine(keras.callbacks.Callback):  # type: ignore[misc]
    """Shows a training run on one line that is written over, with the time left; for `fit(..., verbose=0)`.

    Attributes:
        seconds: Duration of the training run in seconds; 0 until it has ended.
    """

    seconds = 0.0

    def on_train_begin(self, logs: Any = None) -> None:
        """Starts the clock."""
        self._start, self._shown, self._epoch = time.perf_counter(), 0.0, 0
        self._line = UpdatingLine()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Notes the epoch."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Writes the line, at most four times a second."""
        now = time.perf_counter()
        if now - self._shown < 0.25 or not self.params.get("steps"):
            return
        self._shown = now
        num_epochs, num_steps = self.params["epochs"], self.params["steps"]
        done = (self._epoch + (batch + 1) / num_steps) / num_epochs
        left = (now - self._start) * (1 - done) / max(done, 1e-9)
        self._line.show(f"{self._said(logs)}  about {left:.0f} s left")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Writes what the epoch ended with."""
        last = epoch + 1 == self.params["epochs"]
        text = self._said(logs) + (f"  {time.perf_counter() - self._start:.1f} s" if last else "")
        self._line.show(text, keep=True)

    def on_train_end(self, logs: Any = None) -> None:
        """Stops the clock."""
        self.seconds = time.perf_counter() - self._start

    def _said(self, logs: Any) -> str:
        names = {"accuracy": "accuracy", "val_accuracy": "validation"}
        shares = "".join(f"  {name} {percent(logs[key])}" for key, name in names.items() if key in (logs or {}))
        loss = f"  loss {logs['loss']:.4f}" if logs and "loss" in logs else ""
        return f"epoch {self._epoch + 1}/{self.params['epochs']}{loss}{shares}"
