"""The experiments whose results ship with the package: titles, the commands that made them, and what is kept."""

from collections.abc import Mapping
from typing import Any

PUBLISHED = {
    "batch-size": ("Batch size", "batch-size --seeds 5"),
    "compare": ("MLP against CNN", "compare mlp cnn --seeds 5"),
    "label-noise": ("Random labels", "label-noise --seeds 3"),
    "biased-noise": (
        "Biased labels",
        "label-noise --models mlp --alphas 20 --biases 0,0.02,0.04,0.05,0.06,0.08,0.1 --seeds 3",
    ),
    "augmentation": (
        "Augmentation",
        "augmentation --model fast --recipe augmentation=yes --recipe epochs=4 --seeds 5",
    ),
}
"""Title on the page, and arguments of `mnistlab experiment`, for each in the page's order."""

ARGUMENTS = {name: arguments.split() for name, (_, arguments) in PUBLISHED.items()}

KEYS = ("experiment", "question", "answer", "method", "dataset", "num_test_images", "environment", "charts")


def published(name: str, results: Mapping[str, Any]) -> dict[str, Any]:
    """The part of an experiment's results that ships with the package, for the page.

    Args:
        name: A key of `PUBLISHED`.
        results: Content of `results.json`, or an entry of `benchmarks/results/questions.json`.
    """
    title, arguments = PUBLISHED[name]
    return {"title": title, "command": f"mnistlab experiment {arguments}"} | {key: results[key] for key in KEYS}
