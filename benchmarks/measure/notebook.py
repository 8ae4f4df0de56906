"""The notebook's two networks over several seeds: what README and docs say about accuracy and time.

Trains everything that `mnistlab run` trains into a temporary folder, writes `benchmarks/results/notebook.json` and puts
its table into README.md.

    python benchmarks/measure/notebook.py [--seeds 3]
"""

import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks.measure import readme
from mnistlab.datasets import load_mnist
from mnistlab.experiments.notebook import run_notebook
from mnistlab.files import write_json

RESULTS = Path(__file__).parents[1] / "results" / "notebook.json"


def table(results: dict) -> str:
    """The results as a Markdown table under a sentence on where they come from."""
    environment, seeds = results["environment"], len(results["models"]["mlp"]["runs"])
    lines = [
        f"Measured on {readme.source(environment)}; mean ± standard deviation over {seeds} seeds, "
        "all 10,000 test images.",
        "",
        "| network | parameters | epochs | test accuracy | errors | training time |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, model in results["models"].items():
        runs = model["runs"]
        errors, seconds = (sum(run[key] for run in runs) / seeds for key in ("test_errors", "train_seconds"))
        lines.append(
            f"| `{name}` | {model['num_parameters']:,} | {model['recipe']['epochs']} "
            f"| {model['test_accuracy_mean'] * 100:.2f} ± {model['test_accuracy_std'] * 100:.2f} % "
            f"| {errors:.0f} | {seconds:.0f} s |"
        )
    lines += ["", *[f"- {sentence}" for sentence in results["batch_size"]["answer"]]]
    return "\n".join(lines)


def main() -> None:
    """Measures and writes."""
    parser = readme.parser(__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    if not arguments.table_only:
        with tempfile.TemporaryDirectory() as folder:
            results = run_notebook(load_mnist(), Path(folder) / "report", num_seeds=arguments.seeds)
        del results["dataset"]["sample"]
        write_json(RESULTS, results)
    readme.put("notebook.py", table(json.loads(RESULTS.read_text(encoding="utf-8"))))


if __name__ == "__main__":
    main()
