"""What goes wrong around the page: a server that is busy, refuses or goes away, links to what is gone, no clipboard."""

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from .conftest import THREE

MLP = {"epochs": 10, "batch_size": 128, "learning_rate": 0.001, "augmentation": False, "seed": 0}
REPORT = {
    "id": "mlp",
    "title": "mlp",
    "state": "running",
    "phase": "training",
    "recipe": "mlp",
    "settings": MLP,
    "network": None,
    "test_accuracy": None,
    "epochs": 10,
    "epochs_done": 0,
    "num_steps": 100,
    "seconds": 1.0,
    "left_seconds": 9.0,
    "message": None,
    "resumable": False,
    "folder": "my runs/mlp",
}
STOPPED = REPORT | {"state": "stopped", "phase": None, "resumable": True}
NETWORK = {"model": "mlp", "source": "run", "recipe": "fast", "test_accuracy": 0.99, "num_parameters": 7}


def answer(route: Route, content: Any, status: int = 200, **headers: str) -> None:
    route.fulfill(status=status, body=json.dumps(content), headers={"Content-Type": "application/json"} | headers)


class Training:
    """A training that goes on as a test wants it to, between the page and the server."""

    def __init__(self, page: Page) -> None:
        self.report, self.events = REPORT, "steps"  # or "state" or "lost"
        self.last_ids: list[str | None] = []
        self._step = 0
        page.route("**/api/runs", self._list)
        page.route("**/api/runs/mlp", lambda route: answer(route, self.report | {"history": [], "steps": []}))
        page.route("**/api/runs/mlp/events", self._tell)
        nothing = {"watched": None, "steps": [], "moments": [], "num_damaged": 0}
        page.route("**/api/runs/mlp/snapshots*", lambda route: answer(route, nothing))

    def _list(self, route: Route) -> None:
        running = "mlp" if self.report["state"] == "running" else None
        answer(route, {"runs": [self.report], "running": running})

    def _tell(self, route: Route) -> None:
        self.last_ids.append(route.request.headers.get("last-event-id"))
        if self.events == "lost":
            route.abort("connectionrefused")
            return
        if self.events == "state":
            body = f"event: state\ndata: {json.dumps(self.report)}\n\n"
            route.fulfill(body=body, headers={"Content-Type": "text/event-stream"})
            return
        start = {"step": 0, "num_steps": 100, "history": [], "steps": [], "left_seconds": None}
        begin = [("begin", start)] if self._step == 0 else []
        self._step += 1
        step = {
            "step": self._step,
            "epoch": 1,
            "loss": 1.0,
            "accuracy": 0.5,
            "seconds": self._step,
            "left_seconds": 120.0,
        }
        lines = [*begin, ("step", step), *([("state", self.report)] if self.report is not REPORT else [])]
        body = "".join(f"id: {self._step}\nevent: {name}\ndata: {json.dumps(data)}\n\n" for name, data in lines)
        route.fulfill(body=body, headers={"Content-Type": "text/event-stream"})

    def waits(self, watched: Any, more: int = 3) -> None:
        """Lets some more steps go by."""
        goal = len(self.last_ids) + more
        while len(self.last_ids) < goal:
            watched.page.wait_for_timeout(100)
        watched.quiet()


@pytest.fixture
def training(watched: Any) -> Training:
    return Training(watched.page)


@pytest.mark.parametrize("again", ["click", "later"])
def test_a_tab_whose_first_request_failed_comes_up_all_the_same(watched: Any, again: str) -> None:
    page = watched.open("tab=draw")
    failures = [{"error": "The server is busy."}]
    after = {"Retry-After": "1"} if again == "later" else {}
    page.route(
        "**/api/recipes",
        lambda route: answer(route, failures.pop(), 503, **after) if failures else route.continue_(),
    )
    page.get_by_role("tab", name="Train").click()
    expect(page.locator("#trouble")).to_contain_text("The server is busy.")
    if again == "click":
        page.get_by_role("button", name="Try again").click()
    expect(page.get_by_label("Recipe")).to_be_visible()
    expect(page.locator("#trouble")).to_be_hidden()
    expect(page.locator("#panel-train > *")).to_have_count(2)  # what it shows, and its questions
    assert "503" in watched.troubles.pop()
    watched.quiet()


def test_a_training_keeps_out_of_what_is_being_typed(watched: Any, training: Training) -> None:
    page = watched.open("tab=train")
    rate = page.get_by_role("form", name="New training run").get_by_label("Learning rate")
    rate.fill("0.0025")
    training.waits(watched)
    expect(rate).to_have_value("0.0025")
    rate.press("Tab")
    expect(page).to_have_url(re.compile("rate=0.0025"))
    training.waits(watched)
    expect(rate).to_have_value("0.0025")
    expect(page.locator(".live-facts")).to_contain_text("about 2 min")  # as the server says
    page.get_by_role("button", name="How to do this in code").click()
    expect(page.locator("#code-command")).to_have_text(
        re.compile(r"--learning-rate 0\.0025 --out \S+/mlp-rate0\.0025$")
    )


def test_stop_can_be_pressed_again_when_it_was_refused(watched: Any, training: Training) -> None:
    page = watched.open("tab=train")
    refusals = [{"error": "The run was started by another program."}]
    page.route(
        "**/api/runs/mlp/stop", lambda route: answer(route, refusals.pop(), 409) if refusals else answer(route, {}, 202)
    )
    stop = page.locator(".live button")
    stop.click()
    expect(page.locator("#trouble")).to_contain_text("The run was started by another program.")
    expect(stop).to_have_text("Stop")
    stop.click()
    expect(stop).to_have_text("Stopping …")
    expect(page.locator("#trouble")).to_be_hidden()
    training.report = STOPPED
    start = page.get_by_role("button", name="Start training")
    expect(start).to_be_focused()  # who uses the keyboard is not thrown back to the top

    def resume(route: Route) -> None:
        training.report = REPORT
        answer(route, {}, 202)

    page.route("**/api/runs/mlp/resume", resume)
    page.get_by_role("button", name="Resume").focus()
    page.keyboard.press("Enter")
    expect(stop).to_be_focused()
    assert "409" in watched.troubles.pop()


def test_a_server_that_goes_away_is_told_of_and_found_again(watched: Any, training: Training) -> None:
    page = watched.open("tab=train")
    training.waits(watched, 1)
    training.events = "lost"
    lost = page.locator(".live-lost")
    expect(lost).to_contain_text("The server does not answer; the training continues without the page.")
    training.events = "steps"
    expect(lost).to_be_hidden()
    training.waits(watched)
    expect(page.locator(".live")).to_contain_text("epoch 1 of 10")
    watched.troubles.clear()  # the refused connections


def test_a_stream_that_tells_only_how_it_ended_leaves_a_form_that_works(watched: Any, training: Training) -> None:
    page = watched.open("tab=train")
    start = page.get_by_role("button", name="Start training")
    expect(start).to_be_disabled()
    training.report, training.events = STOPPED, "state"
    expect(start).to_be_enabled()
    expect(page.locator(".live-title")).to_have_text(re.compile(r"stopped\.$"))  # that stays, and nothing else does
    for gone in ("button", "progress", ".live-facts"):
        expect(page.locator(f".live > {gone}")).to_be_hidden()


def test_a_hidden_page_holds_no_connection(watched: Any, training: Training) -> None:
    page = watched.open("tab=train")
    training.waits(watched, 2)

    def show(state: str) -> None:
        page.evaluate(
            """(state) => {
              Object.defineProperty(document, "hidden", { value: state === "hidden", configurable: true });
              document.dispatchEvent(new Event("visibilitychange"));
            }""",
            state,
        )

    show("hidden")
    page.wait_for_timeout(300)
    before = len(training.last_ids)
    page.wait_for_timeout(1500)  # three times as long as a stream takes to come back
    assert len(training.last_ids) == before
    show("visible")
    training.waits(watched, 1)
    assert training.last_ids[before] is not None  # it goes on where it was


def test_a_hidden_page_lets_go_of_a_stream_that_lasts(watched: Any) -> None:
    page = watched.open("tab=experiments")
    aborted = page.evaluate(
        """async () => {
          const ask = window.fetch;
          const signals = [];
          window.fetch = (_, options) => (signals.push(options.signal), new Promise(() => {}));
          const { api } = await import("/web/app/api.js");
          const end = api.events("/api/runs/x/events", {});
          await new Promise((resolve) => setTimeout(resolve));
          Object.defineProperty(document, "hidden", { value: true, configurable: true });
          document.dispatchEvent(new Event("visibilitychange"));
          const aborted = signals.map((signal) => signal.aborted);
          end();
          window.fetch = ask;
          return aborted;
        }"""
    )
    assert aborted == [True]


@pytest.mark.parametrize("tab", ["draw", "inside", "mistakes"])
def test_a_network_that_is_gone_is_named(reused: Any, tab: str) -> None:
    page = reused.open(f"tab={tab}&network=gone-one&networks=gone-one,shipped")
    missing = page.locator(f"#panel-{tab} .missing")
    expect(missing).to_contain_text("The network gone-one is not here")
    expect(missing).to_contain_text("Shown instead: Main network")
    page.evaluate("(tab) => (location.hash = `tab=${tab}&network=shipped&networks=shipped`)", tab)
    expect(missing).to_be_hidden()


def test_a_damaged_network_is_named_below_the_others(watched: Any) -> None:
    listed = {
        "networks": [NETWORK],
        "damaged": [{"id": "odd", "title": "odd", "problem": "runs/odd/model.onnx is not a network."}],
    }
    watched.page.route("**/api/networks", lambda route: answer(route, listed))
    page = watched.open("tab=draw")
    page.get_by_text("Choose networks").click()
    expect(page.locator(".chooser .trouble")).to_have_text("odd is damaged: runs/odd/model.onnx is not a network.")
    expect(page.locator(".chooser input")).to_have_count(1)


def test_a_run_that_is_gone_is_told_of(watched: Any, training: Training) -> None:
    page = watched.open("tab=train&runs=mlp,gone-one")
    missing = page.locator("#panel-train .missing")
    expect(missing).to_contain_text("Some of the runs")
    page.get_by_role("checkbox", name="mlp").click()
    expect(missing).to_be_hidden()
    assert "runs=none" in page.url


def test_without_a_clipboard_the_code_is_selected(watched: Any) -> None:
    page = watched.open("tab=train")
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.get_by_role("button", name="How to do this in code").click()
    copy = page.get_by_role("button", name="Copy the command")
    copy.click()
    expect(page.locator("[data-copy=code-command]")).to_contain_text(re.compile("Selected: press (Ctrl\\+|⌘)C"))
    assert page.evaluate("getSelection().toString()") == page.locator("#code-command").inner_text()


def test_an_average_of_networks_shows_no_layers(watched: Any) -> None:
    probabilities = [0.01] * 7 + [0.91, 0.01, 0.01]
    layer = {"name": "probabilities", "title": "Probabilities", "kind": "softmax", "shape": [10], "field": None}
    network = NETWORK | {"id": "fast", "title": "fast", "folder": "runs/fast", "layers": [layer]}
    asked = {"network": "fast", "digit": 7, "confidence": 0.91, "probabilities": probabilities, "temperature": 1.0}
    verdict = {
        "kind": "digit",
        "digit": 7,
        "confidence": 0.9,
        "likeness": 1,
        "alternatives": [],
        "reason": "It is a 7.",
    }
    page = watched.open(f"tab=draw&{THREE}")
    listed = page.evaluate("fetch('/api/networks').then((answer) => answer.json())")
    covered = page.evaluate(
        """async () => {
          const { drawing } = await import("/web/digits/drawing.js");
          const { encodeImage } = await import("/web/digits/digits.js");
          const { api } = await import("/web/app/api.js");
          const image = encodeImage(drawing.image);
          return api.post("/api/occlusion", { image, network: "shipped", size: 8, step: 2 });
        }"""
    )
    page.route("**/api/networks", lambda route: answer(route, {"networks": [*listed["networks"], network]}))
    page.route("**/api/networks/fast/filters", lambda route: answer(route, {"layers": []}))
    asked |= {"logits": [-1.0] * 10}
    drawn = layer | {"minimum": 0, "maximum": 1, "values": "AAAAAA=="}
    page.route("**/api/classify", lambda route: answer(route, {"verdict": verdict, "answers": [asked]}))
    page.route(
        "**/api/activations", lambda route: answer(route, {"network": "fast", "answer": asked, "layers": [drawn]})
    )
    page.route("**/api/networks/fast/structure", lambda route: answer(route, {"parts": [], "derivations": []}))
    page.route("**/api/accuracy", lambda route: answer(route, {"correct": 990, "count": 1000}))
    page.route("**/api/occlusion", lambda route: answer(route, covered))
    page.evaluate("location.hash += '&network=fast'")
    page.get_by_role("tab", name="Inside").click()
    panel = page.locator("#panel-inside")
    expect(panel).to_contain_text("This run averages several networks")
    expect(panel.locator(".softmax tbody tr").nth(7)).to_contain_text("91.0 %")
    for absent in (".way-path", ".layer-area", ".breaking"):
        expect(panel.locator(absent).first).to_be_hidden()
    expect(page.get_by_role("heading", name="Which places matter")).to_be_visible()
    page.unroute("**/api/activations")
    page.locator("#inside-network").select_option("shipped")
    expect(panel.locator(".way-path").first).to_be_visible()
