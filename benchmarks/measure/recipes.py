"""What the recipes `fast`, `best` and `record` reach over several seeds.

Trains each in a process per seed, scores it once on the test split, writes `benchmarks/results/recipes.json` after each
recipe and puts its table into README.md. The recipes were tuned on a validation split of the training images alone.

    python benchmarks/measure/recipes.py [--only fast best] [--table-only]
"""

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks.measure import readme
from mnistlab.files import write_json

RESULTS = Path(__file__).parents[1] / "results" / "recipes.json"
SEEDS = {"fast": 10, "best": 5, "record": 3}


def measure(recipe: str, num_seeds: int) -> dict:
    """Trains a recipe once per seed; returns metrics and environment."""
    runs, environment = [], {}
    for seed in range(num_seeds):
        with tempfile.TemporaryDirectory() as folder:
            run = Path(folder) / "run"
            command = [sys.executable, "-m", "mnistlab.cli", "train", recipe, "--seed", str(seed), "--out", str(run)]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            runs.append(json.loads((run / "metrics.json").read_text(encoding="utf-8")))
            environment = json.loads((run / "environment.json").read_text(encoding="utf-8"))
        print(
            f"{recipe}, seed {seed}: {runs[-1]['test_accuracy']:.4f} in {runs[-1]['train_seconds']:.2f} s", flush=True
        )
    accuracies = [run["test_accuracy"] for run in runs]
    return {
        "test_accuracy_mean": statistics.fmean(accuracies),
        "test_accuracy_std": statistics.stdev(accuracies),
        "train_seconds_median": statistics.median(run["train_seconds"] for run in runs),
        "environment": environment,
        "runs": runs,
    }


def table(results: dict) -> str:
    """The results as a Markdown table."""
    lines = [
        f"{readme.source(results['fast']['environment'])}; mean ± standard deviation over the seeds, all 10,000 test "
        "images; training time from the call of `fit` to its return, graph building included, median.",
        "",
        "| recipe | parameters | networks × epochs | seeds | test accuracy | training time |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name in (name for name in SEEDS if name in results):
        measured = results[name]
        first, num_seeds = measured["runs"][0], len(measured["runs"])
        lines.append(
            f"| `{name}` | {first['num_parameters']:,} | {first.get('members', 1)} × {first['epochs']} | {num_seeds} "
            f"| {measured['test_accuracy_mean'] * 100:.2f} ± {measured['test_accuracy_std'] * 100:.2f} % "
            f"| {measured['train_seconds_median']:.1f} s |"
        )
    return "\n".join(lines)


def main() -> None:
    """Measures and writes."""
    parser = readme.parser(__doc__)
    parser.add_argument(
        "--only", nargs="+", choices=SEEDS, default=list(SEEDS), help="measure these anew, keep the others"
    )
    arguments = parser.parse_args()
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    for name in [] if arguments.table_only else arguments.only:
        results[name] = measure(name, SEEDS[name])
        write_json(RESULTS, results)
    readme.put("recipes.py", table(results))


if __name__ == "__main__":
    main()
