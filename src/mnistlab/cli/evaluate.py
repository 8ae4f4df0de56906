"""`mnistlab evaluate`."""

import dataclasses
from pathlib import Path
from typing import Any

import click

from mnistlab.cli.networks import load_network_of, run_of
from mnistlab.cli.options import DATA, PATH, debug_option, print_json, warn


@click.command()
@click.argument("run_or_file", metavar="RUN", type=PATH)
@click.option("--data", type=DATA, help="Folder with IDX test files to score on instead of MNIST's test split.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@debug_option
def evaluate(run_or_file: Path, data: Path | None, as_json: bool) -> None:
    """Score a network on every image of a test split. RUN: a run folder, a .onnx or .keras file, or shipped."""
    from mnistlab import evaluation
    from mnistlab.datasets.folders import load_scored

    network = load_network_of(run_or_file)
    scored = _mnist() if data is None else load_scored(data)
    run = run_of(run_or_file)
    result = evaluation.evaluate(network, scored.test).require_probabilities(run_or_file)
    if run is not None and scored.is_data_of(run.dataset) and result.classes.names is None:
        result = dataclasses.replace(result, classes=run.classes)  # names that the folder has lost since
    warnings = [*scored.warnings, *_doubts(run, scored, result)]
    warn(warnings)
    if as_json:
        print_json(result.to_dict() | ({"warnings": warnings} if warnings else {}))
        return
    noun = result.classes.noun
    print(result)
    print(f"loss {result.loss:.4f}")
    print(result.format_per_digit())
    print(f"\nconfusion matrix, row the true {noun}, column the predicted one")
    print(result.format_confusion())


def _mnist() -> Any:
    """MNIST to score a network on."""
    from mnistlab.datasets import load_mnist
    from mnistlab.datasets.folders import ScoredData

    mnist = load_mnist()
    return ScoredData(mnist.name, mnist.test, (), mnist.fingerprint())


def _doubts(run: Any, scored: Any, result: Any) -> list[str]:
    """What should make one doubt the score: other data than the run's own, or an accuracy of mere guessing."""
    from mnistlab.evaluation.doubts import foreign_data, is_far_below, no_better_than_guessing

    if run is not None:
        is_far = is_far_below(run.metrics, result)
        if not scored.is_data_of(run.dataset) or (is_far and scored.fingerprint is None):
            told = foreign_data(run.dataset["name"], run.metrics, scored.name, result)
            guessed = None if is_far else no_better_than_guessing(result)
            return [told, guessed] if guessed else [told]
    guessed = no_better_than_guessing(result)
    return [guessed] if guessed else []
