"""The page on every screen: at fifteen widths, with text up to twice its size, in the system's own colours."""

import pytest
from playwright.sync_api import expect

WIDTHS = (320, 340, 360, 375, 390, 414, 480, 600, 640, 768, 900, 1024, 1150, 1280, 1920)
SIZES = (100, 125, 150, 175, 200)  # of the text, in per cent
CONTROLS = "button, a[href], input, select, textarea, summary, [tabindex='0'], canvas.pad"
# What a finger on the middle of a control would meet instead of it. Test drivers that click do not notice.
COVERED = f"""
() => [...document.querySelectorAll("{CONTROLS}")].flatMap((control) => {{
  if (!control.checkVisibility({{ visibilityProperty: true }})) return [];
  control.scrollIntoView({{ block: "center", inline: "nearest", behavior: "instant" }});
  const box = control.getBoundingClientRect();
  if (box.width < 2 || box.height < 2) return [];
  const met = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  if (met && (control.contains(met) || (met.matches("label") && met.contains(control)))) return [];
  return [`${{control.outerHTML.slice(0, 60)}} lies under ${{met?.outerHTML.slice(0, 60)}}`];
}})
"""
# What reaches beyond the right edge of the screen, and numbers that do not fit into their control.
CUT = """
() => {
  const own = (node) => node.scrollWidth > node.clientWidth + 1 && node.clientWidth > 0;
  const scrolls = (node) => node.parentElement?.closest(".softmax-place, .chart-table, pre");
  const beyond = [...document.querySelectorAll("body *")].filter((node) => node.checkVisibility() &&
    !node.closest(".visually-hidden") && !scrolls(node) && node.getBoundingClientRect().right > innerWidth + 1);
  const within = [...document.querySelectorAll(".matrix button, input[type=number], .tabs, .tabs button")].filter(own);
  return [...beyond, ...within].map((node) => node.outerHTML.slice(0, 100)).slice(0, 5);
}
"""


class Screen:
    """A page whose width and text size can be changed."""

    def __init__(self, watched, fragment):
        self.page = watched.open(fragment)
        self.watched = watched
        self._session = self.page.context.new_cdp_session(self.page)

    def set(self, width, size, height=None):
        self._session.send("Page.setFontSizes", {"fontSizes": {"standard": round(16 * size / 100), "fixed": 13}})
        self.page.set_viewport_size({"width": width, "height": height or (740 if width < 700 else 900)})
        self.watched.quiet()  # charts draw themselves anew

    def faults(self, width, size):
        self.set(width, size)
        found = self.page.evaluate(COVERED) + self.page.evaluate(CUT)
        return [(width, size, fault) for fault in found]


@pytest.fixture
def three(drawings):
    return next(one for one in drawings if one["digit"] == 3 and one["place"].startswith("large"))["strokes"]


def test_the_look_finds_what_lies_over_a_control_and_what_is_cut_off(watched):
    screen = Screen(watched, "tab=draw")
    assert screen.faults(390, 100) == []
    screen.page.evaluate(
        "Object.assign(document.querySelector('.hint').style, {bottom: '-200px', pointerEvents: 'auto'})"
    )
    screen.page.evaluate("document.querySelector('.tabs').style.minWidth = '900px'")
    faults = "\n".join(fault for *_, fault in screen.faults(390, 100))
    assert 'class="pad"' in faults
    assert "tablist" in faults


def test_the_answer_lies_over_no_control_of_draw(watched, draw, three):
    screen = Screen(watched, "tab=draw")
    draw(watched, three)
    expect(screen.page.locator(".verdict .numeral")).to_have_text("3")
    faults = [fault for size in SIZES for width in WIDTHS for fault in screen.faults(width, size)]
    assert faults == []


@pytest.mark.parametrize(
    "fragment",
    [
        "tab=draw",
        "tab=inside&network=shipped-cnn&digit=test-115",
        "tab=train&recipe=cnn&epochs=7",
        "tab=mistakes&network=shipped-mlp&label=4&prediction=9&image=115",
        "tab=experiments",
    ],
)
def test_nothing_is_covered_or_cut_off_on_the_other_tabs(watched, fragment):
    screen = Screen(watched, fragment)
    faults = [fault for size in (100, 200) for width in WIDTHS[::3] for fault in screen.faults(width, size)]
    assert faults == []


@pytest.mark.parametrize("width, height", [(360, 740), (390, 844), (412, 915)])
def test_the_first_answer_moves_nothing_on_a_phone(open_watched, draw, three, width, height):
    watched = open_watched(viewport={"width": width, "height": height})
    page = watched.open("tab=draw")
    places = """() => ["canvas.pad", ".sheet .tools", ".photo-opener", ".seen", ".networks"].map(
        (name) => Math.round(document.querySelector(name).getBoundingClientRect().top + scrollY))"""
    before = page.evaluate(places)
    draw(watched, three)
    expect(page.locator(".verdict .numeral")).to_have_text("3")
    page.evaluate("scrollTo(0, 0)")
    assert page.evaluate(places) == before
    numeral = page.locator(".verdict .reason").bounding_box()
    assert numeral["y"] + numeral["height"] <= height  # sheet and answer are in sight together


def test_draw_needs_no_scrolling_on_a_laptop(watched, draw, three):
    page = watched.open("tab=draw")
    draw(watched, three)
    expect(page.locator(".verdict .numeral")).to_have_text("3")
    assert page.evaluate("document.scrollingElement.scrollHeight") <= 900


def test_the_systems_colours_show_what_is_chosen_and_the_scales(open_watched):
    watched = open_watched(forced_colors="active")
    page = watched.open("tab=inside&network=shipped-cnn&digit=test-115")
    edges = "() => [...document.querySelectorAll('.tabs button')].map((one) => getComputedStyle(one).borderBottomColor)"
    colours = page.evaluate(edges)
    assert colours.count(colours[1]) == 1  # Inside alone
    assert len(set(colours)) == 2
    scale = page.locator(".legend-scale").first.evaluate("(node) => getComputedStyle(node).backgroundImage")
    assert "gradient" in scale
    page = watched.open("tab=experiments")
    names = page.locator(".experiment-list button")
    chosen = names.evaluate_all("(all) => all.map((one) => getComputedStyle(one).boxShadow !== 'none')")
    assert chosen.count(True) == 1
