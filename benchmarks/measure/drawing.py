"""How well the page reads what is drawn on it, and how soon: 160 recorded drawings, drawn with the mouse in Chromium.

    python benchmarks/measure/drawing.py [--table-only]

Runs the test that draws them (tests/browser/test_drawing.py), with a real server and a real browser, and keeps its
report. The drawings are those of benchmarks/material/strokes.py. The time runs from the event that lifts the pen to the
change on the screen that shows the answer.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks.measure.benchmark import ROOT, Benchmark, Results, cores, markdown_table
from mnistlab.evaluation.metrics import wilson_interval
from mnistlab.models.backend import describe_environment

TEST = "tests/browser/test_drawing.py::test_recorded_drawings_are_read_right[1]"


def measure() -> Results:
    """Runs the test and returns its report."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "slow", TEST]
        subprocess.run(command, cwd=ROOT, env=os.environ | {"MNISTLAB_BROWSER_REPORT": str(report)}, check=True)
        measured = json.loads(report.read_text(encoding="utf-8"))
    return measured | {"environment": describe_environment() | {"precision": "float32"}}


def table(results: Results) -> str:
    """The drawings of each hand that were read correctly, and a sentence on the time."""
    right, number, waits = results["right"], results["num_drawings"], results["answer_milliseconds"]
    low, high = wilson_interval(right, number)
    wrong = Counter(style for _, style, *_ in results["wrong"])
    rows = [(style, f"{count}", f"{count - wrong[style]}") for style, count in results["styles"].items()]
    return (
        markdown_table("hand | drawings | read right", [*rows, ("all", f"{number}", f"{right}")])
        + f"\n\n{right / number * 100:.1f} % (95 % interval {low * 100:.1f}–{high * 100:.1f}). From the last stroke "
        f"to the answer on the screen it takes {waits['median']:.0f} ms (median), {waits['p95']:.0f} ms (95 of 100), "
        f"{waits['largest']:.0f} ms (the slowest), three networks side by side; {cores(results['environment'])}, which "
        f"server and browser share, {results['browser']}."
    )


BENCHMARK = Benchmark(__file__, __doc__, measure, table)

if __name__ == "__main__":
    BENCHMARK.run()
