"""Ink on paper: the one set of colours, fonts and spacings behind every figure, report and page.

The same tokens become CSS variables and Matplotlib settings, so a figure and the page around it cannot disagree.
"""

import dataclasses
from typing import Any, Literal

ThemeName = Literal["light", "dark"]

GRID_PIXELS = 8  # every margin and gap is a multiple of it

SANS = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", sans-serif'
MONO = 'ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace'

OKABE_ITO = {
    "black": "#000000",
    "orange": "#e69f00",
    "sky blue": "#56b4e9",
    "bluish green": "#009e73",
    "yellow": "#f0e442",
    "blue": "#0072b2",
    "vermilion": "#d55e00",
    "reddish purple": "#cc79a7",
}
"""The palette of Okabe and Ito (2008), told apart by people with any of the common colour vision deficiencies."""


@dataclasses.dataclass(frozen=True)
class Theme:
    """The colours of one theme, each as `#rrggbb`.

    Args:
        paper: The ground of everything.
        ink: Text and digits.
        muted: Text of second rank: tick labels, units, captions.
        rule: Hairlines and grids; never text.
        accent: The red pen: links, and whatever is wrong.
        series: Lines and bars, in order; Okabe-Ito colours that stand at least 3:1 off the paper.
    """

    paper: str
    ink: str
    muted: str
    rule: str
    accent: str
    series: tuple[str, ...]

    def tokens(self) -> dict[str, str]:
        """Each colour under the name of its CSS variable: `--paper`, `--ink`, ..., `--series-1`, ..."""
        plain = {f"--{name}": getattr(self, name) for name in ("paper", "ink", "muted", "rule", "accent")}
        return plain | {f"--series-{number}": color for number, color in enumerate(self.series, start=1)}


LIGHT = Theme(
    paper="#fbf9f4",
    ink="#1c1a17",
    muted="#66615a",
    rule="#d9d4ca",
    accent="#a83c00",
    series=(OKABE_ITO["blue"], OKABE_ITO["vermilion"], OKABE_ITO["bluish green"]),
)

DARK = Theme(
    paper="#171613",
    ink="#e8e6e3",  # the light ink after DIGIT_FILTER_DARK
    muted="#a8a299",
    rule="#3b3832",
    accent="#ff9d5c",
    series=(OKABE_ITO["sky blue"], OKABE_ITO["orange"], OKABE_ITO["bluish green"]),
)

THEMES: dict[ThemeName, Theme] = {"light": LIGHT, "dark": DARK}

# A digit inside an SVG is a bitmap of light-theme ink; inverting it and turning the hue back gives the dark theme's.
DIGIT_FILTER_DARK = "invert(1) hue-rotate(180deg)"


def css_variables() -> str:
    """The tokens as CSS: light on `:root`, dark where the reader prefers it, white paper in print."""
    shared = {"--sans": SANS, "--mono": MONO, "--grid": f"{GRID_PIXELS}px"}
    light = LIGHT.tokens() | {"--digit-filter": "none", "color-scheme": "light"}
    dark = DARK.tokens() | {"--digit-filter": DIGIT_FILTER_DARK, "color-scheme": "dark"}
    printed = {"--paper": "#ffffff", "color-scheme": "light"}
    return "\n".join(
        (
            _rule(shared | light),
            f"@media screen and (prefers-color-scheme: dark) {{\n{_rule(dark)}\n}}",
            f"@media print {{\n{_rule(printed)}\n}}",
        )
    )


def _rule(declarations: dict[str, str]) -> str:
    return ":root {" + " ".join(f"{name}: {value};" for name, value in declarations.items()) + "}"


def matplotlib_style(theme: ThemeName = "light") -> dict[str, Any]:
    """The tokens as Matplotlib `rcParams`.

    Args:
        theme: Name of the theme.

    Returns:
        Settings for `matplotlib.rc_context` or `matplotlib.rcParams.update`.

    Example:
        >>> matplotlib_style("dark")["text.color"]
        '#e8e6e3'
    """
    tokens = THEMES[theme]
    return {
        "figure.facecolor": tokens.paper,
        "savefig.facecolor": tokens.paper,
        "axes.facecolor": tokens.paper,
        "text.color": tokens.ink,
        "axes.titlecolor": tokens.ink,
        "axes.labelcolor": tokens.muted,
        "axes.edgecolor": tokens.rule,
        "xtick.color": tokens.rule,
        "ytick.color": tokens.rule,
        "xtick.labelcolor": tokens.muted,
        "ytick.labelcolor": tokens.muted,
        "grid.color": tokens.rule,
        "axes.prop_cycle": f"cycler('color', {list(tokens.series)})",
        # DejaVu Sans comes with Matplotlib, so every machine lays a figure out alike. It is wider than the system
        # fonts that replace it in a page: what fits here fits there.
        "font.family": ["DejaVu Sans"],
        "font.size": 9.0,
        "axes.titlesize": 9.5,
        "axes.labelsize": 8.5,
        "xtick.labelsize": 8.5,
        "ytick.labelsize": 8.5,
        "axes.titlelocation": "left",
        "axes.titlepad": float(GRID_PIXELS),
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.linewidth": 0.8,
        "axes.axisbelow": True,
        "grid.linewidth": 0.6,
        "lines.linewidth": 1.8,
        "lines.markersize": 5.0,
        "figure.constrained_layout.use": True,
        "figure.constrained_layout.w_pad": GRID_PIXELS / 96,  # inches; CSS counts 96 pixels to the inch
        "figure.constrained_layout.h_pad": GRID_PIXELS / 96,
        "image.interpolation": "none",  # a digit keeps its own pixels at any size
        "image.composite_image": False,
        "svg.fonttype": "none",
    }
