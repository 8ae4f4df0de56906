"""Training in the browser: how well the network of the Train tab classifies after how many seconds.

    python benchmarks/measure/learning.py [--table-only]

Starts `mnistlab serve`, and trains the network that the Train tab proposes (784-128-64-10, Adam, batches of 128, seed
0) on all 60,000 training images in Chromium, with the modules of the page. After each epoch it classifies all 10,000
test images; their time is not counted, and nothing is chosen by them.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks.measure.benchmark import Benchmark, Results, cores, markdown_table
from mnistlab.models.backend import describe_environment

EPOCHS, NUM_IMAGES = 5, 60_000
PATIENCE = 900_000  # milliseconds
PREPARE = """async (epochs) => {
  const { fetchSplit } = await import("/web/learning/images.js");
  const { createLearner } = await import("/web/learning/learner.js");
  const began = performance.now();
  const [train, test] = await Promise.all([fetchSplit("train"), fetchSplit("test")]);
  const settings = { hidden: [128, 64], epochs, batchSize: 128, learningRate: 0.001, seed: 0 };
  window.learned = { learner: createLearner(settings, train, test), test };
  return (performance.now() - began) / 1000;
}"""
EPOCH = """(epochs) => {
  const { learner } = window.learned;
  const began = performance.now();
  for (let left = learner.numSteps / epochs; left > 0; left--) learner.learn();
  return (performance.now() - began) / 1000;
}"""
SCORE = "() => window.learned.learner.accuracy(window.learned.test)"


def measure() -> Results:
    """Serves and trains."""
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, "-m", "mnistlab", "serve", "--port", "0", "--runs", f"{scratch}/runs"]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout is not None
            found = next(filter(None, (re.search(r"http://[\w.:]+", line) for line in server.stdout)))
            return _train(found[0]) | {"environment": describe_environment() | {"precision": "float32"}}
        finally:
            server.terminate()
            server.wait(30)


def _train(address: str) -> Results:
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(address)
        metrics = page.context.new_cdp_session(page)
        metrics.send("Performance.enable")

        def computed() -> float:
            """Processor seconds of the page so far."""
            listed = metrics.send("Performance.getMetrics")["metrics"]
            return float(next(one["value"] for one in listed if one["name"] == "ProcessTime"))

        results: Results = {"load_seconds": page.evaluate(PREPARE, EPOCHS), "epochs": []}
        clock = processor = 0.0
        for _ in range(EPOCHS):
            before = computed()
            clock += page.evaluate(EPOCH, EPOCHS)
            processor += computed() - before
            accuracy = page.evaluate(SCORE)
            results["epochs"].append({"seconds": clock, "processor_seconds": processor, "test_accuracy": accuracy})
        results |= {"browser": f"Chromium {browser.version}", "load_average": os.getloadavg()[0]}
        browser.close()
    return results


def table(results: Results) -> str:
    """Accuracy after each epoch, and how long it took."""
    rows = [
        (
            str(number),
            f"{one['seconds']:.0f} s",
            f"{one['processor_seconds']:.0f} s",
            f"{number * NUM_IMAGES / one['processor_seconds']:,.0f}",
            f"{100 * one['test_accuracy']:.2f} %",
        )
        for number, one in enumerate(results["epochs"], start=1)
    ]
    titles = "epochs | clock | processor time | images per second of it | test images correct"
    machine = f"{cores(results['environment'])}, {results['browser']}, one seed."
    return (
        f"{markdown_table(titles, rows)}\n\n{machine} Other programs were using the cores as well (load average "
        f"{results['load_average']:.0f}); the clock counts the waiting for them, the processor time does not. "
        f"Fetching and unpacking the images took {results['load_seconds']:.1f} s."
    )


BENCHMARK = Benchmark(__file__, __doc__, measure, table)

if __name__ == "__main__":
    BENCHMARK.run()
