"""The whole notebook in numbers and sentences, for `results.json` and the report."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import numpy as np

from mnistlab import __version__, figures
from mnistlab.datasets import Dataset, preprocessing
from mnistlab.evaluation import Evaluation
from mnistlab.experiments import batch_size
from mnistlab.experiments.spread import place_among_others
from mnistlab.models import MODELS, summary_text
from mnistlab.reports.results import DatasetResults, ErrorComparison, ModelResults, ModelRun, NotebookResults
from mnistlab.reports.run_report import describe_classes
from mnistlab.runs import Run
from mnistlab.system.text import format_matrix

SAMPLE_SEED = 0  # of the nine samples shown; the last one is the digit whose matrix is shown, as in the notebook
NUM_SAMPLES = 9

Scored = tuple[Run, Evaluation]
"""A run, and what its network says of the test images."""


def describe(
    dataset: Dataset,
    scored: Mapping[str, Sequence[Scored]],
    sized: Sequence[Run],
    folder: Path,
    data_folder: Path | None = None,
) -> NotebookResults:
    """The content of the report, in numbers and sentences."""
    first = {name: of_model[0] for name, of_model in scored.items()}  # the seed shown in detail
    recipe, rows = first["mlp"][0].recipe, [batch_size.describe_run(run) for run in sized]
    results: NotebookResults = {
        "mnistlab": __version__,
        "environment": first["cnn"][0].environment,
        "dataset": _describe_dataset(dataset, data_folder),
        "models": {name: _describe_model(of_model, folder) for name, of_model in scored.items()},
        "batch_size": {
            "model": "mlp",
            "epochs": recipe.epochs,
            "rows": rows,
            "answer": batch_size.explain_runs(rows, reference=recipe.batch_size),
        },
        "comparison": compare_errors(first["mlp"][1], first["cnn"][1]),
        "folders": {name: run.folder.relative_to(folder).as_posix() for name, (run, _) in first.items()},
        "total_seconds": None,
        "seconds": None,
    }
    if place := place_among_others(first["cnn"][0]):
        results["cnn_among_others"] = place
    if warnings := _warnings(dataset, scored):
        results["warnings"] = warnings
    return results


def _warnings(dataset: Dataset, scored: Mapping[str, Sequence[Scored]]) -> list[str]:
    """Sentences on what looks wrong with the data, and with the accuracy of a run."""
    found = [*dataset.warnings]
    for name, of_model in scored.items():
        for run, _ in of_model:
            told = [each for each in run.metrics.get("warnings", []) if each not in dataset.warnings]
            found += [f"{name}, seed {run.recipe.seed}: {sentence}" for sentence in told]
    return found


def _describe_dataset(dataset: Dataset, folder: Path | None) -> DatasetResults:
    index = int(figures.sample_indices(len(dataset.train), NUM_SAMPLES, seed=SAMPLE_SEED)[-1])
    labels = dataset.train.labels[:3]
    described: DatasetResults = {
        "name": dataset.name,
        "train_images": len(dataset.train),
        "test_images": len(dataset.test),
        "height": dataset.train.images.shape[1],
        "width": dataset.train.images.shape[2],
        "class_counts": dataset.train.class_counts.tolist(),
        "sample": {
            "index": index,
            "label": int(dataset.train.labels[index]),
            "matrix": format_matrix(dataset.train.images[index]),
        },
        "one_hot": [
            {"label": int(label), "row": [int(value) for value in row]}
            for label, row in zip(labels, preprocessing.one_hot(labels), strict=True)
        ],
    }
    described.update(describe_classes(dataset))  # type: ignore[typeddict-item]  # a part of the same keys
    if folder is not None:  # an absolute path would say in a report that is passed on whose machine it was
        described["folder"] = folder.name if folder.is_absolute() else folder.as_posix()
    return described


def _describe_model(scored: Sequence[Scored], folder: Path) -> ModelResults:
    accuracies = np.array([run.metrics["test_accuracy"] for run, _ in scored])
    first, evaluation = scored[0]
    return {
        "recipe": first.recipe.settings(),
        "summary": summary_text(MODELS[first.recipe.model]()),
        "num_parameters": first.metrics["num_parameters"],
        "num_train_images": first.metrics["num_train_images"],
        "runs": [_describe_run(run, folder) for run, _ in scored],
        "test_accuracy_mean": float(accuracies.mean()),
        "test_accuracy_std": float(accuracies.std(ddof=1)) if len(scored) > 1 else None,
        "per_digit_accuracy": evaluation.per_digit_accuracy,
        "confusion": evaluation.confusion.tolist(),
    }


def _describe_run(run: Run, folder: Path) -> ModelRun:
    metrics = run.metrics
    names = ("seed", "train_seconds", "images_per_second", "test_accuracy", "test_loss", "test_errors")
    others = {
        "folder": run.folder.relative_to(folder).as_posix(),
        "interval": [metrics["test_accuracy_low"], metrics["test_accuracy_high"]],
        "history": run.history,
    }
    return cast(ModelRun, {name: metrics[name] for name in names} | others)


def compare_errors(mlp: Evaluation, cnn: Evaluation) -> ErrorComparison:
    """The relation of the two networks' mistakes on the same images, in numbers and one sentence.

    Example:
        >>> labels = np.zeros(4, np.uint8)
        >>> right, wrong = np.eye(10, dtype=np.float32)[[0]], np.eye(10, dtype=np.float32)[[1]]
        >>> one = Evaluation(labels, np.concatenate([right, right, wrong, wrong]))
        >>> other = Evaluation(labels, np.concatenate([right, right, right, wrong]))
        >>> print(compare_errors(one, other)["sentence"])
        The mlp got 2 of 4 images wrong and the cnn 1, half as many; 1 was wrong for both.
    """
    mlp_wrong, cnn_wrong = mlp.predictions != mlp.labels, cnn.predictions != cnn.labels
    errors = {"mlp": mlp.errors, "cnn": cnn.errors}
    both = int(np.sum(mlp_wrong & cnn_wrong))
    sentence = (
        f"The mlp got {mlp.errors:,} of {mlp.num_images:,} images wrong and the cnn {cnn.errors:,}"
        f"{_ratio_phrase(cnn.errors, mlp.errors)}; {both:,} {'was' if both == 1 else 'were'} wrong for both."
    )
    return {
        "errors": errors,
        "both_wrong": both,
        "only_mlp_wrong": int(np.sum(mlp_wrong & ~cnn_wrong)),
        "only_cnn_wrong": int(np.sum(cnn_wrong & ~mlp_wrong)),
        "sentence": sentence,
    }


def _ratio_phrase(count: int, reference: int) -> str:
    if not count or not reference:
        return ""
    if count == reference:
        return ", just as many"
    if abs(count / reference - 0.5) < 0.02:
        return ", half as many"
    return f", {count / reference:.2f} times as many"
