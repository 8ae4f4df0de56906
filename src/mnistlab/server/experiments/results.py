"""The results of experiments as the page shows them: those that mnistlab publishes, and the user's own."""

import dataclasses
import functools
import itertools
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mnistlab.evaluation.charts import Axis, Chart, Series
from mnistlab.server.experiments.translation import translated_result
from mnistlab.server.http.sentences import tell

Shown = dict[str, Any]

PUBLISHED_PATH = Path(__file__).parents[2] / "experiments" / "published.json"
"""What the page shows of the results of `benchmarks/measure/questions.py`. That program writes the file."""

MAX_BYTES = 5_000_000  # larger files of results are left out
DETAIL = " In detail, "  # stands before the figures of an answer
DEPTH = 2  # levels of folders that are searched


@functools.cache
def _published_results() -> dict[str, Any]:
    return dict(json.loads(PUBLISHED_PATH.read_text(encoding="utf-8")))


def published() -> dict[str, Shown]:
    """The experiments whose results ship with mnistlab, by name."""
    return {
        name: describe(one, translated_result(one["title"]))
        | {"source": "published", "folder": None, "command": one["command"]}
        | {"lead": tell(f"experiments.lead_{name.replace('-', '_')}")}
        for name, one in _published_results().items()
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
        `title`, `question`, `lead`, the answer in one sentence, `answer` and `method` as sentences,
        `conditions`, one sentence of data and hardware, and `charts`.

    Raises:
        KeyError, TypeError, ValueError: if these are not the results of an experiment.
    """
    environment = results["environment"]
    charts = [Chart.from_plain(chart) for chart in results.get("charts", {}).values()]
    return {
        "title": title,
        "experiment": str(results["experiment"]),
        "question": translated_result(str(results["question"])),
        "lead": translated_result(str(results["answer"][0]).split(DETAIL)[0]) if results["answer"] else "",
        "answer": [translated_result(str(sentence)) for sentence in results["answer"]],
        "method": [translated_result(str(sentence)) for sentence in results["method"]],
        "conditions": tell(
            "experiments.conditions",
            images=int(results["num_test_images"]),
            dataset=str(results["dataset"]),
            cores=int(environment["num_cpus"]),
            processor=str(environment["cpu"]),
            backend=str(environment["backend"]),
            keras=str(environment["keras"]),
        ),
        "charts": [_translated_chart(chart) for chart in charts],
    }


def _translated_chart(chart: Chart) -> Chart:
    """A chart whose titles and names are in the language of the request."""

    def axis(one: Axis) -> Axis:
        return dataclasses.replace(one, title=translated_result(one.title), unit=translated_result(one.unit))

    def series(one: Series) -> Series:
        points = [
            dataclasses.replace(point, x=translated_result(point.x)) if isinstance(point.x, str) else point
            for point in one.points
        ]
        return dataclasses.replace(one, name=translated_result(one.name), points=tuple(points))

    return dataclasses.replace(
        chart,
        title=translated_result(chart.title),
        x=axis(chart.x),
        y=axis(chart.y),
        series=tuple(series(one) for one in chart.series),
        marks=tuple(series(one) for one in chart.marks),
    )
