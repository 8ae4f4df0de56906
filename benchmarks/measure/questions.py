"""The notebook's questions, answered by `mnistlab experiment`.

    python benchmarks/measure/questions.py [--folder experiments] [--only batch-size compare] [--table-only]

Takes about two hours on two cores. Like every experiment it continues where it was interrupted, provided that
`--folder` names the same folder. The figures go to docs/figures, and the part of the results that the page shows goes
into the package.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks.measure.benchmark import ROOT, Benchmark, Results, cores, markdown_table
from mnistlab.experiments.published import ARGUMENTS, published
from mnistlab.server.experiments.results import PUBLISHED_PATH

FIGURES = ROOT / "docs" / "figures"


def measure(folder: Path, only: list[str]) -> Results:
    """Runs some of the experiments and keeps the results of the others."""
    results = BENCHMARK.read()
    for name in only:
        results[name] = run_experiment(name, folder)
        BENCHMARK.write(results)
    return results


def run_experiment(name: str, folder: Path) -> Results:
    """Runs one experiment, unless it is finished, and copies its figures."""
    out = folder / name
    command = [sys.executable, "-m", "mnistlab", "experiment", *ARGUMENTS[name], "--out", str(out)]
    subprocess.run(command, check=True)
    FIGURES.mkdir(exist_ok=True)
    for figure in sorted((out / "figures").glob("*.png")):
        shutil.copyfile(figure, FIGURES / f"{name}-{figure.name}")
    results: Results = json.loads((out / "results.json").read_text(encoding="utf-8"))
    for row in results["rows"]:
        del row["folder"]
    return results | {"figures": [figure.name for figure in sorted((out / "figures").glob("*.png"))]}


def publish(results: Results, path: Path = PUBLISHED_PATH) -> None:
    """Writes the part that ships with the package, in the order of the questions."""
    shown = {name: published(name, results[name]) for name in ARGUMENTS if name in results}
    path.write_text(json.dumps(shown, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def table(results: Results) -> str:
    """A section for each experiment: its answers, its plots and a table."""
    return "\n\n".join(_section(name, results[name]) for name in ARGUMENTS if name in results)


def _section(name: str, results: Results) -> str:
    summed = ("num_seeds", "accuracy", "seconds", "difference", "p_value")
    columns = [column for column in results["groups"][0] if column not in summed]
    tested = "p_value" in results["groups"][0]
    titles = [column.replace("_", " ") for column in columns] + ["test accuracy", "95 % interval", "training"]
    titles += ["difference (points)", "p"] if tested else []
    rows = []
    for row in results["groups"]:
        accuracy = row["accuracy"]
        cells = [_cell(row[column]) for column in columns]
        cells += [
            f"{accuracy['mean'] * 100:.2f} %",
            "–" if accuracy["low"] is None else f"{accuracy['low'] * 100:.2f}–{accuracy['high'] * 100:.2f} %",
            f"{row['seconds']['mean']:.1f} s",
        ]
        if tested:
            cells.append("–" if row["difference"] is None else f"{row['difference']['mean'] * 100:+.2f}")
            cells.append("–" if row["p_value"] is None else f"{row['p_value']:.2g}")
        rows.append(cells)
    command = f"mnistlab experiment {' '.join(ARGUMENTS[name])}"
    pictures = [f"![{figure.removesuffix('.png')}](figures/{name}-{figure})" for figure in results["figures"]]
    return "\n\n".join(
        [
            f"## {results['question'] if name != 'biased-noise' else 'And if the noise is biased?'}",
            f"`{command}`",
            "\n".join(f"- {sentence}" for sentence in results["answer"]),
            *pictures,
            markdown_table(" | ".join(titles), rows),
            " ".join(results["method"]),
            f"{results['num_test_images']:,} test images; {cores(results['environment'])}, "
            f"{results['environment']['backend']}, Keras {results['environment']['keras']}.",
        ]
    )


def _cell(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:g}" if isinstance(value, float) else str(value)


OPTIONS = {
    "--folder": {"type": Path, "default": Path("experiments"), "help": "folder of the experiments' runs"},
    "--only": {"nargs": "+", "choices": ARGUMENTS, "default": list(ARGUMENTS), "help": "experiments to run"},
}
BENCHMARK = Benchmark(__file__, __doc__, measure, table, publish, OPTIONS)

if __name__ == "__main__":
    BENCHMARK.run()
