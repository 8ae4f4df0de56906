"""Figures as files and as inline SVG that follows the page's theme."""

import hashlib
import io
import re
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from mnistlab.exceptions import UsageError, require_type
from mnistlab.figures.canvas import figure_of
from mnistlab.system import theme
from mnistlab.system.paths import require_room

PNG_DPI = 200

_SVG = "{http://www.w3.org/2000/svg}"
_HREF = "{http://www.w3.org/1999/xlink}href"
_REFERENCE = re.compile(r"#(\w+)")


def save_png(figure: Figure | Axes, path: Path | str, dpi: int = PNG_DPI) -> None:
    """Writes a figure as PNG on its own opaque ground, so that it reads on light and dark pages alike.

    The same figure gives the same bytes.

    Args:
        figure: Figure, or axes on it.
        path: Path of the file; its folder must exist.
        dpi: Pixels per inch; most figures are 4.25 inches wide.

    Raises:
        UsageError: The figure is something else, or its folder does not exist.
    """
    require_type(figure, (Figure, Axes), "The figure", "Draw one with a function of mnistlab.figures.")
    path = Path(path)
    require_room(path, "file")
    buffer = io.BytesIO()
    _whole(figure).savefig(buffer, format="png", dpi=dpi, metadata={"Software": None})
    path.write_bytes(buffer.getvalue())


def to_svg(figure: Figure | Axes, label: str | None = None) -> str:
    """The figure as an `<svg>` element for an HTML page.

    Colours are the CSS variables of `theme.css_variables()`, digits follow them through a CSS filter, the ground is
    transparent and text stays text. Ids have a prefix made from the content, so that many figures can be in one page.
    The same figure gives the same text.

    Args:
        figure: Figure, or axes on it, drawn in the light theme.
        label: Text for screen readers; by default the titles in the figure.

    Raises:
        UsageError: if the figure was drawn in the dark theme.
    """
    whole = _whole(figure)
    if to_hex(whole.get_facecolor()) == theme.DARK.paper:
        raise UsageError("to_svg takes a figure in the light theme; the page's CSS turns it dark by itself.")
    buffer = io.BytesIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "mnistlab", "svg.id": None}):
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        whole.savefig(buffer, format="svg", transparent=True, metadata=nothing)
    label = _titles(whole) if label is None else label
    prefix = "f" + hashlib.sha256(buffer.getvalue() + label.encode()).hexdigest()[:10]
    root = ElementTree.fromstring(buffer.getvalue())
    _drop_page_wide_style(root)
    _prefix_ids(root, prefix)
    for element in root.iter():
        _follow_page(element)
        element.tag = element.tag.removeprefix(_SVG)
    root.attrib.pop("version", None)
    title = ElementTree.Element("title", id=f"{prefix}-title")
    title.text = label
    root.insert(0, title)
    root.attrib |= {"xmlns": _SVG[1:-1], "role": "img", "aria-labelledby": f"{prefix}-title"}
    return ElementTree.tostring(root, encoding="unicode")


def _whole(figure: Figure | Axes) -> Figure:
    """The figure, with its layout as if it had never been drawn."""
    whole = figure_of(figure) if isinstance(figure, Axes) else figure
    if whole.get_layout_engine() is not None:
        for ax in whole.axes:
            # A constrained layout starts from the one before it, so a second drawing would differ by a hair.
            spec = ax.get_subplotspec()
            if spec is not None:
                ax.set_subplotspec(spec)
    return whole


def _titles(figure: Figure) -> str:
    titles = [ax.get_title(loc=place) for ax in figure.axes for place in ("left", "center", "right")]
    return "; ".join(" ".join(title.split()) for title in [figure.get_suptitle(), *titles] if title)


def _drop_page_wide_style(root: ElementTree.Element) -> None:
    # Matplotlib's <style>*{...}</style> would restyle every SVG of the page; on the root it applies to this one only.
    for definitions in root.findall(f"{_SVG}defs"):
        for style in definitions.findall(f"{_SVG}style"):
            definitions.remove(style)
    root.set("style", "stroke-linejoin: round; stroke-linecap: butt")


def _prefix_ids(root: ElementTree.Element, prefix: str) -> None:
    used = {name for element in root.iter() for value in element.attrib.values() for name in _REFERENCE.findall(value)}
    for element in root.iter():
        identity = element.attrib.pop("id", None)
        if identity in used:
            element.set("id", f"{prefix}-{identity}")
        if _HREF in element.attrib:
            element.set("href", _prefixed(element.attrib.pop(_HREF), prefix))
        if "clip-path" in element.attrib:
            element.set("clip-path", _prefixed(element.attrib["clip-path"], prefix))


def _prefixed(reference: str, prefix: str) -> str:
    return _REFERENCE.sub(rf"#{prefix}-\1", reference)


def _follow_page(element: ElementTree.Element) -> None:
    """Replaces the light theme's values, as Matplotlib wrote them, by the page's variables."""
    style = element.get("style")
    if style is not None:
        for variable, color in theme.LIGHT.tokens().items():
            style = style.replace(color, f"var({variable})")
        element.set("style", re.sub(r"font-family: [^;]+", "font-family: var(--sans)", style))
    if element.tag == f"{_SVG}image":
        element.set("style", f"{element.get('style', '')}; filter: var(--digit-filter)".lstrip("; "))
        element.set("href", "".join(element.attrib["href"].split()))
