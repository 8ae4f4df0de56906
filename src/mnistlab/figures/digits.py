"""Pictures of digits: samples, one image as numbers, predictions, augmentation."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mnistlab.datasets import Split
from mnistlab.evaluation import Evaluation
from mnistlab.exceptions import UsageError, described, require_type
from mnistlab.figures.canvas import (
    current_theme,
    digit_grid,
    draw_ink,
    drawable,
    drawn,
    figure_of,
    new_axes,
    new_grid,
    require_image,
)
from mnistlab.system.text import percent

RIGHT_MARK, WRONG_MARK = "✓", "✗"
WASH = 0.35  # opacity of full ink under numbers: dark enough to show the digit, light enough to read black on it


@drawn
def plot_image(image: NDArray[np.uint8], title: str = "", ax: Axes | None = None) -> Axes:
    """Draws one image as ink on paper.

    Args:
        image: Image, uint8 `(height, width)`, 0 ground to 255 ink.
        title: Text above the image.
        ax: Axes to draw on; by default on a new figure.

    Returns:
        The axes.
    """
    image = require_image(image)
    ax = new_axes(2.4, 2.2) if ax is None else ax
    draw_ink(ax, image)
    ax.set_axis_off()
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_visible(False)  # or Matplotlib would lay out the ticks that nobody sees
    ax.set_title(title)
    return ax


def sample_indices(num_images: int, num: int = 9, seed: int = 0) -> NDArray[np.int64]:
    """The indices of the images that `plot_samples` shows: int64 `(min(num, num_images),)`, no index twice."""
    return np.random.default_rng(seed).permutation(num_images)[: max(num, 0)]


@drawn
def plot_samples(split: Split, num: int = 9, seed: int = 0, axes: Sequence[Axes] | None = None) -> Figure:
    """Draws random images of a split under their labels, each at most once.

    Args:
        split: Split to choose from; one with fewer than `num` images is shown whole.
        num: Number of images, at least 1; nine make a grid of 3×3.
        seed: Seed of the choice; the same seed shows the same images.
        axes: Axes to draw on, `num` of them; by default on a new figure.

    Returns:
        The figure.

    Raises:
        UsageError: if there is nothing to draw.
    """
    require_type(split, Split, "The split", "Give one such as mnist.train.")
    indices = sample_indices(len(split), num, seed)
    places, classes = _places(axes, len(indices)), drawable(split.classes)
    for ax, index in zip(places, indices, strict=True):
        label = int(split.labels[index])
        plot_image(split.images[index], f"Class {label}" if classes.names is None else classes.name(label), ax)
    return figure_of(places)


@drawn
def plot_matrix(image: NDArray[np.uint8], ax: Axes | None = None) -> Axes:
    """Writes each pixel's number over a wash of its own ink.

    Args:
        image: Image, uint8 `(height, width)`, 0 ground to 255 ink.
        ax: Axes to draw on; by default on a new figure, wide enough for 28 columns of three figures.

    Returns:
        The axes, with rows and columns counted from 0 as NumPy does.
    """
    image = require_image(image)
    ax = new_axes(7.1, 7.0) if ax is None else ax
    draw_ink(ax, image, strength=WASH)
    for (row, column), value in np.ndenumerate(image):
        color = current_theme().ink if value else current_theme().muted
        ax.text(column, row, str(value), ha="center", va="center_baseline", fontsize=7, color=color, clip_on=True)
    height, width = image.shape
    ax.set_xticks(range(0, width, 3))
    ax.set_yticks(range(0, height, 3))
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set_xlabel("column (pixels)")
    ax.set_ylabel("row (pixels)")
    ax.set_title(f"{height} × {width} numbers: 0 is bare paper, 255 is full ink")
    return ax


@drawn
def plot_predictions(
    split: Split, evaluation: Evaluation, indices: Sequence[int] | NDArray[np.int64], axes: Sequence[Axes] | None = None
) -> Figure:
    """Draws images below a model's answers: the prediction large, the true label small.

    A right answer has a tick; a wrong one a cross and the accent colour, so that shape and colour say the same.

    Args:
        split: Split with the images.
        evaluation: Evaluation of the model on that split.
        indices: Indices of the images to draw, for example `evaluation.wrong[:9]`; nine make a grid of 3×3. A perfect
            model has no wrong answers, so there may be none, which gives a figure that says so.
        axes: Axes to draw on, one for each image; by default on a new figure.

    Returns:
        The figure.

    Raises:
        UsageError: if there are fewer axes than images.
    """
    require_type(split, Split, "The split", "Give one such as mnist.test.")
    require_type(evaluation, Evaluation, "The evaluation", "Make one with evaluation.evaluate(model, split).")
    asked = np.asarray(indices)
    if asked.ndim != 1 or (asked.size and asked.dtype.kind not in "iu"):
        raise UsageError(f"The indices are {described(indices)}, but whole numbers were expected, one per image.")
    if asked.size and (asked.min() < -len(split) or asked.max() >= len(split)):
        raise UsageError(
            f"The indices go from {asked.min()} to {asked.max()}, but the split {split.name!r} has {len(split):,} "
            "images. Give indices of at least 0 and below that."
        )
    if len(indices) == 0:
        ax = axes[0] if axes else new_axes(0.6)
        ax.set_axis_off()
        ax.set_title("There is no such image.")
        return figure_of(ax)
    places, classes = _places(axes, len(indices)), drawable(evaluation.classes)
    small = classes.names is not None and not classes.is_digits  # two names and a number do not fit side by side
    for ax, index in zip(places, indices, strict=True):
        label, prediction = int(split.labels[index]), int(evaluation.predictions[index])
        right = label == prediction
        plot_image(split.images[index], ax=ax)
        ax.set_title(
            f"{classes.name(prediction)} {RIGHT_MARK if right else WRONG_MARK}" + ("\n\n" if small else ""),
            loc="left",
            fontsize=8 if small else 14,
            color=current_theme().ink if right else current_theme().accent,
        )
        sure = _percent_below_100(float(evaluation.confidences[index]))
        told = f"label {classes.name(label)}\n{sure} sure"
        ax.set_title(told, loc="right", fontsize=6.5 if small else 8, color=current_theme().muted)
    return figure_of(places)


@drawn
def plot_augmentation(
    originals: NDArray[np.uint8], variants: NDArray[np.uint8], axes: Sequence[Axes] | None = None
) -> Figure:
    """Draws each original with its augmented variants to the right of it.

    Args:
        originals: Original images, uint8 `(rows, height, width)`.
        variants: Variants of each, uint8 `(rows, num_variants, height, width)`.
        axes: Axes to draw on, `rows * (1 + num_variants)`, row by row; by default on a new figure.

    Returns:
        The figure.

    Raises:
        UsageError: if the shapes of the two arrays do not fit.
    """
    for array, name in ((originals, "originals"), (variants, "variants")):
        require_type(array, np.ndarray, f"The array of {name}", "Give NumPy arrays of uint8.")
    if variants.ndim != 4 or len(originals) != len(variants) or not variants.size:
        raise UsageError(
            f"Originals of shape {originals.shape} came with variants of shape {variants.shape}; expected "
            "(rows, height, width) and (rows, num_variants, height, width)."
        )
    columns = 1 + variants.shape[1]
    if axes is None:
        axes = new_grid(len(originals) * columns, columns, 0.25 + 4.2 / columns * len(originals))
    places = _places(axes, len(originals) * columns)
    for place, ax in enumerate(places):
        row, column = divmod(place, columns)
        plot_image(originals[row] if column == 0 else variants[row, column - 1], ax=ax)
    places[0].set_title("original")
    places[1].set_title("variants")
    return figure_of(places)


def _places(axes: Sequence[Axes] | None, num: int) -> Sequence[Axes]:
    if num == 0:
        raise UsageError("There is no image to draw: the split or the list of indices is empty.")
    if axes is not None and len(axes) < num:
        raise UsageError(f"There are {num} images to draw and {len(axes)} axes; pass an axes for each image.")
    return digit_grid(num) if axes is None else axes[:num]


def _percent_below_100(fraction: float) -> str:
    # A softmax is never quite certain: 0.9997 must not read as 100 %.
    return ">99 %" if fraction > 0.99 else percent(fraction, 0)
