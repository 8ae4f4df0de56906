"""The page as a vector PDF, drawn with Matplotlib, which the figures need anyway."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Final

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from mnistlab.exceptions import UsageError
from mnistlab.reader.sheet import layout
from mnistlab.system import theme
from mnistlab.system.files import write_bytes
from mnistlab.system.paths import require_new_file

_INCH: Final = 25.4  # millimetres
_POINT: Final = _INCH / 72
_BLACK: Final = "#000000"
_LINE: Final = theme.OKABE_ITO["sky blue"]  # colour of boxes and labels: no pen has it, and grey printers make it pale
_WHITE: Final = "#ffffff"


def make_sheet(path: Path, paper: layout.PaperName = "a4") -> None:
    """Writes the page as a PDF of one page, the same bytes each time.

    Args:
        path: Path of the file; its name ends in `.pdf`, and it must not exist yet.
        paper: Size of the paper, `"a4"` or `"letter"`.

    Raises:
        UsageError: (a `ValueError`) the name ends in something else, or the file exists.
        RunError: the file cannot be written.
    """
    if path.suffix.lower() != ".pdf":
        raise UsageError(f"The page is called {path}; a name that ends in .pdf was expected.")
    require_new_file(path)
    buffer = io.BytesIO()
    nothing = dict.fromkeys(("Creator", "Producer", "CreationDate"))
    with matplotlib.rc_context({"pdf.fonttype": 42}):
        draw_page(paper).savefig(buffer, format="pdf", metadata={"Title": "mnistlab: my digits", **nothing})
    write_bytes(path, buffer.getvalue())


def draw_page(paper: layout.PaperName = "a4") -> Figure:
    """The page as a Matplotlib figure of the paper's size, in black and one light colour."""
    width, height = layout.PAPERS[paper]
    figure = Figure(figsize=(width / _INCH, height / _INCH), facecolor=_WHITE)
    left, top = (width - layout.FRAME_WIDTH) / 2, (height - layout.FRAME_HEIGHT) / 2
    with matplotlib.rc_context({"font.family": "DejaVu Sans"}):  # it comes with Matplotlib, on any system
        ax = figure.add_axes((0, 0, 1, 1))
        ax.set_axis_off()
        ax.set_xlim(-left, width - left)
        ax.set_ylim(height - top, -top)
        for x, y in layout.MARKS:
            for side, color in zip(layout.MARK_SIDES, (_BLACK, _WHITE, _BLACK), strict=True):
                _fill(ax, x - side / 2, y - side / 2, side, side, color)
        for x, y, bit in layout.strip_cells():
            if bit:
                cell = layout.STRIP_CELL
                _fill(ax, x - cell / 2, y - layout.STRIP_HEIGHT / 2, cell, layout.STRIP_HEIGHT, _BLACK)
        for y, size, words in layout.LINES:
            _write(ax, layout.FRAME_WIDTH / 2, y, words, size, _BLACK)
        for box in layout.BOXES:
            line = layout.BORDER_WIDTH / _POINT
            corner = (box.left, box.top)
            ax.add_patch(
                Rectangle(corner, layout.BOX_WIDTH, layout.BOX_HEIGHT, edgecolor=_LINE, linewidth=line, fill=False)
            )
            middle = box.left + layout.BOX_WIDTH / 2
            _write(ax, middle, box.top - layout.LABEL_RISE, str(box.digit), layout.LABEL_HEIGHT / 0.73, _LINE)
    return figure


def _fill(ax: Axes, left: float, top: float, width: float, height: float, color: str) -> None:
    ax.add_patch(Rectangle((left, top), width, height, facecolor=color, linewidth=0))


def _write(ax: Axes, x: float, y: float, words: str, millimetres: float, color: str) -> None:
    ax.text(x, y, words, fontsize=millimetres / _POINT, color=color, ha="center", va="baseline")
