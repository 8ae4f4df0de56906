"""The results of experiments as charts with intervals: those that mnistlab publishes, and the user's own."""

import itertools
import json
import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

Results = dict[str, Any]
Group = dict[str, Any]

PUBLISHED_PATH = Path(__file__).parents[2] / "experiments" / "published.json"
"""What `benchmarks/measure/questions.py` measured, without the single trainings. That program writes the file."""

PUBLISHED_KEYS = (
    *("experiment", "question", "answer", "method", "dataset", "num_test_images", "environment", "groups"),
    *("difference", "p_value", "mcnemar"),
)
TITLES = {
    "batch-size": "Batch size",
    "compare": "MLP against CNN",
    "label-noise": "Random labels",
    "biased-noise": "Biased labels",
    "augmentation": "Augmentation",
}
COMMANDS = {  # arguments of `mnistlab experiment`
    "batch-size": ["batch-size", "--seeds", "5"],
    "compare": ["compare", "mlp", "cnn", "--seeds", "5"],
    "label-noise": ["label-noise", "--seeds", "3"],
    "biased-noise": [
        *("label-noise", "--models", "mlp", "--alphas", "20", "--biases", "0,0.02,0.04,0.05,0.06,0.08,0.1"),
        *("--seeds", "3"),
    ],
    "augmentation": [
        *("augmentation", "--model", "fast", "--recipe", "augmentation=yes", "--recipe", "epochs=4", "--seeds", "5"),
    ],
}
"""The commands that made the published results."""

MAX_BYTES = 5_000_000  # larger files of results are left out
DEPTH = 2  # levels of folders that are searched


def published(results: Results) -> Results:
    """The part of an experiment's results that the page shows.

    Args:
        results: Content of `results.json`, or an entry of `benchmarks/results/questions.json`.
    """
    return {key: results[key] for key in PUBLISHED_KEYS if key in results}


def find_results(folders: Iterable[Path]) -> dict[Path, Results]:
    """The results of the user's own experiments in and below some folders. Damaged ones are left out."""
    found = {}
    for folder in folders:
        patterns = ["/".join(["*"] * depth + ["results.json"]) for depth in range(DEPTH + 1)]
        for path in sorted(itertools.chain.from_iterable(folder.glob(pattern) for pattern in patterns)):
            try:
                if path.stat().st_size <= MAX_BYTES:
                    results = json.loads(path.read_text(encoding="utf-8"))
                    describe(path.parent.name, results)
                    found[path.parent] = results
            except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
                continue
    return found


def describe(name: str, results: Results) -> dict[str, Any]:
    """An experiment for the page: question, answer, charts.

    Args:
        name: Name of a published experiment, such as `batch-size`, or of the folder of the user's own.
        results: Content of `results.json`.

    Returns:
        `title`, `question`, `answer` and `method` as sentences, `conditions`, one sentence of data and hardware, and
        `charts`. A chart has a `title`, its axes `x` and `y` with `title` and `scale`, and `series` of points with `x`,
        `y`, `low`, `high` and `num`. Accuracies and differences are in percent and points.

    Raises:
        KeyError, TypeError, ValueError: if these are not results of an experiment that the page knows.
    """
    kind = str(results["experiment"])
    environment = results["environment"]
    return {
        "title": TITLES.get(name, name),
        "experiment": kind,
        "question": str(results["question"]),
        "answer": [str(sentence) for sentence in results["answer"]],
        "method": [str(sentence) for sentence in results["method"]],
        "conditions": f"{int(results['num_test_images']):,} test images of {results['dataset']}; "
        f"{int(environment['num_cpus'])} cores of an {environment['cpu']}, {environment['backend']}, "
        f"Keras {environment['keras']}. Bars are 95 % intervals.",
        "charts": CHARTS[kind](results),
    }


def _batch_size(results: Results) -> list[dict[str, Any]]:
    groups = results["groups"]
    x = {"title": "images a batch", "scale": "log"}
    accuracy = _series(groups, "view", lambda group: _point(group["batch_size"], group["accuracy"], 100))
    seconds = _series(groups, "view", lambda group: _point(group["batch_size"], group["seconds"]))
    return [
        _chart("Test accuracy", x, {"title": "test accuracy, %", "scale": "linear"}, accuracy),
        _chart("Training time", x, {"title": "seconds of training", "scale": "log"}, seconds),
    ]


def _label_noise(results: Results) -> list[dict[str, Any]]:
    groups = results["groups"]
    y = {"title": "test accuracy, %", "scale": "linear"}
    if len({group["bias"] for group in groups}) > 1:
        x = {"title": "random labels that are one confusing digit, %", "scale": "linear"}
        series = _series(groups, "model", lambda group: _point(100 * group["bias"], group["accuracy"], 100))
    else:
        x = {"title": "random labels for each true one", "scale": "linear"}
        series = _series(groups, "model", lambda group: _point(group["alpha"], group["accuracy"], 100))
    return [_chart("Test accuracy", x, y, series)]


def _compare(results: Results) -> list[dict[str, Any]]:
    groups = results["groups"]
    x = {"title": "", "scale": "names"}
    accuracy = [_point(group["recipe"], group["accuracy"], 100) for group in groups]
    seconds = [_point(group["recipe"], group["seconds"]) for group in groups]
    return [
        _chart(
            "Test accuracy", x, {"title": "test accuracy, %", "scale": "linear"}, [{"name": "", "points": accuracy}]
        ),
        _chart(
            "Training time", x, {"title": "seconds of training", "scale": "zero"}, [{"name": "", "points": seconds}]
        ),
    ]


def _augmentation(results: Results) -> list[dict[str, Any]]:
    groups = [group for group in results["groups"] if group.get("difference") is not None]
    points = [_point(str(group["augmentation"]).replace("_", " "), group["difference"], 100) for group in groups]
    x = {"title": "", "scale": "names"}
    y = {"title": "points of accuracy, against none", "scale": "zero"}
    return [_chart("What each part changes", x, y, [{"name": "", "points": points}])]


CHARTS: dict[str, Callable[[Results], list[dict[str, Any]]]] = {
    "batch-size": _batch_size,
    "label-noise": _label_noise,
    "compare": _compare,
    "augmentation": _augmentation,
}


def _chart(title: str, x: dict[str, str], y: dict[str, str], series: list[dict[str, Any]]) -> dict[str, Any]:
    return {"title": title, "x": x, "y": y, "series": series}


def _series(groups: Sequence[Group], key: str, point: Callable[[Group], dict[str, Any]]) -> list[dict[str, Any]]:
    """One series for each value of a column, in their order in the results."""
    names = list(dict.fromkeys(str(group[key]) for group in groups))
    return [{"name": name, "points": [point(group) for group in groups if group[key] == name]} for name in names]


def _point(x: float | str, measured: dict[str, Any], factor: float = 1.0) -> dict[str, Any]:
    """A mean with its 95 % interval, which a single training does not have."""
    low, high = (None if measured[end] is None else _finite(factor * measured[end]) for end in ("low", "high"))
    place = x if isinstance(x, str) else _finite(x)
    return {"x": place, "y": _finite(factor * measured["mean"]), "low": low, "high": high, "num": int(measured["num"])}


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError("a figure is not a finite number")
    return round(float(value), 6)
