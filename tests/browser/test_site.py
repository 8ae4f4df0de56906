"""The page as a folder on a plain file server, below other pages: no Python behind it, and after a while no network."""

import base64
import io
import json
import shutil
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, Error, Page, expect

from benchmarks.material.file_server import FileServer
from mnistlab.datasets import load_mnist
from mnistlab.inference import Judge, pretrained
from mnistlab.server.http.sentences import say
from mnistlab.server.site import Site, build_site
from mnistlab.system.sentences import Sentence
from moments import snapshot, write_moments

from .conftest import THREE, Watched, watched_pages

STORED_RUN = Path(__file__).parents[1] / "data" / "stored" / "run"
BELOW = "school/digits"  # the folder of the page on the file server
FIRST_VISIT_BYTES, FIRST_ANSWER_BYTES = 8_000_000, 1_000_000
SHOWN = {
    "draw": ".bar-digit",
    "inside": ".occlusion svg",
    "train": ".run-name",
    "mistakes": ".nearest li",
    "experiments": ".finding-charts",
}
"""What is on a tab once it has everything."""
TABS = (
    f"draw&{THREE}",
    f"inside&network=shipped-cnn&{THREE}",
    "train",
    "mistakes&network=shipped-mlp&image=3520",
    "experiments",
)
SOUND: dict[str, Any] = {"cuts": [], "noise": 0, "seed": 0, "covered": ""}
CUTS = [
    {"part": 1, "units": [2, 5], "off": False, "biases": True, "linear": False},
    {"part": 2, "units": [], "off": False, "biases": False, "linear": True},
    {"part": 3, "units": [], "off": False, "biases": True, "linear": False},
]
BROKEN = SOUND | {"cuts": CUTS, "covered": base64.b64encode(bytes(49) + b"\xf0" * 10 + bytes(39)).decode()}
ASK = """async ([method, path, body]) => {
  const { api } = await import(new URL("web/app/api.js", document.baseURI));
  const { later, ...answer } = await api[method](path, body);
  return later ? later : answer;
}"""
IS_KEPT = """async () => {
  const registration = await navigator.serviceWorker.getRegistration();
  return Boolean(registration?.active);
}"""


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The folder, built once, with a run of our own, which kept how it learned."""
    run = Path(shutil.copytree(STORED_RUN, tmp_path_factory.mktemp("runs") / "run"))
    write_moments(run, [snapshot(0, is_drawn=False), snapshot(4), snapshot(9)])
    with ThreadPoolExecutor(1) as thread:  # which has no event loop yet; in this one Playwright's is running
        return thread.submit(build_site, tmp_path_factory.mktemp("host") / BELOW, [run]).result()


@pytest.fixture(scope="session")
def root(site: Site) -> Path:
    """What the file server gives away."""
    return site.folder.parents[len(Path(BELOW).parts) - 1]


@pytest.fixture(scope="module")
def files(root: Path) -> Iterator[FileServer]:
    made = FileServer(root)
    yield made
    made.close()


@pytest.fixture
def open_site(browser: Browser, files: FileServer) -> Iterator[Callable[..., Watched]]:
    """Opens watched pages of the folder; at the end of the test all of them are looked through."""
    with watched_pages(browser, f"{files.address}/{BELOW}", locale="en") as make:
        yield make


@pytest.fixture(scope="module")
def opened(browser: Browser, files: FileServer) -> Iterator[Page]:
    """A page for its modules alone."""
    with watched_pages(browser, f"{files.address}/{BELOW}", locale="en") as make:
        yield make().open("tab=experiments")


@pytest.fixture
def three(drawings: list[dict[str, Any]]) -> list[list[list[float]]]:
    strokes: list[list[list[float]]] = next(
        one["strokes"] for one in drawings if one["digit"] == 3 and one["place"].startswith("large")
    )
    return strokes


def text(image: np.ndarray) -> str:
    return base64.b64encode(image.tobytes()).decode()


def server_says(server: str, path: str, body: Any = None) -> Any:
    """The answer of a real server."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(server + path, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def close(found: Any, expected: Any, where: str = "") -> None:
    """The same answer: numbers within 1e-4, arrays in Base64 too, and everything else alike."""
    if isinstance(expected, dict):
        assert set(found) == set(expected), where
        for key, value in expected.items():
            if key in ("values", "drop", "weights") and isinstance(value, str):
                arrays = [np.frombuffer(base64.b64decode(one), "<f4") for one in (found[key], value)]
                np.testing.assert_allclose(*arrays, rtol=1e-3, atol=1e-3, err_msg=f"{where}.{key}")
            else:
                close(found[key], value, f"{where}.{key}")
    elif isinstance(expected, list):
        assert len(found) == len(expected), where
        for at, (one, other) in enumerate(zip(found, expected, strict=True)):
            close(one, other, f"{where}[{at}]")
    elif isinstance(expected, float):
        assert found == pytest.approx(expected, abs=1e-3 if "logits" in where else 1e-4, rel=1e-4), where
    elif isinstance(expected, str):
        assert found.replace("\xa0", " ") == expected.replace("\xa0", " "), where
    else:
        assert found == expected, where


def test_a_drawing_is_answered_as_by_the_server_and_its_address_works_on_both(
    open_site: Any, open_watched: Any, draw: Any, three: Any
) -> None:
    watched = open_site()
    page = watched.open("tab=draw")
    draw(watched, three)
    expect(page.locator(".verdict .numeral")).to_have_text("3")
    expect(page.locator(".network .answer-digit")).to_have_text(["3", "3", "3"])  # those that came later, too
    address = page.url.partition("#")[2]
    assert "strokes=" in address
    served = open_watched(locale="en").open(address)
    expect(served.locator(".verdict .numeral")).to_have_text("3")
    assert served.locator(".verdict .reason").inner_text() == page.locator(".verdict .reason").inner_text()
    assert served.locator(".bar-share").all_inner_texts() == page.locator(".bar-share").all_inner_texts()
    again = open_site().open(served.url.partition("#")[2])  # and back
    expect(again.locator(".verdict .numeral")).to_have_text("3")


def doubtful_images() -> np.ndarray:
    """Digits, and what is made of them: cut, turned, laid over each other, faint, none at all."""
    some = load_mnist().test.images[100:140]
    cut = some.copy()
    cut[:, 14:] = 0
    noise = np.random.default_rng(2).integers(0, 256, (10, 28, 28)).astype(np.uint8)
    faint = some[:10] // 5
    blank = np.zeros((2, 28, 28), np.uint8)
    blank[1, 14, 14] = 255
    turned = np.rot90(some, axes=(1, 2))
    return np.concatenate([some, cut, turned, np.maximum(some, some[::-1]), some // 20, faint, noise, blank])


def test_doubt_is_that_of_the_library(opened: Page) -> None:
    images = doubtful_images()
    judge, kinds = Judge(pretrained()), set[str]()
    for image, expected in zip(images, judge.verdicts(images), strict=True):
        found = opened.evaluate(ASK, ["post", "/api/classify", {"image": text(image), "networks": ["shipped"]}])[
            "verdict"
        ]
        assert (found["kind"], found["digit"]) == (expected.kind, expected.digit)
        assert isinstance(expected.reason, Sentence)
        assert found["said"]["key"] == expected.reason.key
        assert found["reason"] == say(expected.reason.key, expected.reason.values)
        assert found["confidence"] == pytest.approx(expected.confidence, abs=1e-4)
        assert found["likeness"] == pytest.approx(expected.likeness, abs=1e-4)
        assert [one["digit"] for one in found["alternatives"]] == [digit for digit, _ in expected.alternatives]
        kinds.add(expected.reason.key)
    assert {"answer.digit", "answer.unsure", "answer.other", "answer.little_ink", "answer.no_ink"} <= kinds


@pytest.mark.parametrize("network", ["shipped", "shipped-mlp", "shipped-cnn"])
def test_the_browser_answers_what_the_server_answers(opened: Page, server: str, network: str) -> None:
    image = text(load_mnist().test.images[115])
    for path, body in (
        ("/api/classify", {"image": image, "networks": [network]}),
        ("/api/activations", {"image": image, "network": network}),
        ("/api/unit", {"network": network, "layer": "output", "unit": 10}),
        (
            "/api/unit",
            {"network": network, "layer": "hidden1" if network == "shipped-mlp" else "conv1_norm", "unit": 3},
        ),
        ("/api/occlusion", {"image": image, "network": network, "size": 14, "step": 7}),
        ("/api/activations", {"image": image, "network": network, "damage": BROKEN}),
        ("/api/unit", {"network": network, "layer": "output", "unit": 3, "damage": BROKEN}),
        ("/api/accuracy", {"network": network, "damage": SOUND}),
    ):
        close(opened.evaluate(ASK, ["post", path, body]), server_says(server, path, body), path)
    if network == "shipped-mlp":  # the others take longer to count
        body = {"network": network, "damage": BROKEN}
        assert opened.evaluate(ASK, ["post", "/api/accuracy", body]) == server_says(server, "/api/accuracy", body)
    mistakes = f"/api/mistakes/{network}"
    for path in (
        f"/api/networks/{network}/filters",
        f"/api/networks/{network}/structure",
        mistakes,
        f"{mistakes}/cell?label=4&prediction=9",
        f"{mistakes}/cell?label=0&prediction=1",
        "/api/images/test?indices=3,2,1,9999,947",
        f"/api/images/test/947?network={network}",
        "/api/experiments",
        "/api/experiments/batch-size",
        "/api/recipes",
    ):
        close(opened.evaluate(ASK, ["get", path, None]), server_says(server, path), path)


def test_a_network_learns_without_a_server(open_site: Any) -> None:
    page = open_site().open("tab=train")
    form = page.get_by_role("form", name=say("learning.title"))
    form.get_by_label(say("learning.layers")).fill("8")
    form.get_by_role("button", name=say("learning.start")).click()
    expect(page.locator("#learning-view .learning-digits li")).to_have_count(48)
    moment = page.locator("#learning-moment")
    expect(moment).not_to_have_attribute("max", "0")  # it has learned for a while
    expect(page.locator("#learning-view .learning-filters canvas")).to_have_count(8)


def test_on_a_phone_the_curves_of_a_training_come_into_sight_once(open_site: Any) -> None:
    watched = open_site(viewport={"width": 390, "height": 844})
    page = watched.open("tab=train")
    expect(page.get_by_text("Longer training runs, with Python,")).to_be_visible()
    form = page.get_by_role("form", name=say("learning.title"))
    form.get_by_label(say("learning.layers")).fill("8")
    form.get_by_label(say("train.epochs")).fill("50")
    form.get_by_role("button", name=say("learning.start")).click()
    watched.until("scrollY > 0")
    expect(page.locator(".curves .chart").first).to_be_in_viewport(ratio=1)
    page.evaluate("scrollTo(0, 0)")
    learned = "Number(document.querySelector('#learning-moment').max)"
    before = page.evaluate(learned)
    watched.until(f"{learned} > {before + 1}")
    assert page.evaluate("scrollY") == 0  # whoever went back to the form stays there


def test_a_run_of_ones_own_is_there_with_its_curves(open_site: Any) -> None:
    page = open_site().open("tab=train")
    expect(page.locator(".run-name").first).to_have_text("run")
    expect(page.locator("#train-form-title")).to_have_count(0)  # nobody could train with Python
    with pytest.raises(Error, match="no server"):
        page.evaluate(ASK, ["post", "/api/runs", {"recipe": "mlp"}])
    networks = page.evaluate(ASK, ["get", "/api/networks", None])["networks"]
    assert [one["id"] for one in networks] == ["shipped", "shipped-mlp", "shipped-cnn", "run"]
    assert networks[-1]["folder"] == "runs/run"
    image = text(load_mnist().test.images[0])
    expected = pretrained("mlp")  # another network
    found = page.evaluate(ASK, ["post", "/api/classify", {"image": image, "networks": ["run"]}])["answers"][0]
    assert abs(found["probabilities"][7] - expected(load_mnist().test.images[0])[7]) > 1e-3
    assert sum(found["probabilities"]) == pytest.approx(1)


def test_how_a_run_learned_is_replayed(open_site: Any) -> None:
    page = open_site().open("tab=train")
    view = page.locator(".watch")
    expect(view.get_by_role("heading", name=say("learning.title_then", {"run": "run"}))).to_be_visible()
    expect(view.locator(".learning-filters canvas")).to_have_count(20)
    slider = view.get_by_role("slider")
    expect(slider).to_have_attribute("aria-valuetext", say("learning.step", {"step": 9}))
    last = view.locator(".learning-said").all_inner_texts()
    assert view.locator(".answer-digit").inner_text()  # what it said of the drawing that was there
    slider.focus()
    page.keyboard.press("Home")
    expect(view.get_by_text(say("learning.no_answer"))).to_be_visible()
    assert view.locator(".learning-said").all_inner_texts() != last


def test_a_photo_of_one_digit_is_read(open_site: Any) -> None:
    page = open_site().open("tab=draw")
    digit = load_mnist().test.images[0]  # a 7
    sheet = np.full((300, 400), 240, np.uint8)
    sheet[60:228, 120:288] -= (digit.repeat(6, 0).repeat(6, 1) * 0.8).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(sheet).save(file, "PNG")
    page.set_input_files(
        "#panel-draw input[type=file]", {"name": "7.png", "mimeType": "image/png", "buffer": file.getvalue()}
    )
    expect(page.locator(".photo-lines li")).to_have_text("7")
    expect(page.get_by_text(say("site.one_digit"))).to_be_visible()
    box = page.locator(".box").bounding_box()
    frame = page.locator(".photo-frame img").bounding_box()
    assert box and frame
    assert 0.2 < (box["x"] - frame["x"]) / frame["width"] < 0.7
    page.set_input_files(
        "#panel-draw input[type=file]", {"name": "x.png", "mimeType": "image/png", "buffer": b"no picture"}
    )
    expect(page.get_by_text(say("site.no_picture"))).to_be_visible()


def test_a_first_answer_and_a_first_visit_stay_small(browser: Browser, root: Path, draw: Any, three: Any) -> None:
    files = FileServer(root)
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    try:
        watched = Watched(context, f"{files.address}/{BELOW}")
        page = watched.open("tab=draw")
        expect(page.locator("canvas.pad")).to_be_visible()
        draw(watched, three)
        expect(page.locator(".verdict .numeral")).to_have_text("3")
        own = page.evaluate("performance.getEntriesByType('resource').map((one) => [one.name, one.decodedBodySize])")
        page_bytes = sum(size for _, size in own) + len((root / BELOW / "index.html").read_bytes())
        reader_bytes = (root / BELOW / "data/networks/shipped.weights").stat().st_size  # fetched by the worker
        assert page_bytes > 100_000
        assert page_bytes + reader_bytes < FIRST_ANSWER_BYTES
        watched.until(f"({IS_KEPT})()")
        assert files.sent < FIRST_VISIT_BYTES
        assert context.cookies() == []
        watched.check()
    finally:
        context.close()
        files.close()


def test_it_works_without_a_network_once_it_was_loaded(open_site: Any, root: Path, three: Any, draw: Any) -> None:
    files = FileServer(root)
    watched = open_site(f"{files.address}/{BELOW}")
    page = watched.open("tab=draw")
    draw(watched, three)
    expect(page.locator(".verdict .numeral")).to_have_text("3")
    watched.until(f"({IS_KEPT})()")
    files.close()
    address = page.url
    page.goto("about:blank")
    page.goto(address)
    expect(page.locator(".verdict .numeral")).to_have_text("3")
    expect(page.locator(".network .answer-digit")).to_have_text(["3", "3", "3"])
    page.goto(f"{files.address}/{BELOW}/?lang=de#tab=mistakes&network=shipped-cnn&image=947")
    expect(page.locator(".nearest li")).to_have_count(8)
    expect(page.get_by_role("tab", selected=True)).to_have_text("Fehler")
    page.goto(f"{files.address}/{BELOW}/#tab=experiments&experiment=label-noise&lang=en")
    expect(page.locator(".finding-question")).not_to_be_empty()


def test_nothing_is_cut_off_and_axe_finds_nothing_serious(open_site: Any) -> None:
    watched = open_site()
    for tab in TABS:
        page = watched.open(f"tab={tab}")
        expect(page.locator(SHOWN[tab.partition("&")[0]]).first).to_be_visible()
        for width in (360, 768, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            page.emulate_media(color_scheme="dark" if width == 768 else "light")
            watched.quiet()
            assert page.evaluate("document.scrollingElement.scrollWidth") <= width, tab
            found = Axe().run(page).response["violations"]
            serious = [one["id"] for one in found if one["impact"] in ("serious", "critical")]
            assert serious == [], (tab, width)


def test_the_policy_of_the_page_forbids_other_hosts_and_code_in_texts(browser: Browser, files: FileServer) -> None:
    page = browser.new_page()
    page.goto(f"{files.address}/{BELOW}/")
    policy = page.locator("meta[http-equiv]").get_attribute("content")
    assert policy and "default-src 'none'" in policy and "unsafe" not in policy
    ran, violations = page.evaluate(
        """async () => {
          const violations = [];
          addEventListener("securitypolicyviolation", (event) => violations.push(event.violatedDirective));
          document.body.append(Object.assign(document.createElement("script"), { text: "window.ran = true" }));
          await fetch("http://127.0.0.1:9/").catch(() => null);
          await new Promise((resolve) => setTimeout(resolve, 200));
          return [window.ran ?? false, violations];
        }"""
    )
    page.close()
    assert not ran
    assert {"script-src-elem", "connect-src"} <= set(violations)
