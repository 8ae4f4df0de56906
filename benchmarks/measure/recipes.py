"""How accurate the recipes `fast`, `best` and `record` become over several seeds, and how long they train.

    python benchmarks/measure/recipes.py [--only fast best] [--table-only]

Every training runs in a process of its own and is scored once on the test split. The recipes were tuned on a validation
split of the training images alone. The results are stored after each recipe.
"""

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks.measure.benchmark import Benchmark, Results, markdown_table, source
from mnistlab.runs import Run

SEEDS = {"fast": 10, "best": 5, "record": 3}


def measure(only: list[str]) -> Results:
    """Measures some of the recipes anew and keeps the results of the others."""
    results = BENCHMARK.read()
    for name in only:
        results[name] = measure_recipe(name, SEEDS[name])
        BENCHMARK.write(results)
    return results


def measure_recipe(recipe: str, num_seeds: int) -> Results:
    """Trains a recipe once per seed; returns the metrics and the environment of the runs."""
    runs, environment = [], {}
    for seed in range(num_seeds):
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "mnistlab", "train", recipe, "--seed", str(seed), "--out", folder + "/run"]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            run = Run(Path(folder) / "run")
            metrics, environment = run.metrics, run.environment
        print(f"{recipe}, seed {seed}: {metrics['test_accuracy']:.4f} in {metrics['train_seconds']:.2f} s", flush=True)
        runs.append(metrics)
    accuracies = [run["test_accuracy"] for run in runs]
    return {
        "test_accuracy_mean": statistics.fmean(accuracies),
        "test_accuracy_std": statistics.stdev(accuracies),
        "train_seconds_median": statistics.median(run["train_seconds"] for run in runs),
        "environment": environment,
        "runs": runs,
    }


def table(results: Results) -> str:
    """Accuracy and training time of each recipe."""
    rows = []
    for name in (name for name in SEEDS if name in results):
        measured = results[name]
        first, num_seeds = measured["runs"][0], len(measured["runs"])
        size = (f"{first['num_parameters']:,}", f"{first.get('members', 1)} × {first['epochs']}", f"{num_seeds}")
        accuracy = f"{measured['test_accuracy_mean'] * 100:.2f} ± {measured['test_accuracy_std'] * 100:.2f} %"
        rows.append((f"`{name}`", *size, accuracy, f"{measured['train_seconds_median']:.1f} s"))
    return (
        f"{source(results['fast']['environment'])}; mean ± standard deviation over the seeds, all 10,000 test "
        "images; training time from the call of `fit` to its return, graph building included, median.\n\n"
    ) + markdown_table("recipe | parameters | networks × epochs | seeds | test accuracy | training time", rows)


OPTIONS = {"--only": {"nargs": "+", "choices": SEEDS, "default": list(SEEDS), "help": "recipes to measure anew"}}
BENCHMARK = Benchmark(__file__, __doc__, measure, table, options=OPTIONS)

if __name__ == "__main__":
    BENCHMARK.run()
