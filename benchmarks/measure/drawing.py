"""How well the page reads what is drawn on it, and how soon: 160 recorded drawings, drawn with the mouse in Chromium.

Runs the test that draws them (tests/browser/test_drawing.py), with a real server and a real browser, and keeps what it
reports. The drawings are those of strokes.py. The time is that from the event that lifts the pen to the change on the
screen that shows the answer. Writes benchmarks/results/drawing.json and puts its table into docs/results.md.

    python benchmarks/measure/drawing.py [--table-only]
"""

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks.measure import readme
from mnistlab.backend import describe_environment
from mnistlab.files import write_json
from mnistlab.metrics import wilson_interval

ROOT = Path(__file__).parents[2]
RESULTS = Path(__file__).parents[1] / "results" / "drawing.json"
DOCUMENT = ROOT / "docs" / "results.md"
TEST = "tests/browser/test_drawing.py::test_recorded_drawings_are_read_right[1]"


def measure() -> dict[str, Any]:
    """What the test reports."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "slow", TEST]
        subprocess.run(command, cwd=ROOT, env=os.environ | {"MNISTLAB_BROWSER_REPORT": str(report)}, check=True)
        measured = json.loads(report.read_text(encoding="utf-8"))
    return measured | {"environment": describe_environment() | {"precision": "float32"}}


def table(results: dict[str, Any]) -> str:
    """The results as Markdown."""
    right, number, waits = results["right"], results["num_drawings"], results["answer_milliseconds"]
    low, high = wilson_interval(right, number)
    wrong = Counter(style for _, style, *_ in results["wrong"])
    lines = ["| hand | drawings | read right |", "| --- | ---: | ---: |"]
    for style, count in results["styles"].items():
        lines.append(f"| {style} | {count} | {count - wrong[style]} |")
    lines.append(f"| all | {number} | {right} |")
    environment = results["environment"]
    lines += [
        "",
        f"{right / number * 100:.1f} % (95 % interval {low * 100:.1f}–{high * 100:.1f}). From the last stroke "
        f"to the answer on the screen it takes {waits['median']:.0f} ms (median), {waits['p95']:.0f} ms (95 of 100), "
        f"{waits['largest']:.0f} ms (the slowest), three networks side by side; {environment['num_cpus']} cores of an "
        f"{environment['cpu']}, which server and browser share, {results['browser']}.",
    ]
    return "\n".join(lines)


def main() -> None:
    """Measures and writes."""
    if not readme.parser(__doc__).parse_args().table_only:
        write_json(RESULTS, measure())
    readme.put("drawing.py", table(json.loads(RESULTS.read_text(encoding="utf-8"))), DOCUMENT)


if __name__ == "__main__":
    main()
