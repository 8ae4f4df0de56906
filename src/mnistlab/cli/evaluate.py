"""`mnistlab evaluate`."""

from pathlib import Path

import click

from mnistlab.cli.networks import load_network_of
from mnistlab.cli.options import PATH, debug_option
from mnistlab.system.files import json_text


@click.command()
@click.argument("run_or_file", metavar="RUN", type=PATH)
@click.option("--data", type=PATH, help="Folder with IDX test files to score on instead of MNIST's test split.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@debug_option
def evaluate(run_or_file: Path, data: Path | None, as_json: bool) -> None:
    """Score the run folder RUN on every image of a test split; RUN can also be one .onnx or .keras file."""
    from mnistlab import datasets, evaluation

    network = load_network_of(run_or_file)
    split = datasets.load_mnist().test if data is None else datasets.load_test_split(data)
    result = evaluation.evaluate(network, split).require_probabilities(run_or_file)
    if as_json:
        print(json_text(result.to_dict()))
        return
    print(result)
    print(f"loss {result.loss:.4f}")
    print(result.format_per_digit())
    print("\nconfusion matrix, row the true digit, column the predicted one")
    print(result.format_confusion())
