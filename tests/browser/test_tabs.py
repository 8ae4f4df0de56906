"""Train, Mistakes and all tabs in a real browser: what they do, by keyboard too, and for everyone."""

import re
import shutil

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from mnistlab.evaluation import evaluate
from mnistlab.inference import pretrained
from other_data import SHOES
from repository import DATA

from .conftest import serve

PATIENCE = 60_000  # milliseconds
TABS = ("Draw", "Inside", "Train", "Mistakes", "Experiments")
FOCUSABLE = "button, input, select, textarea, a[href], summary, [tabindex='0']"
# Everything on screen that should take the focus; of a group with arrow keys the one member that Tab leads to.
REACHABLE = f"""
() => {{
  const seen = (node) => node.checkVisibility({{ visibilityProperty: true }}) && !node.disabled && node.tabIndex >= 0;
  const all = [...document.querySelectorAll("{FOCUSABLE}")].filter(seen);
  all.forEach((node, at) => (node.dataset.number = at));
  document.activeElement?.blur();
  return all.length;
}}
"""
FOCUSED = """
() => {
  const node = document.activeElement;
  const style = getComputedStyle(node);
  const isMarked = style.outlineStyle !== "none" || style.boxShadow !== "none" || node.matches("canvas");
  return [node.dataset.number ?? null, isMarked, node.outerHTML.slice(0, 120)];
}
"""
MISSED = """
(known) => [...document.querySelectorAll("[data-number]")]
  .filter((node) => !known.includes(node.dataset.number) && node.checkVisibility())
  .map((node) => node.outerHTML.slice(0, 120))
"""
WIDE = """
() => [...document.querySelectorAll("main *")]
  .filter((node) => node.getBoundingClientRect().right > innerWidth + 1 && node.checkVisibility())
  .map((node) => node.outerHTML.slice(0, 120)).slice(0, 5)
"""
MOVING = """
() => [...document.querySelectorAll("*")].flatMap((node) =>
  ["", "::before", "::after"].flatMap((part) => {
    const style = getComputedStyle(node, part || null);
    const long = (text) => text.split(",").some((one) => parseFloat(one) > 0.01);
    const moves = (long(style.transitionDuration) && style.transitionProperty !== "none") ||
      (long(style.animationDuration) && style.animationName !== "none");
    return moves ? [`${node.tagName}.${node.className}${part}`] : [];
  }))
"""


@pytest.fixture(scope="module")
def serving(browser, tmp_path_factory):
    """A server of their own, for there is a training run; one that is finished is there from the beginning."""
    folder = tmp_path_factory.mktemp("tabs")
    shutil.copytree(DATA / "stored" / "run", folder / "runs" / "mlp-stored")
    with serve(folder) as served:
        yield served


@pytest.fixture(scope="module")
def strokes_of_three(browser, server):
    """A drawing as the address has it, made by the page itself."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(f"{server}/#tab=draw")
    box = page.locator("canvas.pad").bounding_box()
    places = [(0.35, 0.25), (0.5, 0.15), (0.65, 0.3), (0.5, 0.47), (0.66, 0.65), (0.5, 0.82), (0.33, 0.74)]
    for at, (x, y) in enumerate(places):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=6)
        if at == 0:
            page.mouse.down()
    page.mouse.up()
    expect(page.locator(".verdict .numeral")).to_have_text("3", timeout=60_000)
    found = re.search(r"strokes=([\w-]+)", page.evaluate("location.hash"))
    context.close()
    return found[1]


@pytest.fixture(scope="module")
def filled(strokes_of_three):
    """Each tab with something on it."""
    return {
        "Draw": f"tab=draw&strokes={strokes_of_three}",
        "Inside": f"tab=inside&network=shipped-cnn&strokes={strokes_of_three}",
        "Train": "tab=train&recipe=cnn&epochs=7",
        "Mistakes": "tab=mistakes&network=shipped-mlp&label=4&prediction=9&image=115",
        "Experiments": "tab=experiments",
    }


def fill(watched, fragment):
    """Opens a tab and waits until it shows what it should."""
    page = watched.open(fragment)
    if "tab=mistakes" in fragment:
        expect(page.locator(".matrix")).to_be_visible()
        expect(page.locator(".detail")).to_be_visible()
    watched.quiet()
    return page


def test_what_the_watch_is_for(open_watched):
    """A message, a request to another host, a request that fails: each would fail a test."""
    watched = open_watched()
    page = watched.open("tab=draw")
    assert watched.troubles == []
    page.evaluate("console.error('a fault')")
    page.evaluate("new Image().src = 'http://mnistlab.example/pixel.png'")
    page.evaluate("setTimeout(() => { throw new Error('another') })")
    watched.until("watched.violations.length")  # the policy keeps the picture from being asked for
    told = "\n".join(watched.troubles)
    assert "a fault" in told
    assert "another" in told
    assert "mnistlab.example" in told
    assert page.evaluate("watched.violations.splice(0)") == ["img-src"]
    watched.troubles.clear()


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_tab_has_questions_that_open_their_answers(open_watched, filled, language):
    watched = open_watched(viewport={"width": 390, "height": 844})
    asked = 0
    for name, fragment in filled.items():
        page = fill(watched, f"{fragment}&lang={language}")
        questions = page.locator(f"#panel-{name.lower()} .questions details")
        expect(questions.first).to_be_attached()
        if name == "Draw":  # behind one line, for want of room
            page.locator("details:has(> .questions) > summary").click()
        for question in questions.all():
            expect(question.locator("summary")).to_have_text(re.compile(r"\?$"))
            expect(question.locator("p")).to_be_hidden()
            question.locator("summary").click()
            expect(question.locator("p")).to_be_visible()
            asked += 1
        assert page.evaluate(WIDE) == []
    assert asked >= 2 * len(filled)


def test_a_training_is_started_watched_stopped_and_resumed(watched, open_watched):
    page = watched.open("tab=train")
    form = page.get_by_role("form", name="New training run")
    page.get_by_label("Recipe").select_option("mlp")
    form.get_by_label("Epochs").fill("30")
    form.get_by_label("Batch size").fill("500")
    form.get_by_label("Batch size").press("Tab")
    expect(page).to_have_url(re.compile("epochs=30"))
    page.get_by_role("button", name="Start training").click()
    live = page.get_by_role("region", name="The current training run")
    expect(live).to_contain_text("epoch")
    expect(live.locator(".live-facts")).to_contain_text(re.compile(r"accuracy\s*\d+\.\d\s%"), timeout=3 * PATIENCE)
    expect(live.locator(".live-facts")).to_contain_text(re.compile(r"time left\s*about"))
    watched.until("document.querySelector('.live > progress').value > 0.03")
    expect(page.locator(".curves svg").first).to_be_visible()
    expect(page.get_by_role("button", name="Start training")).to_be_disabled()

    # Another page sees it too, and closing the first one ends nothing.
    other = open_watched()
    other.open("tab=train")
    watched.page.close()
    live = other.page.get_by_role("region", name="The current training run")
    expect(live).to_contain_text("epoch")
    live.get_by_role("button", name="Stop").click()
    expect(live.get_by_role("heading")).to_have_text(re.compile("is stopped"))
    expect(live.get_by_role("button")).to_have_count(0)
    runs = other.page.locator(".runs")
    expect(runs).to_contain_text(re.compile(r"stopped after \d+ of 30 epochs"))
    other.quiet()  # the list is not about to be written anew
    runs.get_by_role("button", name=re.compile("Resume")).click()
    expect(live).to_contain_text("epoch")
    live.get_by_role("button", name="Stop").click()
    expect(live.get_by_role("heading")).to_have_text(re.compile("is stopped"))
    expect(live.get_by_role("button")).to_have_count(0)


@pytest.fixture(scope="module")
def judged(mnist):
    """What the notebook's MLP says of the test digits, asked without the page."""
    return evaluate(pretrained("mlp"), mnist.test)


def test_a_mistake_is_found_through_the_matrix(watched, open_watched, judged):
    fours = np.flatnonzero((judged.labels == 4) & (judged.predictions == 9))
    page = watched.open("tab=mistakes&network=shipped-mlp")
    cell = page.get_by_role("button", name=re.compile("^4 mistaken for 9"))
    expect(cell).to_have_text(str(len(fours)))
    assert len(fours) > 1
    cell.click()
    expect(page.get_by_role("heading", name=f"{len(fours)} times: a 4 mistaken for a 9")).to_be_visible()
    watched.quiet()
    digits = page.locator("ul.digits button")
    expect(digits).to_have_count(len(fours))
    surest = max(fours, key=lambda index: judged.confidences[index])
    expect(digits.first).to_have_attribute("aria-label", re.compile(rf"^Test image {surest:,}, a 4, classified as 9"))
    digits.first.click()
    detail = page.locator(".detail")
    expect(detail).to_contain_text("The label says: a 4")
    expect(detail).to_contain_text("says: a 9")
    expect(detail.locator(".nearest li")).to_have_count(8)
    watched.quiet()

    other = open_watched()
    other.open(page.evaluate("location.hash").removeprefix("#"))
    expect(other.page.locator(".detail")).to_contain_text("The label says: a 4")
    expect(other.page.get_by_role("button", name=re.compile("^4 mistaken for 9"))).to_have_attribute(
        "aria-pressed", "true"
    )


def name_classes(page):
    """Lets the notebook's MLP pass for a network of shoes."""

    def answer(route):
        response = route.fetch()
        content = response.json()
        for network in content["networks"]:
            if network["id"] == "shipped-mlp":
                network["class_names"] = list(SHOES)
        route.fulfill(response=response, json=content)

    page.route("**/api/networks", answer)


def test_classes_that_are_not_digits_have_their_names(watched, judged, strokes_of_three):
    name_classes(watched.page)
    page = watched.open("tab=mistakes&network=shipped-mlp")
    expect(page.locator(".mistakes-sum")).to_contain_text("none of which shows a class that it was trained on")
    expect(page.locator(".matrix thead th")).to_have_text(list(SHOES))
    expect(page.locator(".matrix tbody th")).to_have_text(list("0123456789"))
    page.get_by_role("button", name=re.compile("^4 mistaken for Ankle boot")).click()
    expect(page.get_by_role("heading", name=re.compile("times: a 4 mistaken for Ankle boot$"))).to_be_visible()
    watched.quiet()
    page.locator("ul.digits button").first.click()
    expect(page.locator(".detail")).to_contain_text("says: Ankle boot")
    watched.quiet()
    page = watched.open(f"tab=draw&networks=shipped-mlp&strokes={strokes_of_three}")
    expect(page.locator("#panel-draw .network .answer-digit")).to_have_text("Dress")
    page = watched.open(f"tab=inside&network=shipped-mlp&strokes={strokes_of_three}")
    expect(page.locator(".inside-answer")).to_have_text("Dress")
    page.locator(".way-stop", has_text="Probabilities").click()
    expect(page.locator("table.softmax tbody th").first).to_have_text("T-shirt/top")
    expect(page.locator(".occlusion-said")).not_to_contain_text(re.compile("a [0-9]"))
    watched.quiet()


def test_names_of_classes_fit_on_a_phone(open_watched, filled):
    watched = open_watched(viewport={"width": 360, "height": 740}, has_touch=True)
    name_classes(watched.page)
    for name in ("Draw", "Inside", "Mistakes"):
        page = fill(watched, filled[name].replace("shipped-cnn", "shipped-mlp"))
        expect(page.get_by_role("tabpanel", name=name)).to_be_visible()
        assert page.evaluate(WIDE) == [], name


def test_a_link_restores_the_settings_of_a_training(reused):
    page = reused.open("tab=train&recipe=cnn&epochs=7&batch=64&rate=0.002&augment=no&seed=11")
    form = page.get_by_role("form", name="New training run")
    expect(page.get_by_label("Recipe")).to_have_value("cnn")
    for label, value in {"Epochs": "7", "Batch size": "64", "Learning rate": "0.002", "Seed": "11"}.items():
        expect(form.get_by_label(label)).to_have_value(value)
    expect(page.get_by_label("Augmentation")).not_to_be_checked()
    page.get_by_role("button", name="How to do this in code").click()
    expect(page.locator("#code-command")).to_contain_text("mnistlab train cnn")
    expect(page.locator("#code-command")).to_contain_text("--epochs 7")
    page.keyboard.press("Escape")
    expect(page.locator("#code-panel")).to_be_hidden()
    expect(page.get_by_role("button", name="How to do this in code")).to_be_focused()


def test_layers_can_be_looked_into(reused, filled):
    page = fill(reused, filled["Inside"])
    panel = page.locator("#panel-inside")
    expect(panel).to_contain_text("Convolution 1")
    assert panel.locator("canvas:visible").count() > 8


def serious(page):
    response = Axe().run(page).response
    assert len(response["passes"]) > 10  # it looked
    return [
        (one["id"], one["impact"], [node["html"][:160] for node in one["nodes"][:4]])
        for one in response["violations"]
        if one["impact"] in ("serious", "critical")
    ]


def test_axe_finds_nothing_serious(watched, filled):
    found = []
    for name in TABS:
        page = fill(watched, filled[name])
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            watched.quiet()
            found += [(name, scheme, *one) for one in serious(page)]
            if name == "Train":
                page.get_by_role("button", name="How to do this in code").click()
                expect(page.locator("#code-panel")).to_be_visible()
                found += [("code", scheme, *one) for one in serious(page)]
                page.keyboard.press("Escape")
    assert found == []


@pytest.mark.parametrize("name", TABS)
def test_everything_can_be_reached_by_keyboard_and_shows_the_focus(reused, filled, name):
    page = fill(reused, filled[name])
    number = page.evaluate(REACHABLE)
    assert number > 6
    reached, unmarked = set(), []
    for _ in range(number + 3):
        page.keyboard.press("Tab")
        at, is_marked, html = page.evaluate(FOCUSED)
        reached.add(at)
        if not is_marked and "<body" not in html:
            unmarked.append(html)
    missed = page.evaluate(MISSED, list(reached - {None}))
    assert missed == []
    assert unmarked == []


def test_tabs_and_matrix_by_keyboard(watched):
    page = watched.open("tab=draw")
    page.keyboard.press("Tab")
    expect(page.get_by_role("tab", name="Draw")).to_be_focused()
    for name in (*TABS[1:], TABS[0]):  # and round
        page.keyboard.press("ArrowRight")
        expect(page.get_by_role("tab", name=name)).to_be_focused()
        expect(page.get_by_role("tabpanel", name=name)).to_be_visible()
        watched.quiet()
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("tab", name="Mistakes")).to_be_focused()
    expect(page.locator(".matrix")).to_be_visible()
    watched.quiet()
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('.matrix') !== null"):
            break
    expect(page.get_by_role("button", name=re.compile("^4 mistaken for 9"))).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("button", name=re.compile("^3 mistaken for 9"))).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name=re.compile("^3 mistaken for 9"))).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#digits-title")).to_contain_text("a 3 mistaken for a 9")


def test_nothing_moves_for_who_wants_no_motion(open_watched, filled):
    watched = open_watched(reduced_motion="reduce")
    for name in TABS:
        assert fill(watched, filled[name]).evaluate(MOVING) == [], name
    watched.page.emulate_media(reduced_motion="no-preference")
    assert fill(watched, filled["Draw"]).evaluate(MOVING) != []  # the look itself finds what moves


def test_a_phone_needs_no_scrolling_sideways(open_watched, filled):
    phone = open_watched(viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True, device_scale_factor=2)
    faults = []
    for name in TABS:
        page = fill(phone, filled[name])
        expect(page.get_by_role("tabpanel", name=name)).to_be_visible()
        width = page.evaluate("document.scrollingElement.scrollWidth")
        if width > 360 or page.evaluate("innerWidth") != 360:  # nothing made the page wider
            faults.append((name, width, page.evaluate(WIDE)))
    assert faults == []
