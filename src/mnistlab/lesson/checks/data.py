"""The prepared data: shapes, scale and labels."""

import functools
from typing import Any

from mnistlab.lesson.checks.evidence import Description, digest_labels, image_statistics
from mnistlab.lesson.checks.verdicts import Finding, Outcome, StepState, read_findings

NUM_IMAGES = {"train": 60_000, "test": 10_000}
FINDINGS = read_findings("""
no-array: {name} is no array of numbers.
  Pass the NumPy arrays themselves.
splits-swapped: {name} holds {number:,} images: those of the other split.
  60,000 images are there to learn from, 10,000 to be examined on, and the two must not mix.
image-count: {name} has shape {shape}; {wanted:,} images were expected.
  The images come first: axis 0 counts them.
other-images: {name} does not hold MNIST's images in their order, rows and columns as they were.
  Reshape from (28, 28) alone: transposing or shuffling the images without their labels teaches nonsense.
not-flattened: {name} has shape {shape}: the images are not flattened.
  A dense layer takes vectors. Lay the rows end to end: reshape(-1, 784).
channel-missing: {name} has shape {shape}: the channel is missing.
  A convolution takes height, width and channels, also when there is one channel: reshape(-1, 28, 28, 1).
channel-first: {name} has shape {shape}: the channel comes first.
  Keras on TensorFlow expects it last: (28, 28, 1).
still-flat: {name} has shape {shape}: the images are flat vectors.
  A convolution needs to know which pixels are neighbours: reshape(-1, 28, 28, 1).
shape: {name} has shape {shape}; ({number:,}, {wanted}) was expected.
  The network's first layer must be told what comes in, and this is not it.
labels-not-one-hot: {name} holds the digits themselves, shape {shape}.
  Categorical cross-entropy compares ten probabilities with ten numbers: keras.utils.to_categorical.
one-hot-twice: {name} has shape {shape}: it was one-hot encoded twice.
  Most often the cell was run twice. Load the data again and run it once.
label-count: {name} has shape {shape}; ({wanted:,}, 10) was expected.
  Every image needs its label, in the same order.
classes: {name} has rows of {length}; rows of ten were expected.
  The digits are 0 to 9, and that is ten of them.
no-one-hot-rows: The rows of {name} are not a single 1 among zeros.
  Each row says with certainty which digit it is; do not scale labels as you scale pixels.
other-labels: {name} does not hold MNIST's labels in their order.
  Image and label belong together by their place; shuffle both alike or neither.
one-split-scaled: {scaled} is scaled, {unscaled} is not.
  The network would be examined on another kind of image than it learned from. Do the same to both.
fractions-lost: {name} goes from 0 to 1, but its greys are not those of the images.
  Divide by 255 and keep the fractions: // and round drop them, and only full ink is left.
not-scaled: The pixels of {name} go up to {high:g}: they are not scaled.
  The initial weights are made for inputs of about 1; divide by 255.
scaled-twice: The pixels of {name} go up to {high:.4f}: they were divided by 255 twice.
  Most often the cell was run twice. All images now look blank; load the data again and run it once.
divided-by-256: The pixels of {name} were divided by 256, so full ink is 0.996.
  The highest value is 255, since 0 counts as one of 256 values. It hurts little, but it is not 0 to 1.
other-scale: The pixels of {name} go from {low:g} to {high:g}.
  Any fixed scale can work; here 0 to 1 is asked for, so that your numbers can be compared.
integer-pixels: {name} has dtype {dtype}: whole numbers.
  Fractions between 0 and 1 need floats: astype('float32') first, then divide by 255.
""")


def check_arrays(
    image_shape: tuple[int, ...], x_train: Description, y_train: Description, x_test: Description, y_test: Description
) -> Outcome:
    """Judges the four arrays that a network is trained and tested on.

    Args:
        image_shape: Shape that the network takes an image in, `(784,)` or `(28, 28, 1)`.
        x_train: Description of the training images.
        y_train: Description of their labels.
        x_test: Description of the test images.
        y_test: Description of their labels.
    """
    arrays = {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}
    if any(array.get("kind") == "nothing" for array in arrays.values()):
        return StepState.NOT_STARTED
    for name, array in arrays.items():
        if array.get("kind") != "array":
            return FINDINGS["no-array"].fill(name=name)
    for split in NUM_IMAGES:
        finding = _find_in_images(image_shape, arrays[f"x_{split}"], split)
        finding = finding or _find_in_labels(arrays[f"y_{split}"], split)
        if finding:
            return finding
    shape = " × ".join(map(str, image_shape))
    praise = f"Right: 60,000 and 10,000 images of {shape}, from 0 to 1, with one-hot labels."
    return _find_in_scale(x_train, x_test) or praise


def _find_in_images(image_shape: tuple[int, ...], array: Description, split: str) -> Finding | None:
    name, shape = f"x_{split}", tuple(array["shape"])
    if shape[:1] == (NUM_IMAGES["test" if split == "train" else "train"],):
        return FINDINGS["splits-swapped"].fill(name=name, number=shape[0])
    if shape[:1] != (NUM_IMAGES[split],):
        return FINDINGS["image-count"].fill(name=name, shape=shape, wanted=NUM_IMAGES[split])
    if shape[1:] != image_shape:
        problem = _name_wrong_shape(shape[1:], image_shape)
        wanted = ", ".join(map(str, image_shape))
        return FINDINGS[problem].fill(name=name, shape=shape, number=shape[0], wanted=wanted)
    if _ratio(array, _original_statistics(split)) is None:
        return FINDINGS["other-images"].fill(name=name)
    return None


def _name_wrong_shape(shape: tuple[int, ...], image_shape: tuple[int, ...]) -> str:
    if image_shape == (784,):
        return "not-flattened" if shape in ((28, 28), (28, 28, 1)) else "shape"
    return {(28, 28): "channel-missing", (1, 28, 28): "channel-first", (784,): "still-flat"}.get(shape, "shape")


def _find_in_labels(array: Description, split: str) -> Finding | None:
    name, shape = f"y_{split}", tuple(array["shape"])
    if shape == (NUM_IMAGES[split],):
        return FINDINGS["labels-not-one-hot"].fill(name=name, shape=shape)
    if len(shape) == 3:
        return FINDINGS["one-hot-twice"].fill(name=name, shape=shape)
    if len(shape) != 2 or shape[0] != NUM_IMAGES[split]:
        return FINDINGS["label-count"].fill(name=name, shape=shape, wanted=NUM_IMAGES[split])
    if shape[1] != 10:
        return FINDINGS["classes"].fill(name=name, length=shape[1])
    if array.get("row_sums") != [1] or array.get("low") != 0 or array.get("high") != 1:
        return FINDINGS["no-one-hot-rows"].fill(name=name)
    if array.get("labels") != _original_labels(split):
        return FINDINGS["other-labels"].fill(name=name)
    return None


def _find_in_scale(train: Description, test: Description) -> Finding | None:
    scales = {split: _ratio(array, _original_statistics(split)) for split, array in (("train", train), ("test", test))}
    if all(scale is not None and abs(scale - 1) < 1e-3 for scale in scales.values()):
        return _find_in_type("x_train", train) or _find_in_type("x_test", test)
    first, second = scales["train"] or 0.0, scales["test"] or 0.0
    if (first < 2) != (second < 2):
        scaled, unscaled = ("x_train", "x_test") if first < 2 else ("x_test", "x_train")
        return FINDINGS["one-split-scaled"].fill(scaled=scaled, unscaled=unscaled)
    is_test = abs(first - 1) < 1e-3  # the training images are right, so the test images are not
    name, array, scale = ("x_test", test, second) if is_test else ("x_train", train, first)
    values = {key: array.get(key) for key in ("low", "high", "dtype")}
    return FINDINGS[_name_scale(array, scale)].fill(name=name, **values)


def _name_scale(array: Description, scale: float) -> str:
    if array["is_whole"] and array["high"] <= 1:
        return "integer-pixels"
    if array["low"] == 0 and array["high"] == 1:
        return "fractions-lost"
    if abs(scale - 255) < 1:
        return "not-scaled"
    if abs(scale * 255 - 1) < 0.01:
        return "scaled-twice"
    if abs(scale - 255 / 256) < 1e-3:
        return "divided-by-256"
    return "other-scale"


def _find_in_type(name: str, array: Description) -> Finding | None:
    is_float = array["dtype"] in ("float32", "float64", "float16")
    return None if is_float else FINDINGS["integer-pixels"].fill(name=name, dtype=array["dtype"])


def _ratio(array: Description, original: list[list[float]]) -> float | None:
    """The factor by which images differ from MNIST's scaled ones; `None` if they are other images.

    Integer division leaves only full ink at 1; it passes as a scale far from one.
    """
    found = array.get("images")
    if not found or len(found) != len(original):
        return None
    if any(value is None for row in found for value in row):
        return None
    total = sum(row[0] for row in original)
    ratio: float = sum(row[0] for row in found) / total
    if array.get("low", 0) < -1e-6:
        return -1.0  # centred: a scale, but another one
    for one, other in zip(found, original, strict=True):
        for value, reference in zip(one, other, strict=True):
            if abs(value - ratio * reference) > 0.02 * max(1.0, abs(ratio * reference)) and ratio > 0.5:
                return None
    return ratio


@functools.cache
def _original_statistics(split: str) -> list[list[float]]:
    images = _original(split)[0]
    return [[value / 255 for value in row] for row in image_statistics(images)]


@functools.cache
def _original_labels(split: str) -> str:
    return digest_labels(_original(split)[1])


@functools.cache
def _original(split: str) -> tuple[Any, Any]:
    from mnistlab.datasets import load_mnist

    part = getattr(load_mnist(), split)
    return part.images, part.labels


def true_test_labels() -> Any:
    """The labels of the test split: uint8 `(10000,)`."""
    return _original("test")[1]
