"""Inside, and the shell around all tabs: what is pointed at, what a link restores, what the code panel promises."""

import ast
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from mnistlab.inference import pretrained

SEVEN = [[[0.28, 0.28], [0.5, 0.27], [0.72, 0.26], [0.62, 0.45], [0.52, 0.65], [0.45, 0.82]]]
ANY = Callable[..., Any]


@pytest.fixture
def drawn(watched: Any, draw: ANY) -> Page:
    """A seven, drawn and then looked into."""
    page: Page = watched.open()
    draw(watched, SEVEN)
    page.get_by_role("tab", name="Inside").click()
    page.locator(".explanation .calculation").wait_for()
    watched.quiet()
    return page


@pytest.fixture(scope="module")
def seven(page_of_module: Any) -> str:
    """The address of a seven, looked into."""
    page: Page = page_of_module.open("tab=inside")
    pen = """async (strokes) => {
      const { encodeStrokes } = await import("/web/digits/strokes.js");
      const points = (stroke) => stroke.flat().map((place) => Math.round(255 * place));
      return encodeStrokes(strokes.map((stroke) => ({ width: 20, points: points(stroke) })));
    }"""
    return f"tab=inside&strokes={page.evaluate(pen, SEVEN)}"


@pytest.fixture
def inside(reused: Any, seven: str) -> Page:
    """A seven from its address, looked into."""
    page: Page = reused.open(seven)
    page.locator(".explanation .calculation").wait_for()
    reused.quiet()
    return page


def open_layer(page: Page, stop: str, step: str = "") -> None:
    """Opens a layer by its stop on the path, and one of the steps that belong to it."""
    page.locator(".way-stop", has_text=stop).click()
    if step:
        page.locator(".stop-layers").get_by_role("button", name=step, exact=True).click()
    expect(page.locator(".layer-title")).to_contain_text(step or stop)
    page.evaluate("isQuiet()")


def seen(page: Page) -> np.ndarray:
    """What the networks see, by the page's own account."""
    levels = page.evaluate('import("/web/digits/drawing.js").then(({ drawing }) => [...drawing.image])')
    return np.array(levels, np.uint8).reshape(28, 28)


def test_a_cell_of_a_pooled_map_leads_back_to_the_pixels_it_saw(inside: Page) -> None:
    inside.select_option("#inside-network", "shipped-cnn")
    inside.evaluate("isQuiet()")
    open_layer(inside, "Pooling 1")
    canvas = inside.locator(".layer.pool canvas")
    canvas.scroll_into_view_if_needed()
    box, columns = canvas.bounding_box(), canvas.evaluate("canvas => canvas.width")
    assert box is not None
    cell = box["width"] / columns
    canvas.hover(position={"x": 5.5 * cell, "y": 3.5 * cell})  # two 3x3 convolutions and a pooling: 6 pixels, 2 apart
    said = inside.locator(".inside-said")
    expect(said).to_contain_text("map 1, row 4, column 6")
    expect(said).to_contain_text("It depends on the pixels in rows 7 to 12, columns 11 to 16.")
    outline = inside.locator(".beside .field-outline")
    assert [outline.get_attribute(name) for name in ("x", "y", "width", "height")] == ["10", "6", "6", "6"]

    inside.mouse.move(2, 2)
    expect(said).not_to_contain_text("map 1, row 4, column 6")  # but the layer's strongest cell again
    canvas.click(position={"x": 5.5 * cell, "y": 3.5 * cell})
    inside.mouse.move(2, 2)
    expect(said).to_contain_text("map 1, row 4, column 6")
    expect(outline).to_be_visible()
    assert "cell=0.3.5" in inside.url


def test_cells_can_be_reached_with_the_keyboard_and_are_said(inside: Page) -> None:
    open_layer(inside, "Pooling 1", "Pooling 1")
    inside.locator(".layer.pool canvas").first.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown"):
        inside.keyboard.press(key)
    expect(inside.locator("#live")).to_contain_text("Pooling 1, map 1, row 2, column 3")
    inside.keyboard.press("Enter")
    assert "cell=0.1.2" in inside.url


def test_the_maps_are_what_the_network_computes(inside: Page) -> None:
    wanted = pretrained().activations(seen(inside))["pool2"]
    open_layer(inside, "Pooling 1", "Pooling 1")
    canvas = inside.locator(".layer.pool canvas").first
    canvas.focus()
    for row, column, keys in [(0, 0, []), (0, 1, ["ArrowRight"]), (3, 1, ["ArrowDown"] * 3)]:
        for key in keys:
            inside.keyboard.press(key)
        if not keys:
            inside.keyboard.press("ArrowLeft")  # stays at the first cell, which it says
        value = f"{wanted[row, column, 0]:.2f}".replace("-", "−")
        expect(inside.locator(".inside-said")).to_contain_text(f"column {column + 1}: {value}.")


def test_softmax_is_shown_as_it_is_computed(inside: Page) -> None:
    image = seen(inside)
    network = pretrained()
    logits = network.activations(image)["output"] / network.calibration.temperature
    open_layer(inside, "Probabilities")
    rows = inside.locator(".softmax tbody tr").all()
    assert len(rows) == 10
    for digit, row in enumerate(rows):
        shown = [cell.replace("−", "-") for cell in row.locator("td").all_inner_texts()]
        assert float(shown[0]) == pytest.approx(float(logits[digit]), abs=0.0051)
    share = rows[7].locator("td").nth(2).inner_text().replace("\xa0", " ")
    probability = float(network(image)[7])
    assert share == ("> 99.9 %" if probability > 0.999 else f"{100 * probability:.1f} %")


def test_covering_is_told_for_the_place_that_is_pointed_at(inside: Page) -> None:
    image, network = seen(inside), pretrained()
    place = inside.locator(".occlusion .looked-at")
    place.focus()
    inside.keyboard.press("ArrowUp")  # from the middle, patch 60 of 11 x 11, to the one above: row 4, column 5
    covered = image.copy()
    covered[8:16, 10:18] = 0
    probabilities = network(covered)
    said = inside.locator(".occlusion-said")
    expect(said).to_contain_text("With this patch covered")
    digit = int(probabilities.argmax())
    assert (f"it is still a {digit}" if digit == 7 else f"it would be a {digit}") in said.inner_text()
    kept = re.search(r"(?:with|to) ((?:more than |less than )?[\d.]+)\s%", said.inner_text())
    assert kept is not None
    assert float(kept[1].split()[-1]) == pytest.approx(100 * float(probabilities[7]), abs=0.11)


def test_a_link_shows_another_person_the_same(drawn: Page, open_watched: ANY) -> None:
    open_layer(drawn, "Pooling 1", "Pooling 1")
    drawn.get_by_role("button", name="Show all 64").click()
    drawn.locator(".layer.pool canvas").click(position={"x": 5, "y": 155})  # in the third row of maps
    drawn.evaluate("isQuiet()")
    drawn.mouse.move(2, 2)
    said, explained = (drawn.locator(name).inner_text() for name in (".inside-said", ".explained"))
    assert len(drawn.url) < 2048

    other = open_watched(viewport={"width": 400, "height": 800})
    page = other.open(drawn.url.partition("#")[2])
    expect(page.locator(".inside-said")).to_have_text(said)
    expect(page.locator(".explained")).to_have_text(explained)
    expect(page.locator(".layer.pool button")).to_have_text("Show two rows")
    assert np.array_equal(seen(page), seen(drawn))


def test_a_drawing_from_a_link_can_be_taken_back_stroke_by_stroke(watched: Any, draw: ANY, open_watched: ANY) -> None:
    page = watched.open()
    draw(watched, [*SEVEN, [[0.4, 0.5], [0.65, 0.5]]])
    other = open_watched().open(page.url.partition("#")[2])
    strokes = 'import("/web/digits/drawing.js").then(({ drawing }) => drawing.strokes.length)'
    assert other.evaluate(strokes) == 2
    for left in (1, 0):
        other.get_by_role("button", name="Undo").click()
        assert other.evaluate(strokes) == left
    expect(other.get_by_role("button", name="Undo")).to_be_disabled()


def test_back_and_forward_lead_through_the_tabs(drawn: Page) -> None:
    expect(drawn.locator("#panel-inside")).to_be_visible()
    drawn.go_back()
    expect(drawn.locator("#panel-draw")).to_be_visible()
    expect(drawn.locator(".numeral")).to_have_text("7")
    drawn.go_forward()
    expect(drawn.locator("#panel-inside")).to_be_visible()
    expect(drawn.locator(".inside-answer")).to_have_text("7")


def test_a_token_leaves_the_address_before_anybody_can_copy_it(watched: Any) -> None:
    page = watched.open("token=secret-one&tab=inside")
    assert "secret" not in page.url and "tab=inside" in page.url
    assert "secret" not in page.evaluate("JSON.stringify(history.state) + document.title")
    with page.expect_request("**/api/networks") as asked:
        page.reload()
    assert asked.value.headers["authorization"] == "Bearer secret-one"


@pytest.mark.parametrize(
    ("tab", "network", "wanted"),
    [("Draw", "", "It is a 7"), ("Inside", "shipped", "pool2 (6, 6, 64)"), ("Inside", "shipped-mlp", "hidden1 (512,)")],
)
def test_the_code_panel_gives_code_that_runs_and_says_the_same(
    inside: Page, tab: str, network: str, wanted: str, tmp_path: Path
) -> None:
    if network:
        inside.select_option("#inside-network", network)
    inside.get_by_role("tab", name=tab).click()
    inside.get_by_role("button", name="How to do this in code").click()
    panel = inside.get_by_role("dialog")
    expect(panel).to_be_visible()
    program = tmp_path / "shown.py"
    program.write_text(inside.locator("#code-python").inner_text(), encoding="utf-8")
    said = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert said.returncode == 0, said.stderr
    assert wanted in said.stdout
    inside.keyboard.press("Escape")
    expect(panel).to_be_hidden()


def test_names_of_files_and_runs_stay_names_in_the_code_panel(inside: Page) -> None:
    names = [
        "page.png",
        "my page.png",
        "it's; rm -rf $(x) `y`.png",
        "-rf.png",
        'a"b\\c\nd.png',
        "\u202egnp.\u2028x\x7f",
    ]
    shown = inside.evaluate(
        """async (names) => {
          const { codeForInside, codeForMistakes, codeForPhoto } = await import("/web/code/code.js");
          const run = (name) => {
            const network = { id: "x", title: "x, digits", source: "run", folder: `a b/${name}` };
            return [codeForInside(new Uint8Array(784), network), codeForMistakes(network, [4, 9], 115)];
          };
          return Promise.all(names.flatMap((name) => [codeForPhoto(name), ...run(name)]));
        }""",
        names,
    )
    for name, photo, run, mistakes in zip(names, shown[::3], shown[1::3], shown[2::3], strict=True):
        file = f"./{name}" if name.startswith("-") else name
        assert shlex.split(photo["command"]) == ["mnistlab", "read", file, "--annotate", "boxes.png"]
        assert shlex.split(run["command"]) == ["mnistlab", "read", "drawing.png", "--run", f"a b/{name}"]
        assert shlex.split(mistakes["command"]) == ["mnistlab", "evaluate", f"a b/{name}"]
        for python, string in ((photo, name), (run, f"a b/{name}/model.onnx"), (mistakes, f"a b/{name}/model.onnx")):
            assert "\u202e" not in python["python"]  # which would turn the rest of its line round
            tree = ast.parse(python["python"])
            assert string in {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}


def test_the_saved_drawing_is_read_on_the_command_line(watched: Any, draw: ANY, tmp_path: Path) -> None:
    page = watched.open()
    draw(watched, SEVEN)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as PNG").click()
    download.value.save_as(tmp_path / "drawing.png")
    page.get_by_role("button", name="How to do this in code").click()
    expect(page.locator("#code-command")).not_to_be_empty()
    command = page.locator("#code-command").inner_text().partition("#")[0].split()
    assert command == ["mnistlab", "read", "drawing.png"]
    said = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert said.stdout.startswith("7 "), said.stderr


def test_another_network_takes_the_place_of_the_old_one_only_with_its_answer(drawn: Page) -> None:
    held: list[Any] = []
    drawn.route("**/api/activations", lambda route: held.append(route))
    drawn.select_option("#inside-network", "shipped-mlp")
    waiting = drawn.locator(".inside .waiting")
    expect(waiting).to_contain_text("Simple network (MLP)")
    expect(waiting).to_contain_text(re.compile(r"\d s"))
    for old in (".way-path", ".inside-answer", ".explanation", ".inside-said", ".filters"):
        expect(drawn.locator(old).first).to_be_hidden()
    drawn.get_by_role("tab", name="Draw").click()  # what comes meanwhile comes too late
    held.pop(0).continue_()
    drawn.unroute("**/api/activations")
    drawn.get_by_role("tab", name="Inside").click()
    expect(drawn.locator(".way-path")).to_be_visible()
    expect(drawn.locator(".inside-answer")).to_have_text("7")
    expect(waiting).to_be_hidden()
    expect(drawn.locator(".way-path")).to_contain_text("Hidden layer 1")
