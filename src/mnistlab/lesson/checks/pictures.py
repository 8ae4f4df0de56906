"""The use of a network on a drawing: how it was prepared, and what was made of the answer."""

import numpy as np

from mnistlab.lesson.checks.evidence import Description
from mnistlab.lesson.checks.verdicts import Finding, Outcome, StepState, read_findings

FINDINGS = read_findings("""
no-array: What goes into the network is no array.
  Prepare the drawing with NumPy.
blank: The drawing is blank.
  A network has ten answers and none for nothing; draw a digit.
batch-axis-missing: The shape is {shape}: the axis of the batch is missing.
  A network takes many images at once, also when there is one: drawing[None].
channel-missing: The shape is (1, 28, 28): the channel is missing.
  The CNN learned from images of (28, 28, 1).
shape: The shape is {shape}; (1, 28, 28, 1) was expected.
  One image, its height, its width, one channel.
not-scaled: The pixels go up to {high:g}.
  Prepare a drawing exactly as the training images were: divide by 255.
inverted: The drawing is inverted: ink is 0 and the ground 1.
  In MNIST ink is high and the ground 0; a network that never saw the opposite reads anything into it.
other-picture: The numbers are not those of the drawing, scaled to 0 to 1.
  Take drawing, divide by 255, and give it the shape (1, 28, 28, 1).
picture-transposed: Rows and columns of the drawing are swapped.
  reshape keeps every pixel in its row; a transposed digit is one that the network has never seen.
picture-moved: The pixels are not where you drew them.
  reshape alone gives the drawing its batch and channel; nothing is to be moved.
probabilities-for-digit: The result holds ten numbers: the probabilities.
  The digit is the place of the largest one: argmax.
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
    if picture.get("kind") == "nothing" or digit.get("kind") == "nothing":
        return StepState.NOT_STARTED
    if picture.get("kind") != "array":
        return FINDINGS["no-array"]
    ink = model.get("drawing_sum")
    if not ink:
        return FINDINGS["blank"]
    finding = _find_in_picture(picture, ink) or _find_in_pixels(picture, drawing)
    if finding:
        return finding
    values = digit.get("values") or [digit.get("value")]
    if len(values) == 10:
        return FINDINGS["probabilities-for-digit"]
    if len(values) != 1 or not isinstance(values[0], int):
        return FINDINGS["digit-form"]
    if values[0] != model.get("drawing_digit"):
        return FINDINGS["digit-other"].fill(given=values[0], answer=model.get("drawing_digit"))
    return f"Right: the network reads a {values[0]}. Is it what you drew?"


def _find_in_picture(picture: Description, ink: float) -> Finding | None:
    shape, total = list(picture["shape"]), picture.get("sum") or 0.0
    if shape in ([28, 28], [28, 28, 1]):
        return FINDINGS["batch-axis-missing"].fill(shape=tuple(shape))
    if shape == [1, 28, 28]:
        return FINDINGS["channel-missing"]
    if shape != [1, 28, 28, 1]:
        return FINDINGS["shape"].fill(shape=tuple(shape))
    if abs(total - ink * 255) < 1e-2 * ink * 255:
        return FINDINGS["not-scaled"].fill(high=picture.get("high"))
    if abs(total - (784 - ink)) < 1e-2 * 784:
        return FINDINGS["inverted"]
    if abs(total - ink) > 1e-2 * ink:
        return FINDINGS["other-picture"]
    return None


def _find_in_pixels(picture: Description, drawing: Description) -> Finding | None:
    """A picture with the right sum whose pixels are not where they were drawn."""
    found, drawn = picture.get("values"), drawing.get("values")
    if not found or not drawn or len(drawn) != 784:
        return None
    pixels, ink = (np.array(values, dtype=float).reshape(28, 28) for values in (found, drawn))
    if np.allclose(pixels, ink / 255, atol=1e-2):
        return None
    return FINDINGS["picture-transposed" if np.allclose(pixels.T, ink / 255, atol=1e-2) else "picture-moved"]
