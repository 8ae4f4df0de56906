"""The notebook's questions, answered by `mnistlab experiment` and told in docs/results.md.

Takes about two hours on two cores. It goes on where it was interrupted, as every experiment does, if `--folder` names
the same folder. Copies `results.json` of each experiment to `benchmarks/results/`, its figures to `docs/figures/`,
and what the page shows of it into the package.

    python benchmarks/questions.py [--folder experiments] [--only batch-size compare] [--table-only]
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import readme
from mnistlab.experiments.published import ARGUMENTS as EXPERIMENTS
from mnistlab.experiments.published import published
from mnistlab.server.experiments.results import PUBLISHED_PATH

ROOT = Path(__file__).parent.parent
RESULTS = Path(__file__).parent / "results" / "questions.json"
DOCUMENT = ROOT / "docs" / "results.md"
FIGURES = ROOT / "docs" / "figures"


def measure(name: str, folder: Path) -> dict[str, Any]:
    """Runs one experiment, unless it is finished, and keeps its results and figures."""
    out = folder / name
    command = [sys.executable, "-m", "mnistlab", "experiment", *EXPERIMENTS[name], "--out", str(out)]
    subprocess.run(command, check=True)
    FIGURES.mkdir(exist_ok=True)
    for figure in sorted((out / "figures").glob("*.png")):
        shutil.copyfile(figure, FIGURES / f"{name}-{figure.name}")
    results: dict[str, Any] = json.loads((out / "results.json").read_text(encoding="utf-8"))
    for row in results["rows"]:
        del row["folder"]
    return results | {"figures": [figure.name for figure in sorted((out / "figures").glob("*.png"))]}


def publish(results: dict[str, Any], path: Path = PUBLISHED_PATH) -> None:
    """Writes what ships with the package, in the order of the questions."""
    shown = {name: published(name, results[name]) for name in EXPERIMENTS if name in results}
    path.write_text(json.dumps(shown, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def table(results: dict[str, Any]) -> str:
    """The answers, figures and tables of all experiments for docs/results.md."""
    return "\n\n".join(_section(name, results[name]) for name in EXPERIMENTS if name in results)


def _section(name: str, results: dict[str, Any]) -> str:
    environment = results["environment"]
    summed = ("num_seeds", "accuracy", "seconds", "difference", "p_value")
    columns = [column for column in results["groups"][0] if column not in summed]
    tested = "p_value" in results["groups"][0]
    titles = [column.replace("_", " ") for column in columns] + ["test accuracy", "95 % interval", "training"]
    titles += ["difference (points)", "p"] if tested else []
    lines = [f"| {' | '.join(titles)} |", f"| --- |{' ---: |' * (len(titles) - 1)}"]
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
        lines.append(f"| {' | '.join(cells)} |")
    command = f"mnistlab experiment {' '.join(EXPERIMENTS[name])}"
    pictures = [f"![{figure.removesuffix('.png')}](figures/{name}-{figure})" for figure in results["figures"]]
    return "\n\n".join(
        [
            f"## {results['question'] if name != 'biased-noise' else 'And if the noise is biased?'}",
            f"`{command}`",
            "\n".join(f"- {sentence}" for sentence in results["answer"]),
            *pictures,
            "\n".join(lines),
            " ".join(results["method"]),
            f"{results['num_test_images']:,} test images; {environment['num_cpus']} cores of an "
            f"{environment['cpu']}, {environment['backend']}, Keras {environment['keras']}.",
        ]
    )


def _cell(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:g}" if isinstance(value, float) else str(value)


def main() -> None:
    """Measures and writes."""
    parser = readme.parser(__doc__)
    parser.add_argument("--folder", type=Path, default=Path("experiments"), help="where the experiments' runs go")
    parser.add_argument("--only", nargs="+", choices=EXPERIMENTS, default=list(EXPERIMENTS), help="keep the others")
    arguments = parser.parse_args()
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    for name in [] if arguments.table_only else arguments.only:
        results[name] = measure(name, arguments.folder)
        RESULTS.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    publish(results)
    readme.put("questions.py", table(results), DOCUMENT)


if __name__ == "__main__":
    main()
