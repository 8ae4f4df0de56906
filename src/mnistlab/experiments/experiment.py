"""Experiments: training runs, a conclusion from their rows, and the report that a person opens afterwards."""

import csv
import dataclasses
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mnistlab import __version__, reports
from mnistlab.datasets import Dataset
from mnistlab.evaluation.charts import Chart
from mnistlab.experiments.cells import Training, differing_settings, train_cells
from mnistlab.experiments.summaries import Group, Row
from mnistlab.figures import plot_chart
from mnistlab.models.backend import describe_environment
from mnistlab.reports.results import ExperimentResults
from mnistlab.reports.run_report import write_figures
from mnistlab.runs import Run
from mnistlab.runs.folders import own_results
from mnistlab.system.files import write_json, write_text


@dataclasses.dataclass(frozen=True)
class Findings:
    """The findings of an experiment.

    Args:
        answer: Plain sentences, made from the numbers.
        groups: A row of plain numbers for each place of the table, over its seeds.
        charts: Charts by name. The page shows them all, the report those that have a caption.
        figures: Pictures for the report by name, each with its caption.
        details: More plain numbers for `results.json`.
        warnings: Sentences on what looks wrong with the data or the accuracies.
    """

    answer: list[str]
    groups: Sequence[Group]
    charts: Mapping[str, Chart]
    figures: Mapping[str, tuple[Figure | Axes, str]] = dataclasses.field(default_factory=dict)
    details: dict[str, Any] = dataclasses.field(default_factory=dict)
    warnings: list[str] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True)
class Experiment:
    """A question that several training runs answer.

    Args:
        name: Name on the command line.
        question: The question, one sentence.
        method: How it is answered, in sentences.
        trainings: The training runs, a cell of the table each.
        conclude: Function that makes the findings from the rows, the data set and the experiment's folder.
    """

    name: str
    question: str
    method: list[str]
    trainings: list[Training]
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

    Finished training runs are kept, and one that was interrupted goes on.

    Args:
        experiment: The experiment to run.
        dataset: Train and test split.
        folder: Folder for everything that is written.
        address: Address of a Ray cluster, see `train_cells`.
        data_folder: Folder of the data set if it is not MNIST.
        progress: Whether to show progress on standard output.

    Raises:
        UsageError: if the folder holds something else.
        RunError: if another process works in the folder, or a file in it is damaged or cannot be written.
    """
    with own_results(folder, "an experiment", experiment.question):
        rows = train_cells(
            experiment.trainings, dataset, folder, address=address, data_folder=data_folder, progress=progress
        )
        concluded = experiment.conclude(rows, dataset, folder)
        findings = dataclasses.replace(concluded, warnings=_warnings(dataset, rows, folder))
        _write(_describe(experiment, findings, rows, dataset), findings, folder)
    return findings


def _describe(experiment: Experiment, findings: Findings, rows: list[Row], dataset: Dataset) -> ExperimentResults:
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
        "recipe": experiment.trainings[0].recipe.settings(),
        "settings": differing_settings(experiment.trainings),
        "groups": findings.groups,
        **findings.details,
        "charts": {name: chart.to_plain() for name, chart in findings.charts.items()},
        "rows": rows,
    }
    return cast(ExperimentResults, results)


def _write(results: ExperimentResults, findings: Findings, folder: Path) -> None:
    charted = {name: (plot_chart(chart), chart.caption) for name, chart in findings.charts.items() if chart.caption}
    shown = charted | dict(findings.figures)
    svgs = write_figures(folder, {name: figure for name, (figure, _) in shown.items()})
    write_text(folder / "results.csv", _csv(results["rows"]))
    captions = {name: caption for name, (_, caption) in shown.items()}
    write_text(folder / "report.html", reports.render_experiment(results, svgs, captions))
    write_json(folder / "results.json", results)  # last: its presence means that the report is complete


def _warnings(dataset: Dataset, rows: Sequence[Row], folder: Path) -> list[str]:
    """Sentences on what looks wrong with the data, and with the accuracies if it is so with all of them."""
    told = [Run(folder / row["folder"]).metrics.get("warnings", []) for row in rows]
    guessed = [[each for each in sentences if each not in dataset.warnings] for sentences in told]
    return [*dataset.warnings, *(guessed[0] if all(guessed) else [])]


def _csv(rows: Sequence[Mapping[str, Any]]) -> str:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()
