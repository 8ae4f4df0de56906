"""How accurate the recipes `fast`, `best` and `record` become over several seeds, and how long they train.

    python benchmarks/measure/recipes.py [--only fast best] [--seeds 3 4] [--timing] [--table-only]

Every training runs in a process of its own and is scored once on the test split. The recipes were tuned on a validation
split of the training images alone. The results are stored after each training; `--seeds` measures some seeds and keeps
the others, so that several processes can share the work. Accuracy does not depend on what else
the machine does, time does: `--timing` trains a few seeds on a machine that must be idle, keeps their time and what the
training run itself expected after its first steps, and leaves the accuracies as they are.
"""

import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks.measure.benchmark import Benchmark, Results, markdown_table, source
from mnistlab.runs import Run

TIMES = ("train_seconds", "expected")
SEEDS = {"fast": 10, "best": 5, "record": 3}
TIMED_SEEDS = {"fast": 5, "best": 1, "record": 1}


def measure(only: list[str], *, seeds: list[int] | None, timing: bool) -> Results:
    """Measures some of the recipes anew and keeps the results of the others."""
    for name in only:
        runs: list[Results] = []
        for seed in seeds or range((TIMED_SEEDS if timing else SEEDS)[name]):
            metrics, environment = train(name, seed)
            print(
                f"{name}, seed {seed}: {metrics['test_accuracy']:.4f} in {metrics['train_seconds']:.2f} s", flush=True
            )
            runs.append({key: metrics[key] for key in ("seed", *TIMES)} if timing else metrics)
            results = BENCHMARK.read()  # another process may measure other seeds or another recipe
            if seeds and not timing:
                runs = _merged(results.get(name, {}).get("runs", []), metrics)
            if timing:
                results[name]["timed"] = {"environment": environment, "runs": runs}
            else:
                results[name] = _summary(runs, environment, results.get(name, {}))
            BENCHMARK.write(results)
    return BENCHMARK.read()


def train(recipe: str, seed: int) -> tuple[Results, Results]:
    """Trains a recipe from one seed; returns the run's metrics, with the time that it expected, and environment."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "mnistlab", "train", recipe, "--seed", str(seed), "--out", folder + "/run"]
        said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        run = Run(Path(folder) / "run")
        expected = re.search(r"takes about (.+) on this machine", said)
        return run.metrics | {"expected": expected[1] if expected else None}, run.environment


def _summary(runs: list[Results], environment: Results, before: Results) -> Results:
    accuracies = [run["test_accuracy"] for run in runs]
    return {
        "test_accuracy_mean": statistics.fmean(accuracies),
        "test_accuracy_std": statistics.stdev(accuracies) if len(accuracies) > 1 else 0.0,
        "environment": environment,
        "runs": runs,
        # Times of a recipe that has changed since are no longer its own.
        **({"timed": before["timed"]} if "timed" in before and _shape(before["runs"][0]) == _shape(runs[0]) else {}),
    }


def _merged(known: list[Results], metrics: Results) -> list[Results]:
    """The runs of a recipe with one more; those of the recipe as it was before a change are left out."""
    others = [run for run in known if run["seed"] != metrics["seed"] and _shape(run) == _shape(metrics)]
    return sorted([*others, metrics], key=lambda run: int(run["seed"]))


def _shape(metrics: Results) -> list[object]:
    return [metrics[name] for name in ("model", "epochs", "batch_size", "members", "steps")]


def table(results: Results) -> str:
    """Accuracy and training time of each recipe."""
    rows = []
    for name in (name for name in SEEDS if name in results):
        measured = results[name]
        first, num_seeds = measured["runs"][0], len(measured["runs"])
        timed = measured.get("timed", measured)["runs"]
        size = (f"{first['num_parameters']:,}", f"{first.get('members', 1)} × {first['epochs']}", f"{num_seeds}")
        accuracy = f"{measured['test_accuracy_mean'] * 100:.2f} ± {measured['test_accuracy_std'] * 100:.2f} %"
        expected = next((run["expected"] for run in timed if run.get("expected")), "–")
        seconds = statistics.median(run["train_seconds"] for run in timed)
        rows.append((f"`{name}`", *size, accuracy, f"{seconds:.1f} s", expected))
    titles = "recipe | parameters | networks × epochs | seeds | test accuracy | training time | expected after 2 s"
    return (
        f"{source(results['fast']['environment'])}; mean ± standard deviation over the seeds, all 10,000 test "
        "images; training time from the call of `fit` to its return, graph building included, median. Last column: "
        "what the training run itself said after its first steps; it says nothing below half a minute.\n\n"
    ) + markdown_table(titles, rows)


OPTIONS: dict[str, dict[str, Any]] = {
    "--only": {"nargs": "+", "choices": SEEDS, "default": list(SEEDS), "help": "recipes to measure anew"},
    "--seeds": {
        "nargs": "+",
        "type": int,
        "help": "seeds to measure anew, 0 to 2,147,483,647; by default the usual ones",
    },
    "--timing": {"action": "store_true", "help": "measure times alone, on an idle machine"},
}
BENCHMARK = Benchmark(__file__, __doc__, measure, table, options=OPTIONS)

if __name__ == "__main__":
    BENCHMARK.run()
