"""How the network of a run learns, on the Train tab: while it trains, and afterwards with the slider."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, expect

from mnistlab.runs.snapshots import Kind, Snapshot
from mnistlab.server.http.sentences import say
from mnistlab.server.training.moments import moments_of
from mnistlab.server.training.status import Place
from moments import snapshot, write_moments

from .conftest import PATIENCE, THREE, Served, serve
from .conftest import Watched as WatchedPage

PICTURES = """() => [...document.querySelectorAll(".watch .learning-filters canvas")].map((canvas) =>
{
  const copy = document.createElement("canvas");
  [copy.width, copy.height] = [canvas.width, canvas.height];
  const context = copy.getContext("2d", { willReadFrequently: true });
  context.drawImage(canvas, 0, 0);
  return [...context.getImageData(0, 0, copy.width, copy.height).data];
})"""
RUN = {
    "id": "old",
    "title": "old",
    "folder": "runs/old",
    "state": "finished",
    "phase": None,
    "recipe": "mlp",
    "settings": {},
    "network": None,
    "test_accuracy": 0.97,
    "epochs": 1,
    "epochs_done": 1,
    "num_steps": 9,
    "seconds": 3.0,
    "left_seconds": None,
    "message": None,
    "resumable": False,
}


NUM_STEPS = 2 * 469  # epochs of 60,000 images, 128 in a step


@pytest.fixture(scope="module")
def serving(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server of their own, for there is a training run."""
    with serve(tmp_path_factory.mktemp("watching")) as served:
        yield served


def shown(page: Page) -> dict[str, Any]:
    """What is seen at the moment of the slider."""
    view = page.locator(".watch")
    return {
        "moment": view.locator("output").inner_text(),
        "pictures": page.evaluate(PICTURES),
        "wrong": view.locator(".is-wrong").count(),
        "said": view.locator(".learning-said").all_inner_texts(),
    }


def test_a_training_run_is_seen_while_it_learns_and_replayed_after_its_end(
    watched: WatchedPage, draw: Callable[..., None], drawings: list[dict[str, Any]], tmp_path: Path
) -> None:
    page = watched.open(f"tab=train&recipe=mlp&epochs=2&{THREE}")
    page.get_by_role("button", name=say("train.start"), exact=True).click()
    view = page.locator(".watch")
    started = view.get_by_role("heading", name=say("learning.title_now", {"run": "mlp"}))
    expect(started).to_be_visible(timeout=3 * PATIENCE)  # TensorFlow starts
    expect(view.locator(".learning-filters canvas")).to_have_count(20)
    expect(view.locator(".learning-digits li")).to_have_count(36)
    watched.until("Number(document.querySelector('#watch-moment').max) >= 1")
    assert page.locator(".live").is_visible()  # it is still learning
    expect(view.get_by_role("heading", name=say("learning.title_then", {"run": "mlp"}))).to_be_visible()
    slider = view.get_by_role("slider")
    expect(slider).to_have_attribute("aria-valuetext", say("learning.step", {"step": NUM_STEPS}))
    last = shown(page)
    assert last["wrong"] < 12
    expect(view.locator(".learning-drawing .answer-digit")).to_have_text("3")

    slider.focus()
    page.keyboard.press("Home")
    first = shown(page)
    assert first["moment"] == say("learning.step", {"step": 0}) and first["wrong"] > 24
    assert first["pictures"] != last["pictures"]
    assert {len(picture) for picture in first["pictures"]} == {4 * 28 * 28}
    expect(view.get_by_text(say("learning.no_answer"))).to_be_visible()  # before the page could send it
    view.get_by_role("button", name=say("learning.play")).click()
    watched.until("document.querySelector('#watch-moment').value === document.querySelector('#watch-moment').max")
    assert shown(page) == last

    page.reload()
    watched.quiet()
    expect(slider).to_have_attribute("aria-valuetext", say("learning.step", {"step": NUM_STEPS}))
    assert shown(page) == last  # comes from the run folder alone

    # The network can be drawn against at once.
    page.locator("button[id^='draw-mlp']").click()
    watched.quiet()
    networks = page.get_by_role("article")
    expect(networks).to_have_count(2)  # the main network and the new one
    expect(networks.last.locator(".answer-digit")).to_have_text("3")
    page.get_by_role("button", name="Clear", exact=True).click()
    three = next(one for one in drawings if one["digit"] == 3 and one["place"].startswith("large"))
    draw(watched, three["strokes"])
    expect(networks.last.locator(".answer-digit")).to_have_text(re.compile(r"\d"))

    # And in code, by the folder that it is in.
    page.get_by_role("button", name="How to do this in code").click()
    code = page.locator("#code-python")
    expect(code).to_contain_text(re.compile(r'Classifier\(Path\(".*runs/mlp.*/model.onnx'))
    ran = subprocess.run([sys.executable, "-c", code.inner_text()], capture_output=True, text=True, cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr


class Recorded:
    """Runs that are only told of, each with the moments of a folder."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.folder, self.reports, self.asked = folder, list[dict[str, Any]](), list[str]()
        page.route("**/api/runs", lambda route: self._answer(route, {"runs": self.reports, "running": None}))

    def add(self, page: Page, run: str, moments: list[Snapshot], kind: Kind = "weights") -> None:
        folder = self.folder / run
        folder.mkdir()
        write_moments(folder, moments, kind)
        report = RUN | {"id": run, "title": run}
        self.reports.append(report)
        detail = report | {"history": [], "steps": [], "has_snapshots": bool(moments)}
        page.route(f"**/api/runs/{run}", lambda route: self._answer(route, detail))
        place = Place(run, folder, run, None, folder / "log")
        page.route(f"**/api/runs/{run}/snapshots*", lambda route: self._answer(route, moments_of(place, -1)))

    def _answer(self, route: Route, content: Any) -> None:
        self.asked.append(route.request.url)
        route.fulfill(status=200, content_type="application/json", body=json.dumps(content, default=list))


@pytest.fixture
def recorded(watched: WatchedPage, tmp_path: Path) -> Recorded:
    return Recorded(watched.page, tmp_path)


def test_pictures_and_digits_are_those_of_the_moment(watched: WatchedPage, recorded: Recorded) -> None:
    moments = [snapshot(0, is_drawn=False), snapshot(4), snapshot(9)]
    recorded.add(watched.page, "old", moments)
    page = watched.open("tab=train")
    labels = [number % 10 for number in range(36)]
    page.locator("#watch-moment").focus()
    for key, moment in zip(("Home", "ArrowRight", "ArrowRight"), moments, strict=True):
        page.keyboard.press(key)
        seen, predictions = shown(page), moment.probabilities.argmax(axis=1)
        assert seen["wrong"] == (predictions != labels).sum()
        assert seen["said"] == [
            str(digit) if digit == label else say("learning.misread", {"digit": str(digit), "label": str(label)})
            for digit, label in zip(predictions, labels, strict=True)
        ]
        pixels = np.array(seen["pictures"]).reshape(20, 28, 28, 4)[..., 0].astype(int)
        strongest, weakest = moment.filters == 127, moment.filters == -127
        ink, paper = pixels[strongest], pixels[weakest]
        assert np.ptp(ink) == 0 and ink.max() < 60 and (not paper.size or paper.min() > 200)
        order = np.argsort(moment.filters, axis=None, kind="stable")
        assert (np.diff(pixels.reshape(-1)[order]) <= 0).all()  # the larger the weight, the more ink
        is_answered = page.locator(".watch .learning-drawing canvas").is_visible()
        assert is_answered == (moment.drawing is not None)
        if moment.answer is not None:
            expect(page.locator(".watch .answer-digit")).to_have_text(str(moment.answer.argmax()))


def test_of_several_runs_one_is_chosen(watched: WatchedPage, recorded: Recorded) -> None:
    for run, steps in {"one": (0, 5), "two": (0, 7, 8), "unwatched": ()}.items():
        recorded.add(watched.page, run, [snapshot(step) for step in steps])
    page = watched.open("tab=train&runs=one,two,unwatched")
    choice = page.get_by_label(say("learning.choose"), exact=True)
    assert choice.locator("option").all_inner_texts() == ["one", "two"]
    expect(page.locator("#watch-moment")).to_have_attribute("max", "1")
    choice.select_option("two")
    expect(page.get_by_role("heading", name=say("learning.title_then", {"run": "two"}))).to_be_visible()
    expect(page.locator("#watch-moment")).to_have_attribute("max", "2")
    assert not [url for url in recorded.asked if "unwatched/snapshots" in url]
    page.get_by_label("two", exact=True).uncheck()
    expect(page.get_by_role("heading", name=say("learning.title_then", {"run": "one"}))).to_be_visible()
    page.get_by_label("one", exact=True).uncheck()
    expect(page.locator(".watch")).to_be_hidden()


def test_filters_are_small_pictures_and_nothing_is_cut_off(watched: WatchedPage, recorded: Recorded) -> None:
    recorded.add(watched.page, "cnn", [snapshot(0, side=3), snapshot(9, side=3)], "filters")
    page = watched.open("tab=train")
    expect(page.get_by_role("heading", name=say("learning.filters"))).to_be_visible()
    pictures = page.locator(".watch .learning-filters canvas")
    assert pictures.first.evaluate("(canvas) => [canvas.width, canvas.height]") == [3, 3]
    for width in (320, 768, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        watched.quiet()
        size = pictures.first.bounding_box()
        assert size is not None and 24 <= size["width"] <= 72, width
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        found = Axe().run(page, context=".watch")
        assert [one["id"] for one in found.response["violations"]] == [], width
