"""The score of a trained model on a split: one pass over every image, counts with their interval."""

import dataclasses
import html
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistlab.datasets import NUM_CLASSES, Split
from mnistlab.datasets.classes import DIGITS, Classes
from mnistlab.evaluation import metrics
from mnistlab.exceptions import RunError, UsageError, described, require_type
from mnistlab.system.text import interval, percent, table

# ONNX Runtime keeps every layer's activations to the end of a pass, because each is an output of the file: 1.8 MB an
# image of the cnn. Larger passes are no faster.
PREDICTION_BATCH_SIZE = 200


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """The answers of a model to every image of a split, and how often they are right.

    Args:
        labels: True digits, uint8 `(num_images,)`.
        probabilities: The model's answers, float32 `(num_images, 10)`, rows that sum to 1.
        classes: Classes of the labels.
    """

    labels: NDArray[np.uint8]
    probabilities: NDArray[np.float32]
    classes: Classes = DIGITS

    @property
    def num_images(self) -> int:
        """Number of images that were scored."""
        return len(self.labels)

    @property
    def predictions(self) -> NDArray[np.int64]:
        """The most probable digit of each image, int64 `(num_images,)`."""
        return np.asarray(np.argmax(self.probabilities, axis=1))

    @property
    def confidences(self) -> NDArray[np.float32]:
        """The probability of each predicted digit, float32 `(num_images,)`."""
        return np.asarray(np.max(self.probabilities, axis=1))

    @property
    def errors(self) -> int:
        """Number of images that got the wrong digit."""
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
        """Counts of images, int64 `(10, 10)`: row the true digit, column the predicted one."""
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

    def require_probabilities(self, path: Path) -> "Evaluation":
        """These figures, if every answer of the network is a distribution over the ten digits.

        Args:
            path: File of the network.

        Raises:
            RunError: If one is not.
        """
        if not metrics.are_probabilities(self.probabilities):
            raise no_probabilities(path)
        return self

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
        accuracies = [percent(value, unit="") for value in self.per_digit_accuracy]
        if self._names is not None:
            return "\n".join(table([["class", "accuracy %"], *map(list, zip(self._names, accuracies, strict=True))]))
        return "\n".join(table([[self.classes.noun, *map(str, range(NUM_CLASSES))], ["accuracy %", *accuracies]]))

    def format_confusion(self) -> str:
        """The confusion matrix as aligned text, row the true digit, column the predicted one."""
        rows = [[str(digit), *map(str, row)] for digit, row in enumerate(self.confusion)]
        lines = table([["  ", *map(str, range(NUM_CLASSES))], *rows], num_left=0)
        if self._names is not None:
            lines[1:] = [f"{line}  {name}" for line, name in zip(lines[1:], self._names, strict=True)]
        return "\n".join(lines)

    def __str__(self) -> str:
        """One sentence: right of total, accuracy, interval."""
        return accuracy_sentence(self.errors, self.num_images)

    def _repr_html_(self) -> str:
        names = [html.escape(self.classes.name(digit)) for digit in range(NUM_CLASSES)]
        rows = "".join(
            f"<tr><td>{name}</td><td style='text-align:right'>{percent(value, unit='%')}</td></tr>"
            for name, value in zip(names, self.per_digit_accuracy, strict=True)
        )
        return f"<p>{self}</p><table><tr><th>{self.classes.noun}</th><th>accuracy</th></tr>{rows}</table>"

    @property
    def _names(self) -> tuple[str, ...] | None:
        """The names of classes that are not digits."""
        return None if self.classes.is_digits else self.classes.names


def no_probabilities(path: Path) -> RunError:
    """The error of a network whose weights are finite, but too large to compute with."""
    return RunError(
        f"{path} has weights that give no probabilities. "
        "Expected a network whose ten answers to an image lie from 0 to 1 and sum to 1."
    )


def accuracy_sentence(num_errors: int, num_images: int) -> str:
    """One sentence on how often a model is right.

    Example:
        >>> accuracy_sentence(181, 10_000)
        '9,819 of 10,000 right: 98.19 % (95 % interval 97.91–98.43)'
    """
    num_right = num_images - num_errors
    bounds = interval(metrics.wilson_interval(num_right, num_images), unit="")
    return f"{num_right:,} of {num_images:,} right: {percent(num_right / num_images)} (95 % interval {bounds})"


def evaluate(model: Callable[[NDArray[np.uint8]], Any], split: Split) -> Evaluation:
    """Scores a model on every image of a split.

    Args:
        model: Function from images `(n, 28, 28)` with pixels 0 to 255 to probabilities `(n, 10)`: a Keras model of
            `mnistlab.models`, a `mnistlab.inference.Classifier`, or any other.
        split: Images with their labels.

    Returns:
        The probabilities of all images, with the figures that follow from them.

    Raises:
        UsageError: The model, its answers or the split are something else, or the split is empty.
    """
    require_type(split, Split, "The split", "Give one such as mnist.test, or make one with datasets.Split.")
    if not hasattr(model, "predict_on_batch") and not callable(model):
        raise UsageError(
            f"The model is {described(model)}, but a function from images to probabilities was expected. Give a Keras "
            "model such as run.model, or Classifier(run.onnx_path)."
        )
    if not len(split):
        raise UsageError(f"The split {split.name!r} has no images, but a score needs some. Give one that has.")
    # A Keras model's own prediction is compiled, keeps nothing for gradients, and gives NumPy arrays on every backend.
    predict = getattr(model, "predict_on_batch", model)
    batches = []
    for first in range(0, len(split), PREDICTION_BATCH_SIZE):
        images = split.images[first : first + PREDICTION_BATCH_SIZE]
        batches.append(_answers(predict(images), len(images)))
    return Evaluation(labels=split.labels, probabilities=np.concatenate(batches), classes=split.classes)


def _answers(given: Any, num_images: int) -> NDArray[np.float32]:
    """What a model gave for some images as an array of probabilities.

    Raises:
        UsageError: if it is something else.
    """
    try:
        answers = np.asarray(given, dtype=np.float32)
    except (TypeError, ValueError):
        answers = np.empty(0, np.float32)
    if answers.shape != (num_images, NUM_CLASSES):
        raise UsageError(
            f"The model gave {described(given)} for {num_images} images, but probabilities ({num_images}, "
            f"{NUM_CLASSES}) were expected. Give a model whose last layer is a softmax over the ten classes."
        )
    return answers
