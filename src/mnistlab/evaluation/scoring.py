"""How good a trained model is on a split: one pass, every image, counts with their interval."""

import dataclasses
import html
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistlab.datasets import NUM_CLASSES, Split
from mnistlab.datasets.classes import DIGITS, Classes
from mnistlab.evaluation import metrics
from mnistlab.system.text import format_matrix

# ONNX Runtime keeps every layer's activations to the end of a pass, because each is an output of the file: 1.8 MB an
# image of the cnn. Larger passes are no faster.
PREDICTION_BATCH_SIZE = 200


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """What a model says of every image of a split, and how often it is right.

    Args:
        labels: uint8 `(num_images,)`, the true digits.
        probabilities: float32 `(num_images, 10)`, rows that sum to 1.
        classes: What the ten classes are called in text.
    """

    labels: NDArray[np.uint8]
    probabilities: NDArray[np.float32]
    classes: Classes = DIGITS

    @property
    def num_images(self) -> int:
        """How many images were scored."""
        return len(self.labels)

    @property
    def predictions(self) -> NDArray[np.int64]:
        """int64 `(num_images,)`, the most probable digit of each image."""
        return np.asarray(np.argmax(self.probabilities, axis=1))

    @property
    def confidences(self) -> NDArray[np.float32]:
        """float32 `(num_images,)`, the probability of the predicted digit."""
        return np.asarray(np.max(self.probabilities, axis=1))

    @property
    def errors(self) -> int:
        """How many images got the wrong digit."""
        return metrics.count_errors(self.labels, self.predictions)

    @property
    def accuracy(self) -> float:
        """Fraction of images that got the right digit, 0 to 1."""
        return metrics.accuracy(self.labels, self.predictions)

    @property
    def interval(self) -> tuple[float, float]:
        """95 % Wilson interval of the accuracy."""
        return metrics.wilson_interval(self.num_images - self.errors, self.num_images)

    @property
    def loss(self) -> float:
        """Mean categorical cross-entropy in nats, as Keras computes it."""
        return metrics.cross_entropy(self.labels, self.probabilities)

    @property
    def per_digit_accuracy(self) -> list[float | None]:
        """Accuracy for each true digit 0 to 9; `None` where the split holds none."""
        return list(metrics.per_class_accuracy(self.labels, self.predictions))

    @property
    def confusion(self) -> NDArray[np.int64]:
        """int64 `(10, 10)`: row the true digit, column the predicted one."""
        return metrics.confusion_matrix(self.labels, self.predictions)

    @property
    def right(self) -> NDArray[np.int64]:
        """Indices of the images that got the right digit, in the order of the split."""
        return np.flatnonzero(self.predictions == self.labels)

    @property
    def wrong(self) -> NDArray[np.int64]:
        """Indices of the images that got the wrong digit, the most confident mistakes first."""
        wrong = np.flatnonzero(self.predictions != self.labels)
        return wrong[np.argsort(-self.confidences[wrong], kind="stable")]

    def to_dict(self) -> dict[str, Any]:
        """The figures for `--json`: plain numbers and lists, all finite or `None`."""
        return {
            "num_images": self.num_images,
            "accuracy": self.accuracy,
            "interval": list(self.interval),
            "errors": self.errors,
            "loss": self.loss,
            "per_digit_accuracy": self.per_digit_accuracy,
            "confusion": self.confusion.tolist(),
            **self.classes.to_json(),
        }

    def format_per_digit(self) -> str:
        """The accuracy of each digit as two aligned lines of text; of classes with names as a line each."""
        values = ["–" if value is None else f"{value * 100:.2f}" for value in self.per_digit_accuracy]
        if self._names is not None:
            rows = zip(("class", *self._names), ("accuracy %", *values), strict=True)
            width = max(map(len, self._names))
            return "\n".join(f"{name:<{width}}  {value:>10}" for name, value in rows)
        digits = [f"{digit:>{len(value)}}" for digit, value in enumerate(values)]
        return f"{self.classes.noun}       {'  '.join(digits)}\naccuracy %  {'  '.join(values)}"

    def format_confusion(self) -> str:
        """The confusion matrix as aligned text, row the true digit, column the predicted one."""
        digits = np.arange(NUM_CLASSES)
        table = np.block([[np.array([[-1]]), digits[None]], [digits[:, None], self.confusion]])
        text = format_matrix(table, "d").replace("-1", "  ", 1)
        if self._names is None:
            return text
        return "\n".join(
            f"{line}  {name}".rstrip() for line, name in zip(text.splitlines(), ("", *self._names), strict=True)
        )

    def __str__(self) -> str:
        """One sentence: right of total, accuracy, interval."""
        low, high = self.interval
        return (
            f"{self.num_images - self.errors:,} of {self.num_images:,} right: {self.accuracy * 100:.2f} % "
            f"(95 % interval {low * 100:.2f}–{high * 100:.2f})"
        )

    def _repr_html_(self) -> str:
        names = [html.escape(self.classes.name(digit)) for digit in range(NUM_CLASSES)]
        rows = "".join(
            f"<tr><td>{name}</td><td style='text-align:right'>{'–' if value is None else f'{value:.2%}'}</td></tr>"
            for name, value in zip(names, self.per_digit_accuracy, strict=True)
        )
        return f"<p>{self}</p><table><tr><th>{self.classes.noun}</th><th>accuracy</th></tr>{rows}</table>"

    @property
    def _names(self) -> tuple[str, ...] | None:
        """The names of classes that are not digits."""
        return None if self.classes.is_digits else self.classes.names


def evaluate(model: Callable[[NDArray[np.uint8]], Any], split: Split) -> Evaluation:
    """Scores a model on every image of a split.

    Args:
        model: what turns images `(n, 28, 28)` with pixels 0 to 255 into probabilities `(n, 10)`: a Keras model of
            `mnistlab.models`, a `mnistlab.inference.Classifier`, or any function of that kind.
        split: the images and their labels.

    Returns:
        The probabilities of all images with the figures that follow from them.
    """
    # A Keras model's own prediction is compiled, keeps nothing for gradients, and gives NumPy arrays on every backend.
    predict = getattr(model, "predict_on_batch", model)
    batches = [
        np.asarray(predict(split.images[first : first + PREDICTION_BATCH_SIZE]), dtype=np.float32)
        for first in range(0, len(split), PREDICTION_BATCH_SIZE)
    ]
    return Evaluation(labels=split.labels, probabilities=np.concatenate(batches), classes=split.classes)
