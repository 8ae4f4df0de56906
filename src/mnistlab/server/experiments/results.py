"""The results of experiments as the page shows them: those that mnistlab publishes, and the user's own."""

import functools
import itertools
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mnistlab.evaluation.charts import Chart

Shown = dict[str, Any]

PUBLISHED_PATH = Path(__file__).parents[2] / "experiments" / "published.json"
"""What the page shows of the results of `benchmarks/measure/questions.py`. That program writes the file."""

MAX_BYTES = 5_000_000  # larger files of results are left out
DEPTH = 2  # levels of folders that are searched


@functools.cache
def published() -> dict[str, Shown]:
    """The experiments whose results ship with mnistlab, by name."""
    results = json.loads(PUBLISHED_PATH.read_text(encoding="utf-8"))
    return {
        name: describe(one, one["title"]) | {"source": "published", "folder": None, "command": one["command"]}
        for name, one in results.items()
    }


def find_own(folders: Iterable[Path]) -> dict[Path, Shown]:
    """The user's own experiments in and below some folders. Damaged ones are left out."""
    found = {}
    for folder in folders:
        patterns = ["/".join(["*"] * depth + ["results.json"]) for depth in range(DEPTH + 1)]
        for path in sorted(itertools.chain.from_iterable(folder.glob(pattern) for pattern in patterns)):
            own = path.parent
            try:
                if path.stat().st_size <= MAX_BYTES:
                    described = describe(json.loads(path.read_text(encoding="utf-8")), own.name)
                    found[own] = described | {"source": "own", "folder": str(own), "command": None}
            except (OSError, ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError):
                continue
    return found


def describe(results: dict[str, Any], title: str) -> Shown:
    """An experiment for the page: question, answer, charts.

    Args:
        results: Content of `results.json`. Older versions of mnistlab wrote no `charts`.
        title: Heading, in two or three words.

    Returns:
        `title`, `question`, `answer` and `method` as sentences, `conditions`, one sentence of data and hardware, and
        `charts`.

    Raises:
        KeyError, TypeError, ValueError: if these are not the results of an experiment.
    """
    environment = results["environment"]
    charts = [Chart.from_plain(chart) for chart in results.get("charts", {}).values()]
    return {
        "title": title,
        "experiment": str(results["experiment"]),
        "question": str(results["question"]),
        "answer": [str(sentence) for sentence in results["answer"]],
        "method": [str(sentence) for sentence in results["method"]],
        "conditions": f"{int(results['num_test_images']):,} test images of {results['dataset']}; "
        f"{int(environment['num_cpus'])} cores of an {environment['cpu']}, {environment['backend']}, "
        f"Keras {environment['keras']}.{' Bars are 95 % intervals.' if charts else ''}",
        "charts": charts,
    }
