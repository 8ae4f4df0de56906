"""Kills training runs at random moments, resumes them, and compares the results with those of undisturbed runs.

    python benchmarks/measure/interruptions.py [--runs 100] [--only fast] [--table-only]

Also measures how soon Ctrl-C ends a training run, and how soon a second start on the same folder is refused. The
results are stored after each network. POSIX only.
"""

import dataclasses
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
from benchmarks.measure.benchmark import Benchmark, Results, markdown_table
from mnistlab.datasets import Dataset, load_mnist
from mnistlab.recipes import RECIPES
from mnistlab.runs import Run

MAX_KILLS = 5
CHECKPOINT_SECONDS = 0.2  # not 10, or these short runs would all be killed before their first checkpoint
NETWORKS: dict[str, tuple[int, dict[str, Any]]] = {  # training images; what differs from the recipe of that name
    "mlp": (12_000, {"epochs": 2, "batch_size": 32}),
    "cnn": (6_000, {"epochs": 2, "batch_size": 32, "num_validation": 500}),
    "fast": (10_000, {"epochs": 2, "batch_size": 64, "members": 2, "test_shifts": True}),
}
PHASES = ("import", "load", "train", "save")


def train_small(name: str, folder: Path) -> None:
    """Trains for a few seconds on part of MNIST; this is what the killed processes do."""
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
    """Kills a training run at random moments, several times, and then lets it finish.

    Args:
        name: Name of the network.
        folder: Folder of the run.
        seconds: Durations of an undisturbed run: `import`, and `rest` for everything after it. One kill in four comes
            during the import; chance alone would put most of them there.
        rng: Generator that chooses the moments, spread evenly over either duration.
        max_kills: Largest number of kills.

    Returns:
        `kills`, the number in each phase; `digests` of the finished run; `leftovers`, the files that kept their
        temporary names.
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
                shutil.rmtree(folder)  # it finished before it could be killed
            except subprocess.TimeoutExpired:
                process.kill()
                kills[_phase(bool(process.communicate()[0] or imported), folder)] += 1
    subprocess.run(command, check=True, capture_output=True)
    leftovers = [path.name for path in folder.rglob(".*") if path.suffix == ".tmp"]
    return {"kills": kills, "digests": Run(folder).require().digests(), "leftovers": leftovers}


def _phase(imported: bool, folder: Path) -> str:
    """The phase in which a process was killed, judged by what it had printed and written."""
    if (folder / "history.csv").exists():
        return "save"
    if (folder / "recipe.toml").exists() and imported:
        return "train"
    return "load" if imported else "import"


def measure_kills(name: str, num_runs: int, folder: Path, max_kills: int = MAX_KILLS) -> dict[str, Any]:
    """Kills runs of one network and compares each with two undisturbed runs."""
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

    def kill(number: int) -> Results:
        return kill_and_finish(name, folder / f"run{number}", seconds, random.Random(number), max_kills)

    with ThreadPoolExecutor(max_workers=2) as pool:
        killed = list(pool.map(kill, range(num_runs)))
    return {
        "runs": num_runs,
        "seconds": seconds,
        "kills": {phase: sum(run["kills"][phase] for run in killed) for phase in PHASES},
        "identical": sum(run["digests"] == undisturbed[0] for run in killed),
        "leftovers": sum(len(run["leftovers"]) for run in killed),
        "undisturbed_identical": undisturbed[0] == undisturbed[1],
    }


def measure_answers(folder: Path, repeats: int = 3) -> dict[str, Any]:
    """Seconds from a signal to the end of a run on all of MNIST, and from a second start to its refusal."""
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


def measure(runs: int, only: list[str] | None, train: tuple[str, str] | None) -> Results | None:
    """Measures everything, or some parts anew; or does what the killed processes do."""
    if train:
        train_small(train[0], Path(train[1]))
        return None
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a program in the background ignores it otherwise
    results: Results = BENCHMARK.read() if only else {"networks": {}}
    with tempfile.TemporaryDirectory() as folder:
        if "answers" in (only or ["answers"]):
            results["answers"] = measure_answers(Path(folder) / "answers")
        for number, name in enumerate(NETWORKS):
            if name in (only or NETWORKS):
                (Path(folder) / name).mkdir()
                results["networks"][name] = measure_kills(name, (runs + 2 - number) // 3, Path(folder) / name)
                print(name, results["networks"][name], flush=True)
                BENCHMARK.write(results)
    return results


def table(results: Results) -> str:
    """The kills of each network, and a paragraph on signals."""
    rows = []
    for name, row in results["networks"].items():
        kills = ", ".join(str(row["kills"][phase]) for phase in PHASES)
        rows.append((f"`{name}`", f"{row['runs']}", kills, f"{row['identical']}", f"{row['leftovers']} files"))
    titles = "recipe, shortened | runs | kills in import, load, training, saving | ended the same | left behind"
    answers = results["answers"]
    return (
        f"{markdown_table(titles, rows)}\n\n"
        f"Ctrl-C ended a training of the `cnn` on all of MNIST after {answers['SIGINT']['median']:.1f} s (at most "
        f"{answers['SIGINT']['max']:.1f} s), SIGTERM after {answers['SIGTERM']['median']:.1f} s (at most "
        f"{answers['SIGTERM']['max']:.1f} s), with a checkpoint. A second start on the folder was refused after "
        f"{answers['second start']['median']:.1f} s (at most {answers['second start']['max']:.1f} s)."
    )


OPTIONS = {
    "--runs": {"type": int, "default": 100, "help": "number of runs to kill, of all networks together"},
    "--only": {"nargs": "+", "choices": [*NETWORKS, "answers"], "help": "parts to measure anew"},
    "--train": {"nargs": 2, "metavar": ("NAME", "FOLDER"), "help": "train as the killed processes do"},
}
BENCHMARK = Benchmark(__file__, __doc__, measure, table, options=OPTIONS)

if __name__ == "__main__":
    BENCHMARK.run()
