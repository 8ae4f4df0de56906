"""`mnistlab run`: the whole notebook. Keras is imported when it runs."""

import gc
import time
from pathlib import Path

import click

from mnistlab.cli.options import DATA, EPOCHS, PATH, WholeNumber, debug_option, load_dataset, warn
from mnistlab.exceptions import InterruptionError
from mnistlab.system.extras import require_extra
from mnistlab.system.text import percent


@click.command()
@click.option("--out", default="report", show_default=True, type=PATH, help="Folder for report, results and runs.")
@click.option("--data", type=DATA, help="Folder with four IDX files to use instead of MNIST.")
@click.option("--seeds", default=1, show_default=True, type=WholeNumber(1, 100), help="Trainings of each network.")
@click.option("--epochs", type=EPOCHS, help="Passes over the training images, instead of 5.")
@debug_option
def run(out: Path, data: Path | None, seeds: int, epochs: int | None) -> None:
    """The whole notebook: both networks, all figures, one report. It answers the batch-size question, too.

    A second call keeps what is finished and does the rest.
    """
    from mnistlab.runs.folders import own_results

    started = time.perf_counter()
    require_extra("train", "Training")
    try:
        with own_results(out, "a report", question=None):
            dataset = load_dataset(data)
            from mnistlab.experiments.notebook import run_notebook

            gc.freeze()  # what was imported stays to the end: collecting the networks' garbage need not look at it
            results = run_notebook(dataset, out, data_folder=data, num_seeds=seeds, epochs=epochs, started=started)
    except (KeyboardInterrupt, InterruptionError) as error:
        raise InterruptionError(f"Interrupted. {out} keeps what was done; the same command does the rest.") from error
    print()
    for name, model in results["models"].items():
        mean, std = model["test_accuracy_mean"], model["test_accuracy_std"]
        spread = "" if std is None else f" ± {percent(std, unit='')} over {seeds} seeds"
        print(f"{name}  test accuracy {percent(mean)}{spread}, trained in {model['runs'][0]['train_seconds']:.1f} s")
    print("\n".join(results["batch_size"]["answer"]))
    print(results["comparison"]["sentence"])
    if "cnn_among_others" in results:
        print(results["cnn_among_others"]["sentences"][0])
    warn(sentence for sentence in results.get("warnings", []) if sentence not in dataset.warnings)
    took = "" if results["total_seconds"] is None else f" after {results['total_seconds']:.0f} s"
    print(f"\nOpen {out / 'report.html'}{took}")
