"""The page on every screen: at fifteen widths, with text up to twice its size, in the system's own colours."""

import pytest
from playwright.sync_api import expect

from screens import Screen

from .conftest import THREE

WIDTHS = (320, 340, 360, 375, 390, 414, 480, 600, 640, 768, 900, 1024, 1150, 1280, 1920)
SIZES = (100, 125, 150, 175, 200)  # of the text, in per cent


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


def test_the_answer_lies_over_no_control_of_draw(watched):
    screen = Screen(watched, f"tab=draw&{THREE}")
    expect(screen.page.locator(".verdict .numeral")).to_have_text("3")
    faults = [fault for size in SIZES for width in WIDTHS for fault in screen.faults(width, size)]
    assert faults == []


def faults_of(watched, fragment):
    screen = Screen(watched, fragment)
    return [fault for size in (100, 200) for width in WIDTHS[::3] for fault in screen.faults(width, size)]


@pytest.mark.parametrize(
    "fragment",
    [
        "tab=draw",
        "tab=inside&network=shipped-cnn&digit=test-115",  # which is no digit, so there is none
        f"tab=inside&network=shipped-cnn&second=shipped-mlp&cut=1f3&{THREE}",
        "tab=train&recipe=cnn&epochs=7",
        "tab=mistakes&network=shipped-mlp&label=4&prediction=9&image=115",
        "tab=experiments",
    ],
)
def test_nothing_is_covered_or_cut_off_on_the_other_tabs(reused, fragment):
    assert faults_of(reused, fragment) == []


def test_nothing_is_covered_or_cut_off_inside_a_deep_layer_in_german(watched):
    assert faults_of(watched, f"tab=inside&network=shipped&layer=conv3&lang=de&{THREE}") == []


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


def test_draw_needs_no_scrolling_on_a_laptop(watched):
    page = watched.open(f"tab=draw&{THREE}")
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
