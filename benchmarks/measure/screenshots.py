"""The pictures of the page in README: a drawing and its answers, in the light and the dark theme.

    python benchmarks/measure/screenshots.py

Serves the page to a Chromium without a window, draws the first 3 of tests/data/strokes.json, and writes
docs/figures/page-draw-*.png.
"""

import json
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks.measure.benchmark import ROOT
from benchmarks.measure.serving import running_server

FIGURES = ROOT / "docs" / "figures"
SIZE = {"width": 1200, "height": 900}
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync", "--no-first-run"]


def draw(page: Page, strokes: list[list[list[float]]]) -> None:
    """Draws with the mouse. Places are fractions of the canvas's sides."""
    box = page.locator("canvas").first.bounding_box()
    if box is None:
        raise RuntimeError("The page shows no canvas.")
    for stroke in strokes:
        places = [(box["x"] + right * box["width"], box["y"] + down * box["height"]) for right, down in stroke]
        page.mouse.move(*places[0])
        page.mouse.down()
        for place in places[1:]:
            page.mouse.move(*place)
        page.mouse.up()


def main() -> None:
    """Takes the pictures."""
    lines = (ROOT / "tests" / "data" / "strokes.json").read_text(encoding="utf-8")
    strokes = next(one["strokes"] for one in json.loads(lines) if one["digit"] == 3)
    with running_server() as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for theme in ("light", "dark"):
            page = browser.new_page(viewport=SIZE, color_scheme=theme)
            page.goto(server.address)
            page.wait_for_selector("canvas")
            draw(page, strokes)
            page.get_by_text("It is a 3").first.wait_for()
            page.wait_for_load_state("networkidle")
            page.screenshot(path=FIGURES / f"page-draw-{theme}.png")
        browser.close()


if __name__ == "__main__":
    main()
