"""Mistakes in prepared images: their number and shape, their order, and their pixels."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from mnistlab.lesson.checks.evidence import Description
from mnistlab.lesson.checks.originals import NUM_IMAGES, find_image, original, original_labels, original_statistics
from mnistlab.lesson.checks.pixels import Change, explain
from mnistlab.lesson.checks.verdicts import Finding, read_findings

FINDINGS = read_findings("""
not-finite: {name} holds values that are not a number, NaN or infinite.
  Somewhere 0 was divided by 0, or a gap was left in the array. Load the data again and prepare it once.
splits-swapped: {name} holds {number:,} images: those of the other split.
  60,000 images are for learning and 10,000 for testing, and the two must not mix.
few-images: {name} holds {number:,} images; {wanted:,} were expected.
  Part of the data is quicker to train on, but the results cannot be compared with those of the exercise.
image-count: {name} has shape {shape}; {wanted:,} images were expected.
  The images come first: axis 0 counts them.
matrix-turned: {name} has shape {shape}: the whole matrix was transposed.
  The images come first, one in each row: (number of images, 784).
not-flattened: {name} has shape {shape}: the images are not flattened.
  A dense layer takes vectors of 784 numbers. Lay the rows end to end: reshape(-1, 784).
channel-missing: {name} has shape {shape}: the channel is missing.
  A convolution takes height, width and channels, also when there is one channel: reshape(-1, 28, 28, 1).
channel-first: {name} has shape {shape}: the channel comes first.
  Keras on TensorFlow expects it last: (28, 28, 1).
channels-three: {name} has shape {shape}: three channels, as a colour image has.
  MNIST's images are grey and have one channel; repeating it three times adds nothing: reshape(-1, 28, 28, 1).
padded: {name} has shape {shape}: the images were padded to 32 × 32 pixels.
  Some networks were made for that size. This one expects 28 × 28.
still-flat: {name} has shape {shape}: the images are flat vectors of 784 numbers.
  A convolution needs to know which pixels are neighbours: reshape(-1, 28, 28, 1).
shape: {name} has shape {shape}; ({number:,}, {wanted}) was expected.
  The network's first layer must be told what comes in, and this is not it.
images-reversed: The images of {name} are reversed, the last one first, and their labels are not.
  Image and label belong together by their place. Reorder both alike, or neither.
both-reversed: {name} and its labels are reversed, the last one first.
  They still belong together, but later cells rely on MNIST's order, for example to hold images back.
images-shuffled: The images of {name} are in another order than their labels.
  Image and label belong together by their place; shuffle both alike, or neither. fit shuffles by itself.
both-shuffled: The images of {name} and their labels are shuffled, both in the same way.
  They still belong together, but later cells rely on MNIST's order, for example to hold images back. fit shuffles by
    itself.
from-training: {name} holds images of the training split.
  Someone who is tested on what they learned from can get full marks and still know nothing. Prepare mnist.test.images.
from-test: {name} holds images of the test split.
  What the network learned from can no longer test it. Prepare mnist.train.images.
one-by-one: Each image of {name} was scaled by a factor of its own, perhaps to unit length.
  A faint digit and a bold one then look alike. Divide all of them by the same number, 255.
integer-pixels: {name} has dtype {dtype}: whole numbers, so only 0 and 1 are left.
  Fractions between 0 and 1 need floats: astype('float32') first, then divide by 255.
blank: The images of {name} are blank: nothing but 0.
  Perhaps they were turned into whole numbers after the division. Load the data again and prepare it once.
inverted: The images of {name} are inverted: ink is low and the background is high.
  In MNIST ink is high and the background is 0, as most of the network's inputs should be. Leave the pixels as they are.
fractions-lost: {name} goes from 0 to 1, but only full ink is left, and no grey.
  // divides and drops the fraction, as int does. Divide with /.
black-and-white: {name} is black and white: every pixel is 0 or 1.
  The greys at the edge of a stroke show exactly where it runs. round and > lose them; only divide by 255.
wrapped: {name} has negative pixels: numbers above 127 do not fit into int8, and wrapped around.
  Turn the images into float32 before anything else.
images-transposed: The images of {name} are transposed: rows and columns are swapped.
  Reshape from (28, 28) alone, which keeps every pixel in its row.
images-turned: The images of {name} are mirrored or turned.
  A 6 that is turned is a 9. Reshape alone; nothing needs to be moved.
greys-changed: The greys of {name} are not MNIST's, divided by 255.
  They rise in the same order but along another curve. Only divide by 255.
other-images: {name} does not hold MNIST's images in their order, rows and columns as they were.
  Reshape from (28, 28) alone: transposing or shuffling the images without their labels teaches nonsense.
""")
_BY_CHANGE = {
    "transposed": "images-transposed",
    "upside-down": "images-turned",
    "mirrored": "images-turned",
    "turned": "images-turned",
}


def find_in_images(
    image_shape: tuple[int, ...], images: Description, labels: Description, split: str
) -> Finding | None:
    """The first mistake in shape, number, order or pixels; a wrong scale is not one of them, see `scale_of`.

    Args:
        image_shape: Shape that the network takes an image in, `(784,)` or `(28, 28, 1)`.
        images: Description of the array of images.
        labels: Description of the labels that are to belong to them.
        split: Split that they are to be, `train` or `test`.
    """
    name, shape, wanted = f"x_{split}", tuple(images["shape"]), NUM_IMAGES[split]
    if images.get("is_finite") is False:
        return FINDINGS["not-finite"].fill(name=name)
    if shape in ((784, wanted), (28, 28, wanted)):
        return FINDINGS["matrix-turned"].fill(name=name, shape=shape)
    if shape[1:] != image_shape:
        values = {"shape": shape, "number": wanted, "wanted": ", ".join(map(str, image_shape))}
        return FINDINGS[_name_wrong_shape(shape[1:], image_shape)].fill(name=name, **values)
    if shape[0] == NUM_IMAGES["test" if split == "train" else "train"]:
        return FINDINGS["splits-swapped"].fill(name=name, number=shape[0])
    if shape[0] != wanted:
        problem = "few-images" if shape[0] < wanted else "image-count"
        return FINDINGS[problem].fill(name=name, number=shape[0], shape=shape, wanted=wanted)
    return _find_in_order_and_pixels(images, labels, split)


def _name_wrong_shape(shape: tuple[int, ...], image_shape: tuple[int, ...]) -> str:
    if image_shape == (784,):
        return "not-flattened" if shape in ((28, 28), (28, 28, 1)) else "shape"
    if len(shape) == 3 and shape[:2] == (32, 32):
        return "padded"
    names = {
        (28, 28): "channel-missing",
        (1, 28, 28): "channel-first",
        (784,): "still-flat",
        (28, 28, 3): "channels-three",
    }
    return names.get(shape, "shape")


def _changes(images: Description, split: str) -> list[Change]:
    """What was done to the first and to the last image."""
    originals = original(split)[0].reshape(-1, 784)[[0, -1]] / 255
    return [explain(_numbers(one), other) for one, other in zip(images["samples"], originals, strict=True)]


def _numbers(values: Any) -> Any:
    return np.array([np.nan if value is None else value for value in values], dtype=float)


def scale_of(images: Description, split: str) -> Change | None:
    """How pixels from 0 to 1 were scaled, or shifted as well; `None` if they are other images, or more was done."""
    if len(images.get("samples") or []) != 2:
        return None
    first, last = _changes(images, split)
    if first.name not in ("scaled", "shifted") or first.name != last.name:
        return None
    if abs(first.factor - last.factor) > 0.01 * abs(first.factor) or abs(first.offset - last.offset) > 0.01:
        return None
    # Three sums of each of a few images more: all pixels, weighted by row and by column.
    places = np.arange(784)
    offsets = [weights.sum() * first.offset for weights in (np.ones(784), places // 28, places % 28)]
    wanted = np.array(original_statistics(split)) * first.factor + np.array(offsets)
    found = np.array(images.get("images") or [[0.0]], dtype=float)
    is_same = found.shape == wanted.shape and np.allclose(found, wanted, rtol=0.02, atol=0.02 * np.abs(wanted).max())
    return first if is_same else None


def _find_in_order_and_pixels(images: Description, labels: Description, split: str) -> Finding | None:
    name = f"x_{split}"
    if scale_of(images, split) is not None:
        return None
    if len(images.get("samples") or []) != 2:
        return FINDINGS["other-images"].fill(name=name)
    first, last = _changes(images, split)
    if first.name == last.name == "scaled" and abs(first.factor - last.factor) > 0.01 * abs(first.factor):
        return FINDINGS["one-by-one"].fill(name=name)
    problem = _BY_CHANGE.get(first.name, first.name)
    if images.get("is_whole") and problem in ("fractions-lost", "black-and-white", "blank"):
        return FINDINGS["integer-pixels"].fill(name=name, dtype=images.get("dtype"))
    if first.name == last.name and problem in FINDINGS:
        return FINDINGS[problem].fill(name=name)
    return FINDINGS[_name_order(images, labels, split)].fill(name=name)


def _name_order(images: Description, labels: Description, split: str) -> str:
    """Where the first image comes from if it is not where it should be."""
    samples = [_numbers(one) for one in images["samples"]]
    high = images.get("high") or 1
    place = find_image(split, samples[0] / high)
    other = "test" if split == "train" else "train"
    if place is None:
        is_other = find_image(other, samples[0] / high) is not None
        return {"train": "from-training", "test": "from-test"}[other] if is_other else "other-images"
    are_labels_right = labels.get("labels") == original_labels(split)
    if place == NUM_IMAGES[split] - 1 and find_image(split, samples[1] / high) == 0:
        return "images-reversed" if are_labels_right else "both-reversed"
    if not are_labels_right and _belong_together(samples, labels, split, high):
        return "both-shuffled"
    return "images-shuffled" if are_labels_right or place else "other-images"


def _belong_together(samples: Sequence[Any], labels: Description, split: str, high: float) -> bool:
    """Whether the first and the last image have the labels that MNIST gives them, wherever they stand in it."""
    given = list(labels.get("sample_labels") or [])
    places = [find_image(split, sample / high) for sample in samples]
    if len(given) < 2 or None in places:
        return False
    return [given[0], given[-1]] == [int(original(split)[1][place]) for place in places]
