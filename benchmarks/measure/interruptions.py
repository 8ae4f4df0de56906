"""Kills trainings at random moments, takes them up again and compares what comes out with an undisturbed training.

Also measures how soon Ctrl-C ends a training and how soon a second start on one folder is refused. Writes
`benchmarks/results/interruptions.json` after every run and puts the table into docs/performance.md. POSIX only.

    python benchmarks/measure/interruptions.py [--runs 100] [--only fast] [--table-only]
"""

import dataclasses
import json
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks.measure import readme
from mnistlab.datasets import Dataset, load_mnist
from mnistlab.files import write_json
from mnistlab.recipes import RECIPES
from mnistlab.runs import Run

RESULTS = Path(__file__).parents[1] / "results" / "interruptions.json"
DOCUMENT = Path(__file__).parents[2] / "docs" / "performance.md"
MAX_KILLS = 5
CHECKPOINT_SECONDS = 0.2  # not 10: otherwise trainings of seconds would be killed before their first checkpoint
NETWORKS: dict[str, tuple[int, dict[str, Any]]] = {  # training images; what differs from the recipe of that name
    "mlp": (12_000, {"epochs": 2, "batch_size": 32}),
    "cnn": (6_000, {"epochs": 2, "batch_size": 32, "num_validation": 500}),
    "fast": (10_000, {"epochs": 2, "batch_size": 64, "members": 2, "test_shifts": True}),
}
PHASES = ("import", "load", "train", "save")


def train_small(name: str, folder: Path) -> None:
    """What the killed processes do: a training of a few seconds on part of MNIST."""
    from mnistlab import training

    print("imported", flush=True)
    mnist = load_mnist()
    num_images, changes = NETWORKS[name]
    part = Dataset("part of MNIST", mnist.train.take(np.arange(num_images)), mnist.test.take(np.arange(1_000)))
    recipe = dataclasses.replace(RECIPES[name], **changes)
    training.train(recipe, part, folder, progress=False, checkpoint_seconds=CHECKPOINT_SECONDS)


def kill_and_finish(
    name: str, folder: Path, seconds: Mapping[str, float], rng: random.Random, max_kills: int
) -> dict[str, Any]:
    """Starts a training until it ends by itself, killing it at random.

    Args:
        name: of the network.
        folder: of the run.
        seconds: that an undisturbed training takes, `import` to begin with and `rest` after that. One kill of four
            comes during the first, which would otherwise be most of them.
        rng: chooses the moments, evenly over either time.
        max_kills: at most so many.

    Returns:
        `kills`: how many in each phase; `digests` of the finished run; `leftovers`, files under temporary names.
    """
    command = [sys.executable, __file__, "--train", name, str(folder)]
    kills = dict.fromkeys(PHASES, 0)
    num_kills = rng.randint(1, max_kills)
    while sum(kills.values()) < num_kills:
        stage = "import" if rng.random() < 0.25 else "rest"
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
            imported = stage == "rest" and process.stdout is not None and process.stdout.readline()
            try:
                process.wait(timeout=rng.uniform(0, seconds[stage]))
                if any(kills.values()):
                    break
                shutil.rmtree(folder)  # it was quicker than the clock
            except subprocess.TimeoutExpired:
                process.kill()
                kills[_phase(bool(process.communicate()[0] or imported), folder)] += 1
    subprocess.run(command, check=True, capture_output=True)
    leftovers = [path.name for path in folder.rglob(".*") if path.suffix == ".tmp"]
    return {"kills": kills, "digests": Run(folder).require().digests(), "leftovers": leftovers}


def _phase(imported: bool, folder: Path) -> str:
    """What a process was at when it was killed, from what it printed and wrote."""
    if (folder / "history.csv").exists():
        return "save"
    if (folder / "recipe.toml").exists() and imported:
        return "train"
    return "load" if imported else "import"


def measure_kills(name: str, num_runs: int, folder: Path, max_kills: int = MAX_KILLS) -> dict[str, Any]:
    """Kills runs of one network and compares each with two that nobody disturbed."""
    undisturbed, seconds = [], {}
    for number in range(2):
        started = time.perf_counter()
        command = [sys.executable, __file__, "--train", name, str(folder / f"undisturbed{number}")]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
            assert process.stdout is not None
            process.stdout.readline()
            seconds["import"] = time.perf_counter() - started
        seconds["rest"] = time.perf_counter() - started - seconds["import"]
        undisturbed.append(Run(folder / f"undisturbed{number}").require().digests())
    with ThreadPoolExecutor(max_workers=2) as pool:
        killed = list(
            pool.map(
                lambda number: kill_and_finish(
                    name, folder / f"run{number}", seconds, random.Random(number), max_kills
                ),
                range(num_runs),
            )
        )
    return {
        "runs": num_runs,
        "seconds": seconds,
        "kills": {phase: sum(run["kills"][phase] for run in killed) for phase in PHASES},
        "identical": sum(run["digests"] == undisturbed[0] for run in killed),
        "leftovers": sum(len(run["leftovers"]) for run in killed),
        "undisturbed_identical": undisturbed[0] == undisturbed[1],
    }


def measure_answers(folder: Path, repeats: int = 3) -> dict[str, Any]:
    """Seconds from a signal to the end of the process, and of a second start to its refusal, on the whole MNIST."""
    command = [sys.executable, "-m", "mnistlab", "train", "cnn", "--epochs", "50", "--out", str(folder)]
    answers: dict[str, list[float]] = {"SIGINT": [], "SIGTERM": [], "second start": []}
    for number in range(2 * repeats):
        name = ("SIGINT", "SIGTERM")[number % 2]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        time.sleep(15 + number % 3)  # past import and data, somewhere in the training
        started = time.perf_counter()
        second = subprocess.run(command, capture_output=True, text=True, check=False)
        answers["second start"].append(time.perf_counter() - started)
        if f"process {process.pid}" not in second.stderr:
            raise RuntimeError(f"The second start was not refused: {second.stderr}")
        started = time.perf_counter()
        process.send_signal(getattr(signal, name))
        process.communicate()
        answers[name].append(time.perf_counter() - started)
        if process.returncode != 130:
            raise RuntimeError(f"{name} ended with code {process.returncode}")
    return {name: {"median": statistics.median(values), "max": max(values)} for name, values in answers.items()}


def table(results: dict[str, Any]) -> str:
    """The figures as sentences and a table for docs/performance.md."""
    lines = [
        "| recipe, shortened | runs | kills in import, load, training, saving | ended the same | left behind |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for name, row in results["networks"].items():
        kills = ", ".join(str(row["kills"][phase]) for phase in PHASES)
        lines.append(f"| `{name}` | {row['runs']} | {kills} | {row['identical']} | {row['leftovers']} files |")
    answers = results["answers"]
    return "\n".join(
        [
            *lines,
            "",
            f"Ctrl-C ended a training of the `cnn` on all of MNIST after {answers['SIGINT']['median']:.1f} s (at most "
            f"{answers['SIGINT']['max']:.1f} s), SIGTERM after {answers['SIGTERM']['median']:.1f} s (at most "
            f"{answers['SIGTERM']['max']:.1f} s), with a checkpoint. A second start on the folder was refused after "
            f"{answers['second start']['median']:.1f} s (at most {answers['second start']['max']:.1f} s).",
        ]
    )


def main() -> None:
    """Measures and writes."""
    parser = readme.parser(__doc__)
    parser.add_argument("--runs", type=int, default=100, help="runs to kill, of all networks together")
    parser.add_argument("--only", nargs="+", choices=[*NETWORKS, "answers"], help="measure these anew, keep the rest")
    parser.add_argument("--train", nargs=2, metavar=("NAME", "FOLDER"), help="what the killed processes do")
    arguments = parser.parse_args()
    if arguments.train:
        train_small(arguments.train[0], Path(arguments.train[1]))
        return
    if not arguments.table_only:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # what is in the background ignores it
        results: dict[str, Any] = {"networks": {}}
        if arguments.only:
            results = json.loads(RESULTS.read_text(encoding="utf-8"))
        with tempfile.TemporaryDirectory() as folder:
            if "answers" in (arguments.only or ["answers"]):
                results["answers"] = measure_answers(Path(folder) / "answers")
            for number, name in enumerate(NETWORKS):
                if name not in (arguments.only or NETWORKS):
                    continue
                num_runs = (arguments.runs + 2 - number) // 3
                (Path(folder) / name).mkdir()
                results["networks"][name] = measure_kills(name, num_runs, Path(folder) / name)
                print(name, results["networks"][name], flush=True)
                write_json(RESULTS, results)
            write_json(RESULTS, results)
    readme.put("interruptions.py", table(json.loads(RESULTS.read_text(encoding="utf-8"))), DOCUMENT)


if __name__ == "__main__":
    main()
