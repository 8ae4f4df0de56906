"""The callback that keeps how a network looks while it learns: its first weights, and its answers to some test images.

It only reads the network, and asks it outside of training, where neither dropout nor batch normalization change
anything. So the weights of a run are the same with and without it.
"""

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistlab.datasets import IMAGE_SHAPE, NUM_CLASSES, Split
from mnistlab.models.backend import keras
from mnistlab.runs.checkpoint import Checkpoint
from mnistlab.runs.snapshot_log import MAX_FILTERS, quantized, seconds_between
from mnistlab.runs.snapshots import Kind, Snapshot, Watched
from mnistlab.training.fitting import FitPlan

MIN_SECONDS = 1.0  # of training between two moments that are kept
MAX_SHARE = 0.009  # of the time of the whole training run; where a look takes long, there are fewer
USUAL_COST = 0.01  # seconds, until it is known
NUM_SEARCHED = 500  # test images among which the watched ones are chosen
NUM_TYPICAL = 2  # of each class, the first in the test split
NUM_HARD = 16


class SnapshotCallback(keras.callbacks.Callback):  # type: ignore[misc]
    """Keeps the network every second or so, and as it begins and ends.

    Args:
        checkpoint: The state of the training run; `CheckpointCallback` must come first and count its calls. Without
            `snapshots` in it nothing is kept.
        plan: The calls and steps in the training of one network.
        test: The test split, of which a few images are answered; nothing is chosen by them.
        members: Number of networks that are trained one after the other.
    """

    def __init__(self, checkpoint: Checkpoint, plan: FitPlan, test: Split, *, members: int) -> None:
        super().__init__()
        self._checkpoint = checkpoint
        self._plan = plan
        self._test = test
        self._members = members
        self._images: NDArray[np.uint8] | None = None  # those watched, once it is known that they can be
        self._layer: Any = None
        self._taken_at = 0.0
        self._spent = 0.0  # seconds
        self._cost = 0.0  # seconds of the quickest look; 0 before it is known

    def on_train_begin(self, logs: Any = None) -> None:
        """Chooses what to watch, and keeps the network as it begins."""
        checkpoint, started = self._checkpoint, time.perf_counter()
        # Where several devices share a network, only all of their processes together can ask it.
        if checkpoint.snapshots is None or self._images is not None or keras.distribution.distribution() is not None:
            return
        self._layer = first_layer(self.model)
        if self._layer is None:
            return
        indices = watched_indices(self._test)
        self._images = np.ascontiguousarray(self._test.images[indices])
        kind: Kind = "weights" if isinstance(self._layer, keras.layers.Dense) else "filters"
        labels = tuple(int(label) for label in self._test.labels[indices])
        num_filters = int(self._layer.kernel.shape[-1])
        watched = Watched(self._layer.name, kind, num_filters, tuple(map(int, indices)), labels, self._images)
        checkpoint.snapshots.begin(watched, self._step)
        self._taken_at = checkpoint.train_seconds
        self._spent = time.perf_counter() - started
        if not checkpoint.num_calls and not checkpoint.finished:
            self._take()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Keeps the network, if it is time or it is the last step."""
        if self._images is None:
            return
        if self._is_due() or self._checkpoint.num_calls == self._plan.num_calls:
            self._take()

    def _is_due(self) -> bool:
        """Whether it is time: a second or more after the last, and so that what may be spent lasts until the end."""
        seconds = self._checkpoint.train_seconds
        whole = seconds * self._members * self._plan.num_steps / self._step  # about so long in all
        num_looks = (MAX_SHARE * whole - self._spent) / (self._cost or USUAL_COST) - 1  # one is left for the end
        pause = max(seconds_between(seconds, MIN_SECONDS), (whole - seconds) / max(num_looks, 0.5))
        return num_looks >= 1 and seconds - self._taken_at >= pause

    def _take(self) -> None:
        started = time.perf_counter()
        log = self._checkpoint.snapshots
        if log is None or self._images is None:
            return
        drawing = log.drawing()
        asked = self._images if drawing is None else np.concatenate([self._images, drawing[None]])
        answers = keras.ops.convert_to_numpy(self.model(asked, training=False))  # (n, 28, 28) -> (n, 10)
        filters, scales = quantized(pictures_of(self._layer))
        seconds = self._checkpoint.train_seconds
        log.add(
            Snapshot(
                step=self._step,
                member=len(self._checkpoint.finished) + 1,
                seconds=seconds,
                filters=filters,
                scales=scales,
                probabilities=answers[: len(self._images)],
                drawing=drawing,
                answer=None if drawing is None else answers[-1],
            )
        )
        cost = time.perf_counter() - started
        self._taken_at, self._spent = seconds, self._spent + cost
        if self._step:  # the first look is slower than all others
            self._cost = min(cost, self._cost or cost)

    @property
    def _step(self) -> int:
        """Weight updates so far, of this network and those before it."""
        checkpoint, plan = self._checkpoint, self._plan
        return len(checkpoint.finished) * plan.num_steps + plan.steps_after(checkpoint.num_calls)


def first_layer(model: Any) -> Any:
    """The first layer of a network whose weights can be seen as pictures of pixels; `None` if there is none."""
    kinds = keras.layers.Dense | keras.layers.Conv2D
    return next((layer for layer in model.layers if isinstance(layer, kinds)), None)


def pictures_of(layer: Any) -> NDArray[np.float32]:
    """The weights of a network's first layer as pictures.

    Args:
        layer: A dense layer over all 784 pixels; or a convolution, over the pixels or over an image that was folded so
            that a square of pixels became one place with a channel for each.

    Returns:
        `(num_shown, 28, 28)` for the first units of a dense layer; for a convolution all filters, 3×3 or 6×6.
    """
    kernel = np.asarray(keras.ops.convert_to_numpy(layer.kernel), np.float32)
    if kernel.ndim == 2:
        return kernel[:, :MAX_FILTERS].T.reshape(-1, *IMAGE_SHAPE)  # (784, units) -> (shown, 28, 28)
    tall, wide, channels, count = kernel.shape
    fold = round(channels**0.5)
    folded = kernel.reshape(tall, wide, fold, fold, count)  # a channel is a pixel of a square
    return folded.transpose(4, 0, 2, 1, 3).reshape(count, tall * fold, wide * fold)


def watched_indices(test: Split) -> NDArray[np.int64]:
    """The test images to watch: the first two of each class, then the hardest of the first 500, easy to hard.

    An image is the harder, the nearer it is to the mean of another class, compared with that of its own. That is a
    fixed rule which no network had a part in.

    Args:
        test: The test split.

    Returns:
        Positions in the split, each once.
    """
    labels = np.asarray(test.labels[:NUM_SEARCHED])
    classes = [np.flatnonzero(labels == label) for label in range(NUM_CLASSES)]
    typical = [int(index) for members in classes for index in members[:NUM_TYPICAL]]
    pixels = np.asarray(test.images[:NUM_SEARCHED], np.float32).reshape(len(labels), -1)  # (n, 28, 28) -> (n, 784)
    present = [label for label, members in enumerate(classes) if len(members)]
    means = np.stack([pixels[classes[label]].mean(axis=0) for label in present])  # (classes, 784)
    # Squared distances, less what is the same for all classes.
    distances = np.square(means).sum(axis=1) - 2 * pixels @ means.T  # (n, classes)
    is_own = np.equal(labels[:, None], present)
    margins = np.where(is_own, np.inf, distances).min(axis=1) - distances[is_own]
    order = [int(index) for index in np.argsort(margins, kind="stable") if int(index) not in typical]
    return np.array(typical + order[:NUM_HARD][::-1])
