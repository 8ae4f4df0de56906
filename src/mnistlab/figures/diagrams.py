"""Diagrams of ideas: how an image becomes a vector, and how a fully connected network is built."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from mnistlab.exceptions import UsageError
from mnistlab.figures.canvas import current_theme, draw_ink, drawn, new_axes, require_image
from mnistlab.system.text import plural

NUM_MARKED_ROWS = 3  # as many as there are colours, and enough to show an order
MARK_WASH = 0.4  # opacity of a marked row's colour: enough to be seen on one row of the image
MOST_DOTS = 10  # a layer of up to ten nodes is drawn whole, the ten digits above all
END_DOTS = 4  # of a larger layer: dots before and after the ellipsis


@drawn
def plot_flattening(image: NDArray[np.uint8], ax: Axes | None = None) -> Axes:
    """Draws an image above the vector of its rows, laid end to end.

    Three rows from the middle are marked in the image, enlarged side by side under it and marked again in the vector.

    Args:
        image: Image, uint8 `(height, width)`, 0 ground to 255 ink; at least one row.
        ax: Axes to draw on; by default on a new figure.

    Returns:
        The axes. Their x axis counts places in the vector, from 0 on the left to `height * width` on the right.

    Raises:
        UsageError: if the array is not an image.
    """
    image = require_image(image)
    ax = new_axes(4.3) if ax is None else ax
    height, width = image.shape
    total = height * width
    marked = range(max(0, (height - NUM_MARKED_ROWS) // 2), min(height, (height + NUM_MARKED_ROWS) // 2))

    # Upwards from the vector at the bottom, in units of the vector's length, so that equal aspect keeps pixels square.
    strip_bottom, strip_height, rows_bottom, rows_height = 0.1 * total, 0.09 * total, 0.29 * total, 0.05 * total
    image_bottom, image_height = 0.43 * total, 0.5 * total
    image_width = image_height * width / height
    image_left = (total - image_width) / 2

    _draw_framed(ax, image, (image_left, image_left + image_width), (image_bottom, image_height))
    _draw_framed(ax, image.reshape(1, -1), (0, total), (strip_bottom, strip_height))
    for place, (row, color) in enumerate(zip(marked, current_theme().series, strict=False)):
        left, right = place * total / len(marked), (place + 1) * total / len(marked)
        _draw_framed(ax, image[row : row + 1], (left, right), (rows_bottom, rows_height))
        row_bottom = image_bottom + image_height * (height - row - 1) / height
        for corner, wide, high in (
            ((image_left, row_bottom), image_width, image_height / height),
            ((left, rows_bottom), right - left, rows_height),
            ((row * width, strip_bottom), width, strip_height),
        ):
            wash = Rectangle(corner, wide, high, facecolor=color, alpha=MARK_WASH, edgecolor="none", zorder=-1)
            ax.add_patch(wash)  # under the ink, which keeps its colour
        above = rows_bottom + rows_height + 0.015 * total
        ax.text((left + right) / 2, above, f"row {row}", ha="center", va="bottom", fontsize=8.5)
    start, end = marked.start * width, marked.stop * width
    strip_top = strip_bottom + strip_height
    guides = [[(start, strip_top), (0, rows_bottom)], [(end, strip_top), (total, rows_bottom)]]
    ax.add_collection(LineCollection(guides, colors=current_theme().muted, linewidths=0.6))
    starts = [[(row * width, strip_bottom), (row * width, strip_bottom - 0.02 * total)] for row in range(height)]
    ax.add_collection(LineCollection(starts, colors=current_theme().muted, linewidths=0.5))
    for x, number, align in ((0, 0, "left"), (start, start, "center"), (total, total - 1, "right")):
        if number or x == 0:
            ax.text(x, strip_bottom - 0.03 * total, f"{number:,}", **_quiet(align))
    ax.text(total / 2, 0.01 * total, "place in the vector; a mark where each row starts", **_quiet("center"))
    ax.set(xlim=(-0.01 * total, 1.01 * total), ylim=(-0.04 * total, image_bottom + 1.02 * image_height))
    ax.set_aspect("equal")
    ax.set_axis_off()
    ax.set_title(f"{height} rows of {width} pixels become one vector of {total:,} numbers")
    return ax


@drawn
def plot_network(sizes: Sequence[int], names: Sequence[str], ax: Axes | None = None) -> Axes:
    """Draws a fully connected network as columns of nodes, every node joined to all of the next column.

    Args:
        sizes: Number of nodes of each layer from input to output, at least two layers: `(784, 512, 512, 10)`.
        names: Name above each layer; a line break keeps a long one narrow.
        ax: Axes to draw on; by default on a new figure.

    Returns:
        The axes. A layer of more than ten nodes is drawn as its first and last four around an ellipsis; nodes of an
        output layer that is drawn whole carry their numbers.

    Raises:
        UsageError: if there are fewer than two layers, a layer is empty, or one has no name.
    """
    if len(sizes) < 2 or min(sizes) < 1 or len(names) != len(sizes):
        raise UsageError(
            f"A network of sizes {list(sizes)} came with the names {list(names)}; expected at least two layers of at "
            "least one node and a name for each."
        )
    ax = new_axes(4.1) if ax is None else ax
    columns = [_node_heights(size) for size in sizes]
    names_top = 1.06 + 0.05 * max(name.count("\n") + 1 for name in names)
    for column, (here, after) in enumerate(itertools.pairwise(columns)):
        lines = [[(column, start), (column + 1, end)] for start in here for end in after]
        ax.add_collection(LineCollection(lines, colors=current_theme().muted, alpha=0.4, linewidths=0.5, zorder=1))
        weights = f"{sizes[column]:,} × {sizes[column + 1]:,}\nweights"
        bias = plural(sizes[column + 1], "bias", "biases")
        ax.text(column + 0.5, -0.08, f"{weights}\n{bias}", **_quiet("center"))
    for column, (size, name, heights) in enumerate(zip(sizes, names, columns, strict=True)):
        dots: dict[str, Any] = {"color": current_theme().ink, "linestyle": "none", "marker": "o", "zorder": 2}
        ax.plot([column] * len(heights), heights, markersize=6, **dots)
        if size > MOST_DOTS:
            ax.plot([column] * 3, [0.46, 0.5, 0.54], markersize=1.6, **dots)
        ax.text(column, names_top + 0.01, f"{size:,}", ha="center", va="bottom", fontsize=12)
        ax.text(column, names_top, name, **_quiet("center"))
    if sizes[-1] <= MOST_DOTS:
        for number, y in enumerate(columns[-1]):
            ax.annotate(str(number), (len(sizes) - 1, y), (8, 0), textcoords="offset points", va="center_baseline")
    num_parameters = sum((before + 1) * after for before, after in itertools.pairwise(sizes))
    ax.set(xlim=(-0.3, len(sizes) - 0.7), ylim=(-0.24, names_top + 0.09))
    ax.set_axis_off()
    ax.set_title(f"Every line is a weight; with biases, {num_parameters:,} parameters")
    return ax


def _quiet(align: str) -> dict[str, Any]:
    return {"ha": align, "va": "top", "fontsize": 8.5, "color": current_theme().muted}


def _draw_framed(ax: Axes, image: NDArray[np.uint8], across: tuple[float, float], up: tuple[float, float]) -> None:
    """Draws an image between two x and two y coordinates, in a thin frame that shows where its ground ends."""
    (left, right), (bottom, height) = across, up
    draw_ink(ax, image, extent=(left, right, bottom, bottom + height))
    frame = Rectangle(
        (left, bottom), right - left, height, facecolor="none", edgecolor=current_theme().rule, linewidth=0.8
    )
    ax.add_patch(frame)


def _node_heights(size: int) -> NDArray[np.float64]:
    """The heights of a layer's dots, from 0 at the bottom to 1 at the top, the first dot on top."""
    slots = np.linspace(1, 0, MOST_DOTS)
    if size > MOST_DOTS:
        return np.concatenate([slots[:END_DOTS], slots[-END_DOTS:]])
    middle = (size - 1) / 2
    return 0.5 - (np.arange(size) - middle) / (MOST_DOTS - 1)
