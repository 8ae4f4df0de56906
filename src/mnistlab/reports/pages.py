"""Self-contained HTML reports: the story of the whole notebook, and one run.

A report is one file without scripts and without requests to anywhere. Every number comes from the results, and every
sentence that compares is made from the numbers, so that none can contradict the table beside it.
"""

import math
import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jinja2
from markupsafe import Markup

from mnistlab.datasets.classes import Classes
from mnistlab.exceptions import UsageError
from mnistlab.reports.results import (
    BatchSizeResults,
    ExperimentResults,
    FeedbackResults,
    ModelResults,
    NotebookResults,
    RunResults,
)
from mnistlab.system import text, theme
from mnistlab.system.text import interval, percent, plural, seconds, unbroken

NAMES = {"mlp": "fully connected network", "cnn": "convolutional network"}

RUN_FIGURES = ("history", "confusion", "per_digit", "right", "wrong")
NOTEBOOK_FIGURES = (
    *("samples", "matrix", "flattening", "network", "augmentation", "batch_size", "comparison"),
    *(f"{model}_{figure}" for model in NAMES for figure in RUN_FIGURES),
)

NEXT_COMMANDS = (
    ("Does more training help?", "mnistlab train cnn --epochs 20 --out runs/cnn-20"),
    (
        "How much of a result is luck? Train again from another seed.",
        "mnistlab train cnn --seed 1 --out runs/cnn-seed-1",
    ),
    ("Does another batch size do better?", "mnistlab train mlp --batch-size 32 --out runs/mlp-32"),
    ("How good is a run on the test images?", "mnistlab evaluate runs/cnn-20"),
)
"""Questions that the report leaves open, each with the command that answers it."""

SIMILAR_POINTS = 2.0  # percentage points between two accuracies that a reader may call fairly similar
SIMILAR_RATIO = 1.25  # ratio of errors up to which the errors are called similar too


def render_notebook(results: NotebookResults, figures: Mapping[str, str]) -> str:
    """The report of `mnistlab run`: from the first image to the comparison of the two networks.

    Args:
        results: Content of `results.json`.
        figures: SVG from `figures.to_svg` for each name in `NOTEBOOK_FIGURES`.

    Returns:
        An HTML page.

    Raises:
        UsageError: if a figure is missing.
    """
    mlp, cnn = results["models"]["mlp"], results["models"]["cnn"]
    return _render(
        "notebook.html.j2",
        results,
        figures,
        NOTEBOOK_FIGURES,
        answer=_answer(results),
        similarity=_similarity(results),
        parameters_compared=_compare_parameters(mlp["num_parameters"], cnn["num_parameters"]),
        recipes_compared=_compare_recipes(mlp["recipe"], cnn["recipe"]),
        steps_compared=_compare_steps(results["batch_size"]),
        shear=_explain_shear(cnn["recipe"]["augmentation"], results["dataset"]["height"]),
        steps=_steps_per_epoch,
        last_batch=_explain_last_batch,
        epochs_in_words=_epochs,
        next_commands=_next_commands(results["dataset"].get("folder")),
        classes=_classes(results["dataset"]),
    )


def render_run(results: RunResults, figures: Mapping[str, str]) -> str:
    """The report of one run folder.

    Args:
        results: The run in numbers. `confusion`, where it is known, has 10 rows of true digits with 10 counts of
            predicted ones.
        figures: SVG from `figures.to_svg` for each name in `RUN_FIGURES`.

    Returns:
        An HTML page.

    Raises:
        UsageError: if a figure is missing.
    """
    metrics, total = results["metrics"], results["num_test_images"]
    members = metrics.get("members", 1)
    of_each = f" of each of {members} networks, averaged," if members > 1 else ""
    sentence = unbroken(
        f"{total - metrics['test_errors']:,} of {total:,} test images right: {percent(metrics['test_accuracy'])} "
        f"(95 % interval {interval(results['interval'])}), after {_epochs(metrics['epochs'])}{of_each} "
        f"in {seconds(metrics['train_seconds'])}."
    )
    classes = _classes(results.get("dataset", {"name": "MNIST"}))
    return _render("run.html.j2", results, figures, RUN_FIGURES, result_sentence=sentence, classes=classes)


def render_experiment(results: ExperimentResults, figures: Mapping[str, str], captions: Mapping[str, str]) -> str:
    """The report of an experiment: it begins with the answer.

    Args:
        results: Content of `results.json`.
        figures: SVG from `figures.to_svg` by name.
        captions: Caption of each figure by name.

    Returns:
        An HTML page.
    """
    first = results["groups"][0]
    summed = ("num_seeds", "accuracy", "seconds", "difference", "p_value")
    figures_shown = ("seed", "steps", "test_accuracy", "test_errors", "train_seconds")
    columns = [name for name in first if name not in summed]
    setting_columns = list(results["settings"][0])
    row_columns = [name for name in results["rows"][0] if name in columns or name in figures_shown]
    return _render(
        "experiment.html.j2",
        results,
        figures,
        tuple(figures),
        captions=captions,
        columns=columns,
        setting_columns=setting_columns if set(setting_columns) - set(columns) else [],
        row_columns=list(dict.fromkeys(row_columns)),
        tested="p_value" in first,
    )


def render_feedback(results: FeedbackResults) -> str:
    """What one student is told about a notebook that was graded.

    Args:
        results: The grade, with a sentence for each step.

    Returns:
        An HTML page.
    """
    return _render("feedback.html.j2", results, {}, ())


def _render(
    template: str, results: Mapping[str, Any], figures: Mapping[str, str], expected: Sequence[str], **context: Any
) -> str:
    missing = [name for name in expected if name not in figures]
    if missing:
        raise UsageError(f"The report lacks the figures {', '.join(missing)}; it needs {', '.join(expected)}.")
    return _ENVIRONMENT.get_template(template).render(
        results=results,
        # The only text that is not escaped: SVG that mnistlab.figures made, and its own CSS.
        figures={name: Markup(figures[name]) for name in expected},
        css_variables=Markup(theme.css_variables()),
        environment={"mnistlab": results["mnistlab"], **results["environment"]},
        **context,
    )


def _classes(dataset: Mapping[str, Any]) -> Classes:
    """What the classes of a data set are called: digits if it is MNIST or the results say so."""
    noun, names = dataset.get("noun", "digit" if dataset["name"] == "MNIST" else "class"), dataset.get("class_names")
    return Classes(noun, None if names is None else tuple(names))


def _next_commands(data_folder: str | None) -> list[tuple[str, str]]:
    """The commands of `NEXT_COMMANDS` on the data of the report."""
    data = "" if data_folder is None else f" --data {shlex.quote(data_folder)}"
    return [(question, f"{command}{data}") for question, command in NEXT_COMMANDS]


def _answer(results: NotebookResults) -> str:
    total = results["dataset"]["test_images"]
    mlp, cnn = (results["models"][model]["runs"][0] for model in NAMES)
    errors = {name: results["models"][model]["runs"][0]["test_errors"] for model, name in NAMES.items()}
    reads = "reads" if _classes(results["dataset"]).is_digits else "classifies"
    return unbroken(
        f"Of {total:,} test images, the {NAMES['mlp']} {reads} {percent(mlp['test_accuracy'])} correctly after "
        f"{seconds(mlp['train_seconds'])} of training, the {NAMES['cnn']} {percent(cnn['test_accuracy'])} after "
        f"{seconds(cnn['train_seconds'])}. {_compare_errors(errors)}"
    )


def _compare_errors(errors: Mapping[str, int]) -> str:
    """A sentence about which of two networks makes more errors, and how many times as many."""
    (fewer, least), (more, most) = sorted(errors.items(), key=lambda item: item[1])
    if least == most:
        return f"Both make the same number of errors: {least:,}."
    if least == 0:
        return f"The {fewer} makes no error, the {more} {most:,}."
    if most / least < SIMILAR_RATIO:
        return f"The {more} makes {most:,} errors, the {fewer} {least:,}."
    return f"The {more} makes {most / least:.1f} times as many errors: {most:,} against {least:,}."


def _similarity(results: NotebookResults) -> str:
    """Sentences about whether the two accuracies, and the two counts of errors, may be called "fairly similar"."""
    total = results["dataset"]["test_images"]
    errors = {name: results["comparison"]["errors"][model] for model, name in NAMES.items()}
    least, most = sorted(errors.values())
    points = 100 * (most - least) / total
    counted = _compare_errors(errors)
    if least == most:
        return f"The two accuracies are equal. {counted}"
    similar = points <= SIMILAR_POINTS
    verdict = "one may call them fairly similar" if similar else "nobody would call them fairly similar"
    first = f"The two accuracies lie {points:.2f} percentage points apart, and {verdict}."
    if least and most / least <= SIMILAR_RATIO:
        return f"{first} Counted in errors they are close as well. {counted}"
    bridge = "Near 100 % it is the errors that tell models apart, and these are not similar at all." if similar else ""
    return " ".join(part for part in (first, bridge, counted) if part)


def _compare_parameters(mlp: int, cnn: int) -> str:
    relation = "as many as" if mlp == cnn else "fewer than" if cnn < mlp else "more than"
    return f"It has {cnn:,} parameters, {relation} the fully connected network's {mlp:,}."


def _compare_recipes(mlp: Mapping[str, Any], cnn: Mapping[str, Any]) -> str:
    """A sentence about whether convolution may be credited with the difference."""
    others = [name for name in cnn if name not in ("name", "model") and cnn[name] != mlp.get(name)]
    if not others:
        return "The two recipes, below, differ in nothing but the network."
    named = ", ".join(name.replace("_", " ") for name in others)
    return (
        f"The recipes, below, differ in more than the network, namely in: {named}. Think of that before crediting the "
        "whole difference to convolution."
    )


def _compare_steps(experiment: BatchSizeResults) -> str:
    """A sentence about the number of steps that the smallest and the largest batches make in the same epochs."""
    rows = sorted(experiment["rows"], key=lambda row: row["batch_size"])
    if len(rows) < 2:
        return ""
    small, large = rows[0], rows[-1]
    return (
        f"Over {_epochs(experiment['epochs'])}, batches of {small['batch_size']:,} make {small['steps']:,} steps and "
        f"batches of {large['batch_size']:,} make {large['steps']:,}."
    )


def _explain_shear(augmentation: Mapping[str, float] | None, height: int) -> str:
    """A sentence about the shear's effect on the image: how far the outermost row slides against the middle."""
    if augmentation is None:
        return ""
    pixels = math.tan(math.radians(augmentation["shear"])) * (height - 1) / 2
    meaning = f"That slides the outermost row by at most {pixels:.2f} pixel against the middle"
    if pixels < 0.5:
        return f"{meaning}, too little to see: the number is an angle in degrees, small as if it had meant radians."
    return f"{meaning}."


def _steps_per_epoch(model: ModelResults) -> int:
    num_steps: int = math.ceil(model["num_train_images"] / model["recipe"]["batch_size"])
    return num_steps


def _explain_last_batch(model: ModelResults) -> str:
    """A sentence about the images that do not fill a batch; starts with a space, or is empty."""
    left = model["num_train_images"] % model["recipe"]["batch_size"]
    if not left:
        return ""
    return f" The last step of an epoch gets the {left:,} images that are left; rounding down would have dropped them."


def _epochs(epochs: int) -> str:
    return "one epoch" if epochs == 1 else plural(epochs, "epoch")


def _unbroken(words: Callable[..., str]) -> Callable[..., str]:
    """A function for the same words with no-break spaces."""
    return lambda *values: unbroken(words(*values))


_ENVIRONMENT = jinja2.Environment(
    loader=jinja2.PackageLoader("mnistlab.reports"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
_ENVIRONMENT.filters |= {
    words.__name__: words
    for words in (text.cell, text.count, text.decimals, text.p_value, text.plain, text.points, text.unbroken)
}
_ENVIRONMENT.filters |= {words.__name__: _unbroken(words) for words in (interval, percent, seconds)}
