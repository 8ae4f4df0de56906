"""The tour, the link with its QR code, the projector and the worksheet."""

import hashlib
import json
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from mnistlab.server.http.sentences import catalogues
from qr_reading import read_qr
from repository import DATA
from screens import COVERED, CUT, Screen

from .conftest import THREE

PUBLISHED = json.loads((DATA / "qr_codes.json").read_text(encoding="utf-8"))
STEPS = ("draw", "fool", "filters", "where", "mistakes", "train", "ask", "share")
# The modules of the code on screen, read back from its pixels.
MODULES = """
() => {
  const canvas = document.getElementById("share-code");
  const { data, width } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const isDark = (x, y) => data[4 * (y * width + x)] < 128;
  let edge = 0;
  while (!isDark(edge, edge)) edge++;
  const scale = edge / 4;
  const side = width / scale - 8;
  const middle = (at) => Math.floor((at + 4.5) * scale);
  const all = [...Array(side).keys()].map(middle);
  return all.map((y) => all.map((x) => isDark(x, y)));
}
"""


@pytest.fixture
def encode(reused):
    """What the page's module makes of a text: rows of modules, or nothing."""
    page = reused.open("tab=draw")
    page.evaluate("async () => (watched.encode = (await import('/web/app/qr.js')).encodeQr) && null")
    return lambda text, wanted=None: page.evaluate(
        "([text, wanted]) => watched.encode(text, wanted ?? {})", [text, wanted]
    )


def test_qr_codes_are_those_of_another_program(encode):
    for code in PUBLISHED["codes"]:
        text = (PUBLISHED["text"] * 100)[: code["length"]]
        rows = encode(text, {"level": code["level"], "mask": code["mask"]})
        assert len(rows) == 17 + 4 * code["version"]
        lines = ["".join("01"[module] for module in row) for row in rows]
        assert hashlib.sha256("\n".join(lines).encode()).hexdigest() == code["sha256"], code
        if code is PUBLISHED["codes"][0]:
            assert lines == PUBLISHED["first"]


def test_qr_codes_are_read_back_by_a_program_of_its_own(encode):
    for length in (1, 17, 18, 60, 134, 250, 331, 700, 1400, 2330, 2952, 2953):
        text = ("Zwölf Boxkämpfer 12 # ? & = " * 110).encode()[:length].decode(errors="ignore").ljust(length, "x")
        while len(text.encode()) > length:
            text = text[:-1]
        assert read_qr(encode(text)) == text
    assert encode("x" * 2954) is None
    broken = encode("one module")
    broken[10][10] = not broken[10][10]
    with pytest.raises(AssertionError, match="no arrangement"):
        read_qr(broken)


def test_the_code_on_screen_holds_the_address(watched):
    page = watched.open(f"tab=draw&{THREE}")
    page.get_by_role("button", name="Share").click()
    expect(page.get_by_role("textbox", name="Address")).to_have_value(page.url)
    assert "strokes=" in page.url
    expect(page.locator("#share-code")).to_be_visible()
    assert read_qr(page.evaluate(MODULES)) == page.url
    expect(page.locator("#share-loopback")).to_contain_text("works only on this computer")
    expect(page.locator("#share-token")).to_be_hidden()
    assert Axe().run(page).response["violations"] == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Share")).to_be_focused()


def test_a_token_goes_along_only_when_it_is_wanted(watched):
    page = watched.open("tab=draw&token=0123456789abcdefTOKEN")
    assert "token" not in page.url
    page.get_by_role("button", name="Share").click()
    expect(page.locator("#share-code")).to_be_visible()
    assert "TOKEN" not in read_qr(page.evaluate(MODULES))
    page.get_by_label("With the access token").check()
    assert read_qr(page.evaluate(MODULES)) == f"{page.url}&token=0123456789abcdefTOKEN"
    expect(page.get_by_role("textbox", name="Address")).to_have_value(re.compile("token=0123456789abcdefTOKEN"))


def test_an_address_that_is_too_long_is_said(watched):
    page = watched.open("tab=draw&note=" + "x" * 3000)
    page.get_by_role("button", name="Share").click()
    expect(page.locator("#share-trouble")).to_have_text(
        re.compile(r"^This address is too long for a QR code: 3,\d\d\d characters, and 2,953 at most\. Copy the link")
    )
    expect(page.locator("#share-code")).to_be_hidden()


def task_of(said, name):
    """What a step asks for, on a server that only this computer reaches."""
    if name == "share":
        return said["tour.share_task_here"]
    named = {"button": said["train.start"], "title": said["found.title_augmentation"]}
    return re.sub(r"\{(\w+)\}", lambda found: named[found[1]], said[f"tour.{name}_task"])


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_tour_leads_through_the_page_by_keyboard(watched, language):
    said = catalogues()[language]
    page = watched.open(f"tab=draw&lang={language}")
    card = page.locator("#tour")
    page.get_by_role("button", name=said["tour.open"], exact=True).focus()
    for number, name in enumerate(STEPS, start=1):
        page.keyboard.press("Enter")
        expect(card.get_by_role("heading")).to_have_text(said[f"tour.{name}"])
        expect(card.get_by_role("heading")).to_be_focused()  # a screen reader begins there
        expect(card).to_contain_text(said[f"tour.{name}_caption"])
        expect(card).to_contain_text(task_of(said, name))
        expect(page).to_have_url(re.compile(rf"tour={number}\b"))
        expect(page.locator(".is-toured")).to_be_visible()
        watched.quiet()
        card.locator(".primary").focus()
    assert page.evaluate("document.querySelector('#tab-draw').ariaSelected") == "true"
    page.keyboard.press("Enter")
    expect(card).to_be_hidden()
    expect(page.locator(".is-toured")).to_have_count(0)
    assert "tour=" not in page.url


def test_a_link_opens_a_step_and_it_can_be_left(watched):
    page = watched.open("tab=mistakes&network=shipped-mlp&tour=5")
    card = page.locator("#tour")
    expect(card.get_by_role("heading")).to_have_text("What does it get wrong?")
    assert Axe().run(page).response["violations"] == []
    page.get_by_role("button", name="Back", exact=True).click()
    expect(page).to_have_url(re.compile("tour=4"))
    expect(page.locator("#tab-inside")).to_have_attribute("aria-selected", "true")
    page.go_back()
    expect(card.get_by_role("heading")).to_have_text("What does it get wrong?")
    page.get_by_role("button", name="Next").focus()
    page.keyboard.press("Escape")
    expect(card).to_be_hidden()
    expect(page.get_by_role("button", name="Tour", exact=True)).to_be_focused()
    watched.open("tab=draw&tour=99")
    expect(card).to_be_hidden()


@pytest.mark.parametrize("language", ["en", "de"])
def test_nothing_is_covered_or_cut_off_with_the_tour_open(watched, language):
    for number in range(1, len(STEPS) + 1):
        tab = {3: "inside", 4: "inside", 5: "mistakes", 6: "train", 7: "experiments"}.get(number, "draw")
        screen = Screen(watched, f"tab={tab}&tour={number}&lang={language}")
        faults = [fault for width in (320, 360, 768, 1280) for fault in screen.faults(width, 100)]
        assert faults == [], number


def test_german_fits_on_every_screen(watched):
    for tab in ("draw", "inside&digit=test-115", "train", "mistakes", "experiments"):
        screen = Screen(watched, f"tab={tab}&lang=de")
        faults = [
            fault for size in (100, 200) for width in (320, 360, 390, 768, 1280) for fault in screen.faults(width, size)
        ]
        assert faults == [], tab


def test_a_projector_gets_large_text_in_black_on_white(open_watched):
    watched = open_watched(color_scheme="dark", viewport={"width": 1280, "height": 800})
    page = watched.open("tab=draw")
    size = "parseFloat(getComputedStyle(document.body).fontSize)"
    before = page.evaluate(size)
    page.get_by_role("button", name="Projector").click()
    expect(page).to_have_url(re.compile("view=projector"))
    colours = "['color', 'backgroundColor'].map((name) => getComputedStyle(document.documentElement)[name])"
    assert page.evaluate(colours) == ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]
    assert page.evaluate(size) >= 1.2 * before
    page.reload()
    expect(page.get_by_role("button", name="Projector")).to_have_attribute("aria-pressed", "true")
    for tab in ("draw", "inside&network=shipped-cnn&digit=test-115", "train", "mistakes", "experiments"):
        page = watched.open(f"tab={tab}&view=projector")
        for width, height in ((1024, 768), (1280, 720), (1920, 1080)):
            page.set_viewport_size({"width": width, "height": height})
            watched.quiet()
            assert page.evaluate(COVERED) + page.evaluate(CUT) == [], (tab, width)
        assert Axe().run(page).response["violations"] == [], tab
    page.get_by_role("button", name="Projector").click()
    assert page.evaluate(colours) != ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]


def test_a_drawing_is_printed_as_a_worksheet(watched):
    page = watched.open(f"tab=draw&{THREE}")
    expect(page.locator(".verdict .numeral")).to_have_text("3")
    expect(page.locator(".worksheet")).to_be_hidden()
    page.evaluate("print = () => (watched.printed = true)")
    page.get_by_role("button", name="Print worksheet").click()
    assert page.evaluate("watched.printed")
    page.emulate_media(media="print")
    sheet = page.locator(".worksheet")
    expect(sheet).to_be_visible()
    expect(page.locator(".stage")).to_be_hidden()
    expect(page.locator(".masthead")).to_be_hidden()
    rows = sheet.locator(".sheet-grid tbody tr").evaluate_all(
        "(rows) => rows.map((row) => [...row.querySelectorAll('td')].map((cell) => Number(cell.textContent)))"
    )
    seen = page.evaluate("async () => [...(await import('/web/digits/drawing.js')).drawing.image]")
    assert [value for row in rows for value in row] == seen and len(rows) == 28
    assert max(seen) > 200
    framed = sheet.locator(".is-framed").all_inner_texts()
    assert len(framed) == 9
    assert sum(int(one) * weight for one, weight in zip(framed, (1, 0, -1) * 3, strict=True)) > 200
    assert len(re.findall(rb"/Type /Page\b", page.pdf(prefer_css_page_size=True, format="A4"))) == 1
    assert len(re.findall(rb"/Type /Page\b", page.pdf(format="Letter"))) == 1


def test_another_tab_is_printed_as_it_is(watched):
    page = watched.open("tab=experiments")
    page.emulate_media(media="print")
    expect(page.locator(".finding")).to_be_visible()
    expect(page.locator(".worksheet")).to_be_hidden()


# What each step asks for, and what a finger on its middle meets.
ASKED = {
    "draw": [".pad"],
    "fool": [".pad"],
    "filters": [".open-layer canvas"],
    "where": [".occlusion .looked-at"],
    "mistakes": [".matrix tr:last-child button", ".matrix button"],
    "train": [".training-form [type=submit]"],
    "ask": [".experiment-list [data-experiment=augmentation]"],
    "share": ["#share-opener", ".pad"],
}
UNDER = """
(selector) => {
  const control = [...document.querySelectorAll(selector)].find((one) => one.checkVisibility());
  if (!control) return `${selector} is not there`;
  const { left, top, width, height } = control.getBoundingClientRect();
  const met = document.elementFromPoint(left + width / 2, top + height / 2);
  return met && control.contains(met) ? "" : `${selector} at ${top} lies under ${met?.outerHTML.slice(0, 60)}`;
}
"""


@pytest.mark.parametrize(("width", "height", "language"), [(1280, 800, "en"), (390, 844, "en"), (390, 844, "de")])
def test_what_a_step_asks_for_is_in_sight(open_watched, width, height, language):
    said = catalogues()[language]
    watched = open_watched(viewport={"width": width, "height": height})
    page = watched.open(f"tab=draw&lang={language}")
    if width < 600:
        page.locator("#menu-opener").click()
    page.get_by_role("button", name=said["tour.open"], exact=True).click()
    card = page.locator("#tour")
    for name in STEPS:
        expect(card.get_by_role("heading")).to_have_text(said[f"tour.{name}"])
        expect(page.locator(".is-toured")).to_have_count(1)
        page.locator(ASKED[name][0]).first.wait_for()
        watched.quiet()
        page.wait_for_timeout(500)  # what arrived last is brought into sight
        if name == "filters" and width < 600:  # there the layer that one opens is brought into sight in turn
            assert not page.evaluate(UNDER, ".way-stop")
            page.locator(".way-stop").nth(1).click()
            watched.quiet()
            page.wait_for_timeout(500)
        asked = ASKED[name] + ([".networks .bars"] if name == "fool" and width > 1000 else [])
        assert [fault for fault in (page.evaluate(UNDER, one) for one in asked) if fault] == [], name
        if name == "fool" and language == "en":
            numeral, top = page.locator(".numeral").bounding_box(), card.bounding_box()["y"]
            assert numeral["y"] >= 0 and numeral["y"] + numeral["height"] <= top
        assert card.evaluate("(card) => card.scrollWidth <= card.clientWidth"), name
        menu = page.locator("#menu-opener")
        assert menu.get_attribute("aria-expanded") == ("true" if name == "share" else "false")
        card.locator(".primary").click()
    expect(card).to_be_hidden()


def test_on_a_phone_the_tour_folds_to_a_line(open_watched):
    page = open_watched(viewport={"width": 390, "height": 844}).open("tab=draw&tour=1")
    card = page.locator("#tour")
    card.get_by_role("button", name="Less").click()
    expect(card.locator(".tour-task")).to_be_hidden()
    assert card.bounding_box()["height"] < 80
    card.get_by_role("button", name="Next").click()
    expect(card.get_by_role("heading")).to_have_text("How certain is it?")
    expect(card.locator(".tour-task")).to_be_visible()  # what to do next is not folded away
    card.get_by_role("button", name="Less").click()
    card.get_by_role("button", name="More").click()
    expect(card.locator(".tour-task")).to_be_visible()
