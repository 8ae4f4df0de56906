"""The ground of every figure: style, new axes, ink."""

import dataclasses
import functools
import io
import math
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, get_font
from numpy.typing import NDArray

from mnistlab.datasets.classes import Classes
from mnistlab.exceptions import UsageError, described
from mnistlab.system import theme

# 306 points: a phone of 390 pixels enlarges that by a fifth, so text of 8.5 points is 10 pixels high there.
WIDTH_INCHES = 4.25
MAX_NAME = 14  # characters of the name of a class; ten of them stand side by side

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class PaperFigure(Figure):
    """A `Figure` that Jupyter shows although pyplot does not know it."""

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=144)
        return buffer.getvalue()


class PaperAxes(Axes):
    """An `Axes` that Jupyter shows by showing its figure."""

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        figure_of(self).savefig(buffer, format="png", dpi=144)
        return buffer.getvalue()


def current_theme() -> theme.Theme:
    """The theme in force: dark inside `rc_context(theme.matplotlib_style("dark"))`, light otherwise."""
    ground = matplotlib.rcParams["figure.facecolor"]
    return theme.DARK if to_hex(ground) == theme.DARK.paper else theme.LIGHT


def drawn(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Runs a drawing function with the style of the theme in force."""

    @functools.wraps(function)
    def wrapper(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        style: Any = theme.matplotlib_style("dark" if current_theme() is theme.DARK else "light")
        with matplotlib.rc_context(style):
            return function(*args, **kwargs)

    return wrapper


@functools.lru_cache(16)
def drawable(classes: Classes) -> Classes:
    """Classes with names that Matplotlib's own font can write and that are short enough; otherwise with numbers.

    Long names end in `…`, and `$` is written as it is, where Matplotlib would look for a formula.
    """
    if classes.names is None or classes.is_digits:
        return dataclasses.replace(classes, names=None)
    font = get_font(findfont("DejaVu Sans"))
    if not all(font.get_char_index(ord(character)) for name in classes.names for character in name):
        return dataclasses.replace(classes, names=None)
    short = [name if len(name) <= MAX_NAME else f"{name[: MAX_NAME - 1]}…" for name in classes.names]
    return dataclasses.replace(classes, names=tuple(name.replace("$", r"\$") for name in short))


def new_axes(height_inches: float, width_inches: float = WIDTH_INCHES) -> Axes:
    """Axes on a new figure of the given size."""
    return PaperFigure(figsize=(width_inches, height_inches)).add_subplot(axes_class=PaperAxes)


def new_grid(num: int, columns: int, height_inches: float, *, shared_x: bool = False) -> list[Axes]:
    """`num` axes in `columns` on a new figure, row by row."""
    figure = PaperFigure(figsize=(WIDTH_INCHES, height_inches))
    rows = math.ceil(num / columns)
    axes: list[Axes] = []
    for place in range(num):
        sharex = axes[0] if shared_x and axes else None
        axes.append(figure.add_subplot(rows, columns, place + 1, sharex=sharex))
    return axes


def digit_grid(num: int) -> list[Axes]:
    """Axes for `num` digits in a grid as square as they fill, at least three wide: nine make 3×3."""
    columns = max(3, math.ceil(math.sqrt(num)))
    return new_grid(num, columns, 4.65 * math.ceil(num / columns) / columns)


def figure_of(axes: Axes | Sequence[Axes]) -> Figure:
    """The figure that the axes belong to."""
    first = axes if isinstance(axes, Axes) else axes[0]
    figure = first.get_figure(root=True)
    if figure is None:
        raise UsageError("These axes have been removed from their figure; pass axes that are still on one.")
    return figure


def require_image(image: object) -> NDArray[np.uint8]:
    """One image as an array.

    Raises:
        UsageError: (a `ValueError`) it is something else, such as a batch of images.
    """
    array = np.asarray(image)
    if array.ndim != 2 or not array.size or array.dtype.kind not in "uifb":
        raise UsageError(
            f"The image is {described(image)}; expected (height, width) with at least one pixel. "
            "Of a batch, give one image: images[0]."
        )
    return array


def draw_ink(
    ax: Axes,
    image: NDArray[np.uint8],
    strength: float = 1.0,
    extent: tuple[float, float, float, float] | None = None,
) -> None:
    """Draws an image as ink on the ground that is already there, pixel by pixel.

    Args:
        ax: Axes to draw on; they keep the image's aspect.
        image: Image, uint8 `(height, width)`, 0 ground to 255 ink.
        strength: Opacity of full ink, 0 to 1.
        extent: Left, right, bottom and top in the axes' units; by default each pixel is one unit.
    """
    ink = np.empty((*image.shape, 4), np.uint8)
    ink[..., :3] = np.round(np.multiply(to_rgb(current_theme().ink), 255))
    ink[..., 3] = np.round(image * strength)
    ax.imshow(ink, interpolation="none", extent=extent)
