"""The use of a network on a drawing: how it was prepared, and what was made of the answer."""

import numpy as np

from mnistlab.lesson.checks.evidence import Description
from mnistlab.lesson.checks.pixels import Change, explain
from mnistlab.lesson.checks.verdicts import Finding, Outcome, StepState, read_findings

FINDINGS = read_findings("""
no-array: What goes into the network is not an array of numbers.
  Prepare the drawing with NumPy.
picture-missing: The digit is there, but picture is still empty.
  Prepare the drawing as picture, exactly as the CNN's images were.
digit-missing: The picture is there, but digit is still empty.
  Let the CNN say which digit it is: predict, then argmax.
not-finite: The picture holds values that are not a number.
  Begin with drawing again: it holds whole numbers from 0 to 255.
blank: The drawing is blank.
  A network has ten answers, and none of them stands for an empty picture. Draw a digit.
batch-axis-missing: The shape is {shape}: the axis of the batch is missing.
  A network takes many images at once, also when there is one: drawing[None].
channel-missing: The shape is (1, 28, 28): the channel is missing.
  The CNN learned from images of (28, 28, 1).
shape: The shape is {shape}; (1, 28, 28, 1) was expected.
  One image, its height, its width, one channel.
flattened: The shape is (1, 784): that is a vector, as the first network takes it.
  The CNN takes images with a channel: reshape(1, 28, 28, 1).
channels-three: The shape is (1, 28, 28, 3): three channels, as a colour picture has.
  The CNN learned from one channel: reshape(1, 28, 28, 1).
not-scaled: The pixels go up to {high:g}.
  Prepare a drawing exactly as the training images were: divide by 255.
inverted: The drawing is inverted: ink is 0 and the background 1.
  In MNIST ink is high and the background 0; a network that never saw the opposite may see any digit in it.
scaled-twice: The pixels go up to {high:.4f}: the drawing was divided by 255 twice.
  The network learned from 0 to 1; this looks blank to it. Run the cell from drawing on again.
minus-one: The pixels go from -1 to 1.
  The network learned from 0 to 1. Prepare a drawing exactly as the training images were: divide by 255.
fractions-lost: Only full ink is left of the drawing, and no grey.
  // divides and drops the fraction. Divide with /.
black-and-white: The picture is black and white: every pixel is 0 or 1.
  The network learned from greys as well. Only divide by 255.
picture-turned: The drawing is mirrored, or upside down.
  reshape keeps every pixel where it is; a 6 that is turned is a 9.
other-scale: The pixels go from {low:g} to {high:g}; 0 to 1 was expected.
  Prepare a drawing exactly as the training images were: divide by 255.
other-picture: The numbers are not those of the drawing, scaled to 0 to 1.
  Take drawing, divide by 255, and give it the shape (1, 28, 28, 1).
picture-transposed: Rows and columns of the drawing are swapped.
  reshape keeps every pixel in its row; a transposed digit is one that the network has never seen.
picture-moved: The pixels are not where you drew them.
  reshape alone gives the drawing its batch and channel; nothing needs to be moved.
probabilities-for-digit: The result holds ten numbers: the probabilities.
  The digit is the place of the largest one: argmax.
digit-probability: The result is {value:.3g}, the largest probability itself.
  The digit is its place among the ten: argmax in place of max.
digit-axis: The result is ten zeros: the largest of one row along axis=0 is always in row 0.
  predict gives a row for each image. Take argmax(axis=1), or argmax of the first row.
digit-text: The result is a text.
  The digit is a number: what argmax returns, without str.
digit-form: The result is not a single digit.
  Take the first row, then its argmax.
digit-other: You say {given}; the network says {answer}.
  predict gives a row for each image: argmax along axis=1, or of the first row. Along axis=0: always 0.
""")


def check_drawing(picture: Description, digit: Description, model: Description, drawing: Description) -> Outcome:
    """Judges how a drawing was prepared for the network, and what was made of its answer.

    Args:
        picture: Description of what the student passed to the network.
        digit: Description of the student's result.
        model: Description of the network, with `drawing_digit`, its own answer to the drawing prepared correctly, and
            `drawing_sum`, the ink of the drawing scaled to 0 to 1.
        drawing: Description of the drawing as it was drawn.
    """
    kinds = picture.get("kind"), digit.get("kind")
    if kinds == ("nothing", "nothing"):
        return StepState.NOT_STARTED
    if kinds[0] == "nothing":
        return FINDINGS["picture-missing"]
    if picture.get("kind") != "array":
        return FINDINGS["no-array"]
    ink = model.get("drawing_sum")
    if not ink:
        return FINDINGS["blank"]
    finding = _find_in_shape(picture) or _find_in_pixels(picture, drawing)
    if finding:
        return finding
    if kinds[1] == "nothing":
        return FINDINGS["digit-missing"]
    if kinds[1] == "text":
        return FINDINGS["digit-text"]
    values = digit.get("values") or [item.get("value") for item in digit.get("items", [])] or [digit.get("value")]
    if len(values) == 10:
        return FINDINGS["probabilities-for-digit" if any(values) else "digit-axis"]
    if len(values) == 1 and isinstance(values[0], float) and 0 < values[0] < 1:
        return FINDINGS["digit-probability"].fill(value=values[0])
    if len(values) != 1 or not isinstance(values[0], int):
        return FINDINGS["digit-form"]
    if values[0] != model.get("drawing_digit"):
        return FINDINGS["digit-other"].fill(given=values[0], answer=model.get("drawing_digit"))
    return f"Right: the network reads a {values[0]}. Is it what you drew?"


def _find_in_shape(picture: Description) -> Finding | None:
    shape = list(picture["shape"])
    if picture.get("is_finite") is False:
        return FINDINGS["not-finite"]
    if shape in ([28, 28], [28, 28, 1]):
        return FINDINGS["batch-axis-missing"].fill(shape=tuple(shape))
    for problem, wrong in (
        ("channel-missing", [1, 28, 28]),
        ("flattened", [1, 784]),
        ("channels-three", [1, 28, 28, 3]),
    ):
        if shape == wrong:
            return FINDINGS[problem]
    return None if shape == [1, 28, 28, 1] else FINDINGS["shape"].fill(shape=tuple(shape))


def _find_in_pixels(picture: Description, drawing: Description) -> Finding | None:
    """What was done to the drawing, told from its pixels."""
    found, drawn = picture.get("values") or [], drawing.get("values") or []
    if len(found) != 784 or len(drawn) != 784:
        return FINDINGS["other-picture"]
    change = explain(np.array(found, dtype=float), np.array(drawn, dtype=float) / 255)
    if change.name == "scaled" and abs(change.factor - 1) < 0.01:
        return None
    return FINDINGS[_problem(change)].fill(low=picture.get("low"), high=picture.get("high"))


def _problem(change: Change) -> str:
    if change.name == "scaled":
        is_known = {"not-scaled": change.factor / 255, "scaled-twice": change.factor * 255}
        return next((name for name, one in is_known.items() if abs(one - 1) < 0.01), "other-scale")
    if change.name == "shifted":
        is_usual = abs(change.factor - 2) < 0.02 and abs(change.offset + 1) < 0.02
        return "minus-one" if is_usual else "other-scale"
    names = {"transposed": "picture-transposed", "moved": "picture-moved"}
    names |= dict.fromkeys(("upside-down", "mirrored", "turned"), "picture-turned")
    names |= {name: name for name in ("inverted", "fractions-lost", "black-and-white")}
    return names.get(change.name, "other-picture")
