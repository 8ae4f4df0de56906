"""From the rows of an experiment to what a person opens: answer, table, figures, report."""

import csv
import dataclasses
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mnistlab import __version__, reports
from mnistlab.datasets import Dataset
from mnistlab.experiments.cells import Cell, differing_settings, train_cells
from mnistlab.experiments.summaries import Row
from mnistlab.models.backend import describe_environment
from mnistlab.reports.run_report import write_figures
from mnistlab.runs import Run
from mnistlab.runs.folders import own_results
from mnistlab.system.files import write_json, write_text


@dataclasses.dataclass(frozen=True)
class Findings:
    """What an experiment found.

    Args:
        answer: plain sentences, made from the numbers.
        groups: a row of plain numbers for each place of the table, over its seeds.
        figures: each with its caption, by name.
        details: more plain numbers for `results.json`.
        warnings: what looks wrong with the data or the accuracies, a sentence each.
    """

    answer: list[str]
    groups: list[Row]
    figures: Mapping[str, tuple[Figure | Axes, str]]
    details: dict[str, Any] = dataclasses.field(default_factory=dict)
    warnings: list[str] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True)
class Experiment:
    """A question that several trainings answer.

    Args:
        name: as on the command line.
        question: one sentence.
        method: how it is answered, in sentences.
        cells: the trainings.
        conclude: makes the findings from the rows, the data set and the experiment's folder.
    """

    name: str
    question: str
    method: list[str]
    cells: list[Cell]
    conclude: Callable[[list[Row], Dataset, Path], Findings]


def run_experiment(
    experiment: Experiment,
    dataset: Dataset,
    folder: Path,
    *,
    address: str | None = None,
    data_folder: Path | None = None,
    progress: bool = True,
) -> Findings:
    """Trains what is missing and writes `results.json`, `results.csv`, figures and `report.html`.

    Finished trainings are kept, and one that was interrupted is taken up.

    Args:
        experiment: what to find out.
        dataset: train and test split.
        folder: where everything goes.
        address: of a Ray cluster, see `train_cells`.
        data_folder: where the data set lies if it is not MNIST.
        progress: whether to tell on standard output how far it is.

    Raises:
        UsageError: if the folder holds something else.
        RunError: if another process works in the folder, or a file in it is damaged or cannot be written.
    """
    with own_results(folder, "an experiment", experiment.question):
        rows = train_cells(
            experiment.cells, dataset, folder, address=address, data_folder=data_folder, progress=progress
        )
        found = experiment.conclude(rows, dataset, folder)
        findings = dataclasses.replace(found, warnings=_warnings(dataset, rows, folder))
        _write(experiment, findings, rows, dataset, folder)
    return findings


def _write(experiment: Experiment, findings: Findings, rows: list[Row], dataset: Dataset, folder: Path) -> None:
    results = {
        "mnistlab": __version__,
        "experiment": experiment.name,
        "question": experiment.question,
        "answer": findings.answer,
        "method": experiment.method,
        "dataset": dataset.name,
        **({"warnings": findings.warnings} if findings.warnings else {}),
        "num_test_images": len(dataset.test),
        "environment": describe_environment(),
        "recipe": experiment.cells[0].recipe.settings(),
        "settings": differing_settings(experiment.cells),
        "groups": findings.groups,
        **findings.details,
        "rows": rows,
    }
    svgs = write_figures(folder, {name: figure for name, (figure, _) in findings.figures.items()})
    captions = {name: caption for name, (_, caption) in findings.figures.items()}
    write_text(folder / "results.csv", _csv(rows))
    write_text(folder / "report.html", reports.render_experiment(results, svgs, captions))
    write_json(folder / "results.json", results)  # last: it tells of a report that is whole


def _warnings(dataset: Dataset, rows: Sequence[Row], folder: Path) -> list[str]:
    """What looks wrong with the data, and with the accuracies if it is so with all of them."""
    told = [Run(folder / row["folder"]).metrics.get("warnings", []) for row in rows]
    guessed = [[each for each in sentences if each not in dataset.warnings] for sentences in told]
    return [*dataset.warnings, *(guessed[0] if all(guessed) else [])]


def _csv(rows: Sequence[Row]) -> str:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()
