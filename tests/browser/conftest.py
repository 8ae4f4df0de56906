"""A real server, a real Chromium, and pages that are watched: what goes wrong in one fails its test.

Without a Chromium on the PATH these tests are skipped; `make test` tries to install one first.
"""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",  # in containers it is small
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # even a mistake reaches nobody
]
PATIENCE = 60_000  # milliseconds; two busy cores may take long, and what never comes is still found
expect.set_options(timeout=PATIENCE)
STROKES = Path(__file__).parents[1] / "data" / "strokes.json"
THREE = (  # a drawing as the address has it
    "strokes=EAAbQzH_TiX_WRz_aBr_dx3_hCL_jC7_kD7_jU7_hlv_emX_bWr_YG7_"
    "b2__fXP_iHv_kYn_l5f_l6b_kbX_iMH_fMr_bs7_YND_Usv_RsIE"
)

# Before the page's own code: how many requests are under way, and when the pen was last lifted.
WATCH = """
window.watched = { underWay: 0, lifted: 0, answered: 0, violations: [] };
const ask = window.fetch;
window.fetch = async (...given) => {
  const isStream = String(given[0]).endsWith("/events");
  watched.underWay += isStream ? 0 : 1;
  try {
    return await ask(...given);
  } finally {
    watched.underWay -= isStream ? 0 : 1;
  }
};
addEventListener("pointerup", () => (watched.lifted = performance.now()), true);
addEventListener("securitypolicyviolation", (event) => watched.violations.push(event.violatedDirective));
window.isQuiet = async (frames = 3) => {
  for (let frame = 0; frame < frames; frame++) {
    await new Promise(requestAnimationFrame);
    await new Promise((resolve) => setTimeout(resolve));
    if (watched.underWay) frame = -1;
  }
  return true;
};
"""


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium without a window. Playwright keeps an event loop running, beside which other rooms could have none."""
    if CHROMIUM is None:
        sentence = "No Chromium is on the PATH; install one (apt-get install chromium) to test the page in a browser."
        if os.environ.get("MNISTLAB_NEEDS_CHROMIUM"):  # where it was meant to be installed
            pytest.fail(sentence)
        pytest.skip(sentence)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS, timeout=2 * PATIENCE)
        yield browser
        browser.close()


class Served:
    """A running `mnistlab serve`: its address, its process, and what it has complained of so far."""

    def __init__(self, address: str, pid: int, complaints: Path) -> None:
        self.address, self.pid = address, pid
        self._complaints = complaints

    @property
    def complaints(self) -> str:
        return self._complaints.read_text(encoding="utf-8")


@contextlib.contextmanager
def serve(folder: Path) -> Iterator[Served]:
    """A server that shows the folder's `runs`."""
    complaints = folder / "errors.txt"
    with complaints.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "mnistlab", "serve", "--port", "0", "--runs", str(folder / "runs")],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": "2"},
            cwd=folder,
        )
        assert process.stdout is not None
        try:
            lines = iter(process.stdout.readline, "")
            found = next(filter(None, (re.search(r"http://[\w.:\[\]]+", line) for line in lines)), None)
            assert found, f"mnistlab serve printed no address: {complaints.read_text(encoding='utf-8')}"
            yield Served(found[0], process.pid, complaints)
        finally:
            process.terminate()
            process.wait(30)
            process.stdout.close()
    assert "Traceback" not in complaints.read_text(encoding="utf-8"), "the server failed; its messages are above"


@pytest.fixture(scope="package")
def shared_server(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server, with no runs, for all modules that train nothing: it reads the test split once for each network."""
    with serve(tmp_path_factory.mktemp("served")) as served:
        yield served


@pytest.fixture(scope="module")
def serving(shared_server: Served) -> Iterator[Served]:
    """The server of a module, which fails with it; a module that trains has one of its own."""
    before = len(shared_server.complaints)
    yield shared_server
    assert "Traceback" not in shared_server.complaints[before:], "the server failed; its messages are above"


@pytest.fixture(scope="module")
def server(serving: Served) -> str:
    """The address of a running `mnistlab serve`."""
    return serving.address


class Watched:
    """A page whose every message and request is kept."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.address, self.troubles = address, list[str]()
        self._host = urlsplit(address).netloc
        context.on("request", lambda request: self._look_at(request.url))
        context.on("requestfailed", lambda request: self._failed(request))
        context.on("console", lambda message: self._hear(message.type, message.text))
        context.on("weberror", lambda error: self.troubles.append(f"error in the page: {error.error}"))
        context.set_default_timeout(PATIENCE)
        context.add_init_script(WATCH)
        self.page = context.new_page()

    def _look_at(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob", "about") and parts.netloc != self._host:
            self.troubles.append(f"request to another host: {url}")

    def _failed(self, request: Any) -> None:
        if "ERR_ABORTED" not in (request.failure or ""):  # the page itself ended it
            self.troubles.append(f"request without an answer: {request.url} {request.failure}")

    def _hear(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.troubles.append(f"console {kind}: {text}")

    def open(self, fragment: str = "tab=draw") -> Page:
        """Opens the page in some state, and waits until it has what it asked for."""
        self.page.goto(f"{self.address}/#{fragment}")
        tab = re.search(r"tab=(\w+)", fragment)
        panel = self.page.locator(f"#panel-{tab[1] if tab else 'draw'}")
        panel.locator(":scope > *").first.wait_for(state="attached")
        self.quiet()
        return self.page

    def quiet(self) -> None:
        """Waits until no request is under way, nor one about to be made."""
        self.page.evaluate("isQuiet()")

    def until(self, expression: str) -> None:
        """Waits until something holds; the page's policy keeps Playwright's own way of waiting from working."""
        for _ in range(PATIENCE // 100):
            if self.page.evaluate(expression):
                return
            self.page.wait_for_timeout(100)
        raise AssertionError(f"{expression} does not come true")

    def check(self) -> None:
        """Nothing went wrong."""
        violations = [] if self.page.is_closed() else self.page.evaluate("watched.violations")
        assert (self.troubles, violations) == ([], [])


@contextlib.contextmanager
def watched_pages(browser: Browser, address: str, **usual: Any) -> Iterator[Callable[..., Watched]]:
    """Opens watched pages, each in a context of its own; at the end all of them are looked through."""
    contexts, pages = list[BrowserContext](), list[Watched]()

    def make(address: str = address, **options: Any) -> Watched:
        contexts.append(browser.new_context(**{"viewport": {"width": 1280, "height": 900}} | usual | options))
        pages.append(Watched(contexts[-1], address))
        return pages[-1]

    try:
        yield make
        for page in pages:
            page.check()
    finally:
        for context in contexts:
            context.close()


@pytest.fixture
def open_watched(browser: Browser, server: str) -> Iterator[Callable[..., Watched]]:
    """Opens watched pages with options of a browser context; at the end of the test all of them are looked through."""
    with watched_pages(browser, server) as make:
        yield make


@pytest.fixture(scope="module")
def page_of_module(browser: Browser, server: str) -> Iterator[Watched]:
    """The one page of all tests that take `reused`."""
    with watched_pages(browser, server) as make:
        yield make()


@pytest.fixture
def reused(page_of_module: Watched) -> Iterator[Watched]:
    """A watched page on a desk that a module's tests take in turn, each with an address of its own.

    For tests whose claim depends on the address alone: they change nothing that outlives it, and open no dialog that
    they do not close.
    """
    yield page_of_module
    try:
        page_of_module.check()
    finally:
        page_of_module.troubles.clear()  # each test answers for its own


@pytest.fixture
def watched(open_watched: Callable[..., Watched]) -> Watched:
    """A watched page on a desk, light."""
    return open_watched()


@pytest.fixture(scope="session")
def drawings() -> list[dict[str, Any]]:
    """The recorded drawings."""
    return json.loads(STROKES.read_text(encoding="utf-8"))


@pytest.fixture
def draw() -> Callable[[Watched, list[list[list[float]]]], None]:
    """Draws strokes on the sheet with the mouse, as a hand does, and waits for the answer."""

    def draw(watched: Watched, strokes: list[list[list[float]]]) -> None:
        sheet: Locator = watched.page.locator("canvas.pad")
        sheet.scroll_into_view_if_needed()
        box = sheet.bounding_box()
        assert box is not None
        mouse = watched.page.mouse
        for stroke in strokes:
            places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]
            mouse.move(*places[0])
            mouse.down()
            for place in places[1:]:
                mouse.move(*place)
            mouse.up()
        watched.quiet()

    return draw
