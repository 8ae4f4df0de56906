"""The use of a network on a drawing: how it was prepared, and what was made of the answer."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from mnistlab.lesson.checks.verdicts import Verdict, done, not_started, not_yet

Description = Mapping[str, Any]


def check_drawing(
    step: str, picture: Description, digit: Description, model: Description, drawing: Description
) -> Verdict:
    """Judges how a drawing was prepared for the network, and what was made of its answer.

    Args:
        step: `drawing`.
        picture: what the student passed to the network.
        digit: the student's result.
        model: the network, with `drawing_digit`, its own answer to the drawing prepared rightly, and `drawing_sum`,
            the ink of the drawing scaled to 0 to 1.
        drawing: as it was drawn.
    """
    if picture.get("kind") == "nothing" or digit.get("kind") == "nothing":
        return not_started(step)
    if picture.get("kind") != "array":
        return not_yet(step, "no-array", "What goes into the network is no array.", "Prepare the drawing with NumPy.")
    ink = model.get("drawing_sum")
    if not ink:
        return not_yet(
            step, "blank", "The drawing is blank.", "A network has ten answers and none for nothing; draw a digit."
        )
    finding = _find_in_picture(picture, ink) or _find_in_pixels(picture, drawing)
    if finding:
        return not_yet(step, *finding)
    values = digit.get("values") or [digit.get("value")]
    if len(values) == 10:
        return not_yet(
            step,
            "probabilities-for-digit",
            "The result holds ten numbers: the probabilities.",
            "The digit is the place of the largest one: argmax.",
        )
    if len(values) != 1 or not isinstance(values[0], int):
        return not_yet(step, "digit-form", "The result is not a single digit.", "Take the first row, then its argmax.")
    if values[0] != model.get("drawing_digit"):
        return not_yet(
            step,
            "digit-other",
            f"You say {values[0]}; the network says {model.get('drawing_digit')}.",
            "predict gives a row for each image: argmax along axis=1, or of the first row. Along axis=0: always 0.",
        )
    return done(step, f"Right: the network reads a {values[0]}. Is it what you drew?")


def _find_in_picture(picture: Description, ink: float) -> tuple[str, str, str] | None:
    shape, total = list(picture["shape"]), picture.get("sum") or 0.0
    if shape in ([28, 28], [28, 28, 1]):
        return (
            "batch-axis-missing",
            f"The shape is {tuple(shape)}: the axis of the batch is missing.",
            "A network takes many images at once, also when there is one: drawing[None].",
        )
    if shape == [1, 28, 28]:
        return (
            "channel-missing",
            "The shape is (1, 28, 28): the channel is missing.",
            "The CNN learned from images of (28, 28, 1).",
        )
    if shape != [1, 28, 28, 1]:
        return (
            "shape",
            f"The shape is {tuple(shape)}; (1, 28, 28, 1) was expected.",
            "One image, its height, its width, one channel.",
        )
    if abs(total - ink * 255) < 1e-2 * ink * 255:
        return (
            "not-scaled",
            f"The pixels go up to {picture.get('high'):g}.",
            "Prepare a drawing exactly as the training images were: divide by 255.",
        )
    if abs(total - (784 - ink)) < 1e-2 * 784:
        return (
            "inverted",
            "The drawing is inverted: ink is 0 and the ground 1.",
            "In MNIST ink is high and the ground 0; a network that never saw the opposite reads anything into it.",
        )
    if abs(total - ink) > 1e-2 * ink:
        return (
            "other-picture",
            "The numbers are not those of the drawing, scaled to 0 to 1.",
            "Take drawing, divide by 255, and give it the shape (1, 28, 28, 1).",
        )
    return None


def _find_in_pixels(picture: Description, drawing: Description) -> tuple[str, str, str] | None:
    """A picture with the right sum whose pixels are not where they were drawn."""
    found, drawn = picture.get("values"), drawing.get("values")
    if not found or not drawn or len(drawn) != 784:
        return None
    pixels, ink = (np.array(values, dtype=float).reshape(28, 28) for values in (found, drawn))
    if np.allclose(pixels, ink / 255, atol=1e-2):
        return None
    if np.allclose(pixels.T, ink / 255, atol=1e-2):
        return (
            "picture-transposed",
            "Rows and columns of the drawing are swapped.",
            "reshape keeps every pixel in its row; a transposed digit is one that the network has never seen.",
        )
    return (
        "picture-moved",
        "The pixels are not where you drew them.",
        "reshape alone gives the drawing its batch and channel; nothing is to be moved.",
    )
