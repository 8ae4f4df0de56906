"""The prepared data: shapes, scale and labels."""

import functools
from collections.abc import Mapping
from typing import Any

from mnistlab.lesson.checks.evidence import digest_labels, image_statistics
from mnistlab.lesson.checks.verdicts import Verdict, done, not_started, not_yet

Description = Mapping[str, Any]
NAMES = ("x_train", "y_train", "x_test", "y_test")
NUM_IMAGES = {"train": 60_000, "test": 10_000}
_SHAPES = {"data.prepare": (784,), "cnn.prepare": (28, 28, 1)}


def check_arrays(step: str, arrays: Mapping[str, Description]) -> Verdict:
    """Judges the four arrays that a network is trained and tested on.

    Args:
        step: `data.prepare` for vectors, `cnn.prepare` for images with a channel.
        arrays: descriptions by name, `x_train`, `y_train`, `x_test` and `y_test`.
    """
    if any(arrays[name].get("kind") == "nothing" for name in NAMES):
        return not_started(step)
    for name in NAMES:
        if arrays[name].get("kind") != "array":
            return not_yet(step, "no-array", f"{name} is no array of numbers.", "Pass the NumPy arrays themselves.")
    for split in ("train", "test"):
        finding = _find_in_images(step, f"x_{split}", arrays[f"x_{split}"], split)
        finding = finding or _find_in_labels(f"y_{split}", arrays[f"y_{split}"], split)
        if finding:
            return not_yet(step, *finding)
    finding = _find_in_scale(arrays["x_train"], arrays["x_test"])
    if finding:
        return not_yet(step, *finding)
    shape = " × ".join(map(str, _SHAPES[step]))
    return done(step, f"Right: 60,000 and 10,000 images of {shape}, from 0 to 1, with one-hot labels.")


Finding = tuple[str, str, str]


def _find_in_images(step: str, name: str, array: Description, split: str) -> Finding | None:
    shape, wanted = tuple(array["shape"]), _SHAPES[step]
    if shape[:1] == (NUM_IMAGES["test" if split == "train" else "train"],):
        return (
            "splits-swapped",
            f"{name} holds {shape[0]:,} images: those of the other split.",
            "60,000 images are there to learn from, 10,000 to be examined on, and the two must not mix.",
        )
    if shape[:1] != (NUM_IMAGES[split],):
        return (
            "image-count",
            f"{name} has shape {shape}; {NUM_IMAGES[split]:,} images were expected.",
            "The images come first: axis 0 counts them.",
        )
    if shape[1:] != wanted:
        return _wrong_shape(name, shape, wanted)
    original = _original_statistics(split)
    ratio = _ratio(array, original)
    if ratio is None:
        return (
            "other-images",
            f"{name} does not hold MNIST's images in their order, rows and columns as they were.",
            "Reshape from (28, 28) alone: transposing or shuffling the images without their labels teaches nonsense.",
        )
    return None


def _wrong_shape(name: str, shape: tuple[int, ...], wanted: tuple[int, ...]) -> Finding:
    if wanted == (784,):
        if shape[1:] in ((28, 28), (28, 28, 1)):
            return (
                "not-flattened",
                f"{name} has shape {shape}: the images are not flattened.",
                "A dense layer takes vectors. Lay the rows end to end: reshape(-1, 784).",
            )
    elif shape[1:] == (28, 28):
        return (
            "channel-missing",
            f"{name} has shape {shape}: the channel is missing.",
            "A convolution takes height, width and channels, also when there is one channel: reshape(-1, 28, 28, 1).",
        )
    elif shape[1:] == (1, 28, 28):
        return (
            "channel-first",
            f"{name} has shape {shape}: the channel comes first.",
            "Keras on TensorFlow expects it last: (28, 28, 1).",
        )
    elif shape[1:] == (784,):
        return (
            "still-flat",
            f"{name} has shape {shape}: the images are flat vectors.",
            "A convolution needs to know which pixels are neighbours: reshape(-1, 28, 28, 1).",
        )
    return (
        "shape",
        f"{name} has shape {shape}; ({shape[0]:,}, {', '.join(map(str, wanted))}) was expected.",
        "The network's first layer must be told what comes in, and this is not it.",
    )


def _find_in_labels(name: str, array: Description, split: str) -> Finding | None:
    shape = tuple(array["shape"])
    if shape == (NUM_IMAGES[split],):
        return (
            "labels-not-one-hot",
            f"{name} holds the digits themselves, shape {shape}.",
            "Categorical cross-entropy compares ten probabilities with ten numbers: keras.utils.to_categorical.",
        )
    if len(shape) == 3:
        return (
            "one-hot-twice",
            f"{name} has shape {shape}: it was one-hot encoded twice.",
            "Most often the cell was run twice. Load the data again and run it once.",
        )
    if len(shape) != 2 or shape[0] != NUM_IMAGES[split]:
        return (
            "label-count",
            f"{name} has shape {shape}; ({NUM_IMAGES[split]:,}, 10) was expected.",
            "Every image needs its label, in the same order.",
        )
    if shape[1] != 10:
        return (
            "classes",
            f"{name} has rows of {shape[1]}; rows of ten were expected.",
            "The digits are 0 to 9, and that is ten of them.",
        )
    if array.get("row_sums") != [1] or array.get("low") != 0 or array.get("high") != 1:
        return (
            "no-one-hot-rows",
            f"The rows of {name} are not a single 1 among zeros.",
            "Each row says with certainty which digit it is; do not scale labels as you scale pixels.",
        )
    if array.get("labels") != _original_labels(split):
        return (
            "other-labels",
            f"{name} does not hold MNIST's labels in their order.",
            "Image and label belong together by their place; shuffle both alike or neither.",
        )
    return None


def _find_in_scale(train: Description, test: Description) -> Finding | None:
    scales = {split: _ratio(array, _original_statistics(split)) for split, array in (("train", train), ("test", test))}
    if all(scale is not None and abs(scale - 1) < 1e-3 for scale in scales.values()):
        return _find_in_type(train, test)
    first, second = scales["train"] or 0.0, scales["test"] or 0.0
    if (first < 2) != (second < 2):
        good, bad = ("x_train", "x_test") if first < 2 else ("x_test", "x_train")
        return (
            "one-split-scaled",
            f"{good} is scaled, {bad} is not.",
            "The network would be examined on another kind of image than it learned from. Do the same to both.",
        )
    is_test = abs(first - 1) < 1e-3  # the training images are right, so the test images are not
    name, array, scale = ("x_test", test, second) if is_test else ("x_train", train, first)
    return _explain_scale(name, array, scale)


def _explain_scale(name: str, array: Description, scale: float) -> Finding:
    if array["is_whole"] and array["high"] <= 1:
        return _integer_pixels(name, array)
    if array["low"] == 0 and array["high"] == 1:
        return (
            "fractions-lost",
            f"{name} goes from 0 to 1, but its greys are not those of the images.",
            "Divide by 255 and keep the fractions: // and round drop them, and only full ink is left.",
        )
    if abs(scale - 255) < 1:
        return (
            "not-scaled",
            f"The pixels of {name} go up to {array['high']:g}: they are not scaled.",
            "The initial weights are made for inputs of about 1; divide by 255.",
        )
    if abs(scale * 255 - 1) < 0.01:
        return (
            "scaled-twice",
            f"The pixels of {name} go up to {array['high']:.4f}: they were divided by 255 twice.",
            "Most often the cell was run twice. All images now look blank; load the data again and run it once.",
        )
    if abs(scale - 255 / 256) < 1e-3:
        return (
            "divided-by-256",
            f"The pixels of {name} were divided by 256, so full ink is 0.996.",
            "The highest value is 255, since 0 counts as one of 256 values. It hurts little, but it is not 0 to 1.",
        )
    return (
        "other-scale",
        f"The pixels of {name} go from {array['low']:g} to {array['high']:g}.",
        "Any fixed scale can work; here 0 to 1 is asked for, so that your numbers can be compared.",
    )


def _find_in_type(train: Description, test: Description) -> Finding | None:
    for name, array in (("x_train", train), ("x_test", test)):
        if array["dtype"] not in ("float32", "float64", "float16"):
            return _integer_pixels(name, array)
    return None


def _integer_pixels(name: str, array: Description) -> Finding:
    return (
        "integer-pixels",
        f"{name} has dtype {array['dtype']}: whole numbers.",
        "Fractions between 0 and 1 need floats: astype('float32') first, then divide by 255.",
    )


def _ratio(array: Description, original: list[list[float]]) -> float | None:
    """By what the images differ from MNIST's scaled ones if by one factor; `None` if they are other images.

    Integer division leaves only full ink at 1, and is let through as a scale far from one.
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
