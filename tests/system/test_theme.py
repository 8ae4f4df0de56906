"""The tokens keep what they promise: readable contrast, the published palette, one source for CSS and Matplotlib."""

import re

import matplotlib
import pytest
from matplotlib.colors import to_rgb

from mnistlab.system import theme
from mnistlab.system.theme import DARK, LIGHT, OKABE_ITO, Theme


def contrast(first: str, second: str) -> float:
    """The contrast ratio of WCAG 2.2, from its definition."""

    def luminance(color: str) -> float:
        channels = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dim, bright = sorted((luminance(first), luminance(second)))
    return (bright + 0.05) / (dim + 0.05)


def blend(front: str, ground: str, opacity: float) -> str:
    """One colour laid over another, as the screen shows it."""
    mixed = [round(255 * (opacity * a + (1 - opacity) * b)) for a, b in zip(to_rgb(front), to_rgb(ground), strict=True)]
    return "#" + "".join(f"{channel:02x}" for channel in mixed)


def test_contrast_agrees_with_the_published_extremes():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)  # WCAG's own borderline grey


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("token", ["ink", "muted", "accent"])
def test_text_is_readable(theme: Theme, token: str):
    assert contrast(getattr(theme, token), theme.paper) >= 4.5


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_lines_and_bars_stand_off_the_paper(theme: Theme):
    assert all(contrast(color, theme.paper) >= 3 for color in theme.series)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_ink_is_readable_on_the_washes_of_the_figures(theme: Theme):
    from mnistlab.figures import charts, digits

    assert contrast(theme.ink, blend(theme.accent, theme.paper, charts.STRONGEST_WASH)) >= 4.5
    assert contrast(theme.ink, blend(theme.ink, theme.paper, digits.WASH)) >= 4.5


def test_palette_is_the_published_one():
    # Okabe and Ito, "Color Universal Design" (2008), in decimal as printed there.
    published = {
        "black": (0, 0, 0),
        "orange": (230, 159, 0),
        "sky blue": (86, 180, 233),
        "bluish green": (0, 158, 115),
        "yellow": (240, 228, 66),
        "blue": (0, 114, 178),
        "vermilion": (213, 94, 0),
        "reddish purple": (204, 121, 167),
    }
    assert {name: tuple(bytes.fromhex(color[1:])) for name, color in OKABE_ITO.items()} == published
    assert set(LIGHT.series + DARK.series) <= set(OKABE_ITO.values())


def test_dark_ink_is_what_the_filter_makes_of_light_ink():
    # hue-rotate(180deg), the matrix of the CSS filter specification with cos = -1 and sin = 0, after invert(1).
    weights = (0.213, 0.715, 0.072)
    inverted = [1 - channel for channel in to_rgb(LIGHT.ink)]
    grey = sum(weight * channel for weight, channel in zip(weights, inverted, strict=True))
    turned = [2 * grey - channel for channel in inverted]
    assert theme.DIGIT_FILTER_DARK == "invert(1) hue-rotate(180deg)"
    assert turned == pytest.approx(to_rgb(DARK.ink), abs=2 / 255)


def test_css_and_matplotlib_use_the_same_colours():
    css = theme.css_variables()
    light, dark, printed = re.findall(r":root \{(.*?)\}", css)
    for rule, chosen, name in ((light, LIGHT, "light"), (dark, DARK, "dark")):
        style = theme.matplotlib_style(name)
        assert f"--paper: {chosen.paper};" in rule and style["figure.facecolor"] == chosen.paper
        assert f"--ink: {chosen.ink};" in rule and style["text.color"] == chosen.ink
        assert f"--series-2: {chosen.series[1]};" in rule and chosen.series[1] in style["axes.prop_cycle"]
    assert css.index("prefers-color-scheme: dark") < css.index("@media print")
    assert "--paper: #ffffff;" in printed


def test_every_variable_of_the_light_theme_has_a_dark_counterpart():
    assert LIGHT.tokens().keys() == DARK.tokens().keys()
    for chosen in (LIGHT, DARK):
        assert len(set(chosen.tokens().values())) == len(chosen.tokens())  # to_svg tells tokens apart by their colour


@pytest.mark.parametrize("name", ["light", "dark"])
def test_matplotlib_accepts_the_style(name: theme.ThemeName):
    with matplotlib.rc_context(theme.matplotlib_style(name)):
        assert matplotlib.rcParams["axes.prop_cycle"].by_key()["color"] == list(theme.THEMES[name].series)
