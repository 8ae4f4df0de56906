"""The page as a folder (`mnistlab site build`) and as it is served: what a visit loads, and how soon it answers.

    python benchmarks/measure/site.py [--table-only]

Builds the folder, gives it away with the standard library's file server, which compresses nothing, and opens it in
Chromium at the address of a drawing. The bytes are those of the files that the server gave away until the answer was on
the screen, and until the page could do without a network. The same address is then opened at `mnistlab serve`; the
bytes are those that were sent.
"""

import contextlib
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks.material.file_server import FileServer
from benchmarks.measure.benchmark import Benchmark, Results, cores, markdown_table
from benchmarks.measure.serving import running_server
from mnistlab.datasets import load_mnist
from mnistlab.inference.classifier import Classifier
from mnistlab.inference.pretrained import PRETRAINED, SHIPPED_NAMES
from mnistlab.models.backend import describe_environment
from mnistlab.server.site import build_site

NUM_IMAGES, NUM_WARM = 200, 20
STROKES = (
    "strokes=EAAbQzH_TiX_WRz_aBr_dx3_hCL_jC7_kD7_jU7_hlv_emX_bWr_YG7_"
    "b2__fXP_iHv_kYn_l5f_l6b_kbX_iMH_fMr_bs7_YND_Usv_RsIE"
)
PATIENCE = 120_000  # milliseconds
ANSWER = """async ([network, images]) => {
  const { readWeights } = await import(new URL("web/networks/weights.js", document.baseURI));
  const { forward } = await import(new URL("web/networks/forward.js", document.baseURI));
  const file = await fetch(new URL(`data/networks/${network}.weights`, document.baseURI));
  const weights = readWeights(await file.arrayBuffer());
  return images.map((image) => {
    const pixels = Uint8Array.from(image);
    const began = performance.now();
    forward(weights, pixels);
    return performance.now() - began;
  });
}"""
IS_KEPT = "async () => Boolean((await navigator.serviceWorker.getRegistration())?.active)"


def measure() -> Results:
    """Builds, visits and asks."""
    with tempfile.TemporaryDirectory() as scratch:
        began = time.perf_counter()
        site = build_site(Path(scratch) / "site")
        results: Results = {"build_seconds": time.perf_counter() - began}
        results |= {"num_files": site.num_files, "num_bytes": site.num_bytes}
        server = FileServer(site.folder)
        try:
            results |= _visit(server, Path(scratch) / "site")
        finally:
            server.close()
    return results | {"served": _visit_server()} | {"environment": describe_environment() | {"precision": "float32"}}


def _visit(server: FileServer, folder: Path) -> Results:
    with chromium() as browser:
        page, seconds = _drawn(browser, server.address)
        results: Results = {"first_answer_seconds": seconds}
        # Some files of the other networks are on their way by then; none of them was waited for.
        loaded = page.evaluate("performance.getEntriesByType('resource').map((one) => one.decodedBodySize)")
        own = [folder / "index.html", folder / "data" / "networks" / "shipped.weights"]  # by a worker, the second
        results["first_answer_bytes"] = sum(loaded) + sum(path.stat().st_size for path in own)
        while not page.evaluate(IS_KEPT):
            page.wait_for_timeout(100)
        results["first_visit_bytes"] = server.sent
        images = load_mnist().test.images[:NUM_IMAGES]
        results["networks"] = {
            network: _answers(page, network, images)
            | {"native": _native(network, images)}
            | {"num_bytes": (folder / "data" / "networks" / f"{network}.weights").stat().st_size}
            for network in SHIPPED_NAMES
        }
        results["browser"] = f"Chromium {browser.version}"
    return results


def _visit_server() -> Results:
    """What a browser that has never been there loads from `mnistlab serve` until the answer is on the screen."""
    with running_server() as server, chromium() as browser:
        page, seconds = _drawn(browser, server.address)
        entries = "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
        sizes = page.evaluate(f"{entries}.map((one) => [one.transferSize, one.decodedBodySize])")
    sent, unpacked = np.sum(sizes, axis=0).tolist()
    return {"seconds": seconds, "sent_bytes": sent, "unpacked_bytes": unpacked, "num_requests": len(sizes)}


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """A Chromium with nothing kept from earlier visits."""
    with sync_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


def _drawn(browser: Browser, address: str) -> tuple[Page, float]:
    """A new page at the address of a drawing, and the seconds until its answer was on the screen."""
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    began = time.perf_counter()
    page.goto(f"{address}/#tab=draw&{STROKES}")
    page.locator(".verdict .numeral").get_by_text("3").wait_for()
    return page, time.perf_counter() - began


def _answers(page: Any, network: str, images: np.ndarray) -> dict[str, float]:
    """Milliseconds from pixels to all activations and probabilities, in the browser."""
    pixels = images.reshape(len(images), -1).tolist()
    times = page.evaluate(ANSWER, [network, pixels])[NUM_WARM:]
    return {"median": float(np.median(times)), "p95": float(np.percentile(times, 95))}


def _native(network: str, images: np.ndarray) -> float:
    """Milliseconds for the probabilities with ONNX Runtime on one thread, without a browser; the median."""
    classifier, times = Classifier(PRETRAINED[SHIPPED_NAMES[network]], num_threads=1), []
    for image in images:
        began = time.perf_counter()
        classifier(image)
        times.append(1000 * (time.perf_counter() - began))
    return float(np.median(times[NUM_WARM:]))


def table(results: Results) -> str:
    """Sizes and times of a visit, and the time of each network's answer."""
    served = results["served"]
    rows = [
        ("files until the first answer", _megabytes(results["first_answer_bytes"]), "1 MB"),
        ("files of the first visit, after which it needs no network", _megabytes(results["first_visit_bytes"]), "8 MB"),
        ("time from opening a drawing's address to the answer", f"{results['first_answer_seconds']:.1f} s", ""),
        ("the same at `mnistlab serve`", f"{served['seconds']:.1f} s", ""),
        ("sent by `mnistlab serve` until that answer", _megabytes(served["sent_bytes"]), ""),
        ("time to build the folder", f"{results['build_seconds']:.0f} s", ""),
    ]
    answers = [
        (f"`{name}`", _megabytes(one["num_bytes"]), *(f"{one[key]:.1f} ms" for key in ("median", "p95", "native")))
        for name, one in results["networks"].items()
    ]
    titles = "network | file | answer in the browser, median | 95 of 100 | ONNX Runtime, one thread"
    return (
        f"{markdown_table('what | measured | limit', rows)}\n\n{markdown_table(titles, answers)}\n\n"
        f"{cores(results['environment'])}, {results['browser']}, {results['num_files']} files of together "
        f"{_megabytes(results['num_bytes'])}, given away uncompressed. An answer in the browser comes with every "
        f"layer's activations; {NUM_IMAGES - NUM_WARM} test images, one at a time."
    )


def _megabytes(num_bytes: float) -> str:
    return f"{num_bytes / 1e6:.2f} MB"


BENCHMARK = Benchmark(__file__, __doc__, measure, table)

if __name__ == "__main__":
    BENCHMARK.run()
