"""How accurate the notebook's two networks are, and how long they train: several seeds of what `mnistlab run` trains.

python benchmarks/measure/notebook.py [--seeds 3] [--table-only]
"""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks.measure.benchmark import Benchmark, Results, markdown_table, source
from mnistlab.datasets import load_mnist
from mnistlab.experiments.notebook import run_notebook


def measure(seeds: int) -> Results:
    """Trains everything into a temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        results = run_notebook(load_mnist(), Path(folder) / "report", num_seeds=seeds)
    del results["dataset"]["sample"]
    return results


def table(results: Results) -> str:
    """Accuracy and training time of both networks, and what the batch size did."""
    rows, seeds = [], len(results["models"]["mlp"]["runs"])
    for name, model in results["models"].items():
        errors, seconds = (sum(run[key] for run in model["runs"]) / seeds for key in ("test_errors", "train_seconds"))
        accuracy = f"{model['test_accuracy_mean'] * 100:.2f} ± {model['test_accuracy_std'] * 100:.2f} %"
        num_parameters, epochs = f"{model['num_parameters']:,}", f"{model['recipe']['epochs']}"
        rows.append((f"`{name}`", num_parameters, epochs, accuracy, f"{errors:.0f}", f"{seconds:.0f} s"))
    return "\n\n".join(
        [
            f"Measured on {source(results['environment'])}; mean ± standard deviation over {seeds} seeds, "
            "all 10,000 test images.",
            markdown_table("network | parameters | epochs | test accuracy | errors | training time", rows),
            "\n".join(f"- {sentence}" for sentence in results["batch_size"]["answer"]),
        ]
    )


OPTIONS = {"--seeds": {"type": int, "default": 3, "help": "number of seeds"}}
BENCHMARK = Benchmark(__file__, __doc__, measure, table, options=OPTIONS)

if __name__ == "__main__":
    BENCHMARK.run()
