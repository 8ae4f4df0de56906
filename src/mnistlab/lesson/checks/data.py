"""The prepared data: images and labels that belong together, and their scale."""

import numpy as np

from mnistlab.lesson.checks.evidence import Description
from mnistlab.lesson.checks.images import find_in_images, scale_of
from mnistlab.lesson.checks.originals import NUM_IMAGES, original, original_labels
from mnistlab.lesson.checks.verdicts import Finding, Outcome, StepState, read_findings

FINDINGS = read_findings("""
array-missing: {name} is still empty; the check takes four arrays.
  x_train and y_train are there to learn from, x_test and y_test to be tested on.
no-array: {name} is not an array of numbers.
  Pass the NumPy arrays themselves.
arguments-order: {name} looks like {what}: the arrays are in another order than the check takes them.
  Images and labels of one split stand side by side: x_train, y_train, x_test, y_test.
labels-not-one-hot: {name} holds the digits themselves, shape {shape}, and not one-hot rows.
  Categorical cross-entropy compares ten probabilities with ten numbers: keras.utils.to_categorical.
one-hot-twice: {name} has shape {shape}: it was one-hot encoded twice.
  Most often the cell was run twice. Load the data again and run it once.
labels-of-other-split: {name} has shape {shape}: it holds the labels of the other split.
  Every image needs its own label, in the same order.
label-count: {name} has shape {shape}; ({wanted:,}, 10) was expected.
  Every image needs its label, in the same order.
classes: {name} has rows of {length}; rows of ten were expected.
  The digits are 0 to 9, and that is ten of them.
labels-scaled: The rows of {name} hold {high:g} in place of 1: the labels were divided as well.
  Only pixels go from 0 to 255. A label is certain, and its 1 stays a 1.
labels-smoothed: The rows of {name} hold {high:g} where the digit is and {low:g} elsewhere: the labels were smoothed.
  The loss can do that with label_smoothing. Here each label is certain: a single 1 among zeros.
labels-inverted: The rows of {name} hold a 0 where the digit is and 1 elsewhere: the labels are inverted.
  The 1 marks the digit: keras.utils.to_categorical.
no-one-hot-rows: The rows of {name} are not a single 1 among zeros.
  Each row says with certainty which digit it is; do not scale labels as you scale pixels.
labels-reversed: The labels in {name} are reversed, the last one first, and the images are not.
  Image and label belong together by their place. Reorder both alike, or neither.
labels-shifted: Every label in {name} is shifted by one: a {first} is called a {second}.
  The digits begin with 0, and so do the places in a row.
other-labels: {name} does not hold MNIST's labels in their order.
  Image and label belong together by their place; shuffle both alike or neither.
one-split-scaled: {scaled} is scaled, {unscaled} is not: its pixels go up to {high:g}.
  The network would be tested on another kind of image than it learned from. Do the same to both.
not-scaled: The pixels of {name} go up to {high:g}: they are not scaled.
  The initial weights are made for inputs of about 1; divide by 255.
scaled-twice: The pixels of {name} go up to {high:.4f}: they were divided by 255 twice.
  Most often the cell was run twice. All images now look blank; load the data again and run it once.
divided-by-256: The pixels of {name} were divided by 256, so full ink is 0.996.
  The highest value is 255, since 0 counts as one of 256 values. It does little harm, but it is not 0 to 1.
standardized: The pixels of {name} were standardized: their mean was subtracted and their spread made 1.
  Networks often learn well from that. Here 0 to 1 is asked for, so that your numbers can be compared.
minus-one: The pixels of {name} go from -1 to 1.
  Networks often learn well from that. Here 0 to 1 is asked for, so that your numbers can be compared.
other-scale: The pixels of {name} go from {low:g} to {high:g}.
  Any fixed scale can work; here 0 to 1 is asked for, so that your numbers can be compared.
integer-pixels/raw: {name} has dtype {dtype}: the pixels are whole numbers up to {high:g}, as they were stored.
  astype('float32') first, then divide by 255.
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
    empty = [name for name, array in arrays.items() if array.get("kind") == "nothing"]
    if len(empty) == len(arrays):
        return StepState.NOT_STARTED
    if empty:
        return FINDINGS["array-missing"].fill(name=" and ".join(empty))
    for name, array in arrays.items():
        if array.get("kind") != "array":
            return FINDINGS["no-array"].fill(name=name)
    finding = _find_in_arguments(arrays)
    for split in NUM_IMAGES:
        images, labels = arrays[f"x_{split}"], arrays[f"y_{split}"]
        finding = finding or find_in_images(image_shape, images, labels, split) or _find_in_labels(labels, split)
    shape = " × ".join(map(str, image_shape))
    praise = f"Right: 60,000 and 10,000 images of {shape}, from 0 to 1, with one-hot labels."
    return finding or _find_in_scale(x_train, x_test) or praise


def _find_in_arguments(arrays: dict[str, Description]) -> Finding | None:
    """Images where labels are expected, and the other way round."""
    for name, array in arrays.items():
        shape = list(array["shape"])
        number = int(np.prod(shape[1:])) if len(shape) > 1 else 1
        if name.startswith("x_") and number <= 16 and len(shape) < 3:
            return FINDINGS["arguments-order"].fill(name=name, what="labels")
        if name.startswith("y_") and number >= 784:
            return FINDINGS["arguments-order"].fill(name=name, what="images")
    return None


def _find_in_labels(array: Description, split: str) -> Finding | None:
    name, shape, wanted = f"y_{split}", tuple(array["shape"]), NUM_IMAGES[split]
    if shape == (wanted,):
        return FINDINGS["labels-not-one-hot"].fill(name=name, shape=shape)
    if len(shape) == 3:
        return FINDINGS["one-hot-twice"].fill(name=name, shape=shape)
    if len(shape) != 2 or shape[0] != wanted:
        is_other = len(shape) == 2 and shape[0] in NUM_IMAGES.values()
        return FINDINGS["labels-of-other-split" if is_other else "label-count"].fill(
            name=name, shape=shape, wanted=wanted
        )
    if shape[1] != 10:
        return FINDINGS["classes"].fill(name=name, length=shape[1])
    if array.get("low") == 0 and array.get("row_sums") == [array.get("high")] and array["high"] not in (0, 1, None):
        return FINDINGS["labels-scaled"].fill(name=name, high=array["high"])
    low, high, sums = array.get("low"), array.get("high"), list(array.get("row_sums") or [])
    if (low, high, sums) == (0, 1, [9]):
        return FINDINGS["labels-inverted"].fill(name=name)
    if low and high and 0 < low < high < 1 and all(abs((total or 0) - (high + 9 * low)) < 1e-3 for total in sums):
        return FINDINGS["labels-smoothed"].fill(name=name, low=low, high=high)
    if array.get("row_sums") != [1] or array.get("low") != 0 or array.get("high") != 1:
        return FINDINGS["no-one-hot-rows"].fill(name=name)
    return None if array.get("labels") == original_labels(split) else _explain_labels(name, array, split)


def _explain_labels(name: str, array: Description, split: str) -> Finding:
    found, labels = list(array.get("sample_labels") or []), original(split)[1].astype(int)
    ends = [*labels[:10].tolist(), *labels[-10:].tolist()]
    if found == ends[::-1]:
        return FINDINGS["labels-reversed"].fill(name=name)
    if found in ([(label + 1) % 10 for label in ends], [(label - 1) % 10 for label in ends]):
        return FINDINGS["labels-shifted"].fill(name=name, first=ends[0], second=found[0])
    return FINDINGS["other-labels"].fill(name=name)


def _find_in_scale(train: Description, test: Description) -> Finding | None:
    scales = {"train": scale_of(train, "train"), "test": scale_of(test, "test")}
    factors = {split: scale.factor if scale else 0.0 for split, scale in scales.items()}
    is_right = {
        split: scale is not None and scale.name == "scaled" and abs(scale.factor - 1) < 1e-3
        for split, scale in scales.items()
    }
    if all(is_right.values()):
        return None
    if (factors["train"] < 2) != (factors["test"] < 2) and any(is_right.values()):
        scaled, unscaled, array = ("x_train", "x_test", test) if is_right["train"] else ("x_test", "x_train", train)
        return FINDINGS["one-split-scaled"].fill(scaled=scaled, unscaled=unscaled, high=array["high"])
    split, array = ("test", test) if is_right["train"] else ("train", train)
    values = {key: array.get(key) for key in ("low", "high", "dtype")}
    return FINDINGS[_name_scale(array, factors[split])].fill(name=f"x_{split}", **values)


def _name_scale(array: Description, factor: float) -> str:
    if array["is_whole"]:
        return "integer-pixels/raw"
    if abs(factor - 255) < 1:
        return "not-scaled"
    if abs(factor * 255 - 1) < 0.01:
        return "scaled-twice"
    if abs(factor - 255 / 256) < 1e-3:
        return "divided-by-256"
    if abs(array["low"] + 1) < 1e-3 and abs(array["high"] - 1) < 1e-3:
        return "minus-one"
    mean = (array.get("sum") or 0) / max(1, int(np.prod(array["shape"])))
    return "standardized" if array["low"] < 0 and abs(mean) < 0.05 else "other-scale"
