"""`mnistlab bench`."""

from pathlib import Path

import click

from mnistlab.cli.options import PATH, WholeNumber, debug_option
from mnistlab.system.extras import require_extra
from mnistlab.system.files import write_json
from mnistlab.system.paths import require_room


@click.command()
@click.option("--quick", is_flag=True, help="A small part of the work, a few minutes.")
@click.option("--rounds", type=WholeNumber(1, 100), help="How often everything is measured; 3, or 2 with --quick.")
@click.option("--json", "json_path", type=PATH, help="File for every figure, written after every round.")
@debug_option
def bench(quick: bool, rounds: int | None, json_path: Path | None) -> None:
    """Measure the notebook on stock Keras, PyTorch and mnistlab, here. They run in turns; PyTorch only if installed."""
    require_extra("train", "Training")
    if json_path is not None:
        require_room(json_path, "file")
    from mnistlab.experiments.benchmark.suite import format_summary, run_suite

    keep = None if json_path is None else lambda results: write_json(json_path, results)
    results = run_suite(work="quick" if quick else "full", rounds=rounds, keep=keep)
    print()
    print(format_summary(results))
