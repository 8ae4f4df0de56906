"""Rounds of measurements in turn, and their summary: medians, ratios pair by pair, their spread."""

import dataclasses
import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any

from mnistlab import __version__
from mnistlab.evaluation.significance import mean_interval
from mnistlab.exceptions import MnistlabError
from mnistlab.system.console import Console
from mnistlab.system.text import percent, points

MULTIPLY_ADDS = {"mlp": 668_672, "cnn": 10_235_008}  # a forward pass of one image; tests count them from the layers
FIRST_LAYER = {"mlp": 401_408, "cnn": 194_688}  # of these; the gradient of the images is not needed
FLOP = {name: 6 * count - 2 * FIRST_LAYER[name] for name, count in MULTIPLY_ADDS.items()}
"""Operations to train on one image: two a multiply-add, forward, for the weights' gradient and for the inputs'."""

FULL_ROUNDS, QUICK_ROUNDS = 3, 2
WORK = {  # epochs and training images
    "full": {"mlp": (5, 60_000), "cnn": (5, 60_000)},
    "quick": {"mlp": (1, 30_000), "cnn": (1, 6_000)},
}


def run_suite(
    *,
    quick: bool = False,
    rounds: int | None = None,
    quiet: bool = False,
    keep: Callable[[dict[str, Any]], object] | None = None,
) -> dict[str, Any]:
    """Measures the machine, stock Keras and mnistlab in turn, several times.

    Args:
        quick: Whether to train only a little, under two minutes, for a first impression.
        rounds: Number of rounds; every round trains from another seed.
        quiet: Whether to print no line for each finished measurement.
        keep: Function that is called after every round with the results so far, so that an interruption costs one round
            at most.

    Returns:
        The content of the file of `mnistlab bench --json`: `rounds` with every figure, and `summary`.
    """
    rounds = rounds or (QUICK_ROUNDS if quick else FULL_ROUNDS)
    console = Console(quiet=quiet)
    work = WORK["quick" if quick else "full"]
    measured: dict[str, Any] = {
        "machine": [],
        **{f"{kind}_{name}": [] for name in work for kind in ("stock", "mnistlab")},
    }
    environment: dict[str, Any] = {}
    results: dict[str, Any] = {}
    for seed in range(rounds):
        measured["machine"].append(_measure("machine"))
        console.line(f"round {seed + 1}/{rounds}  machine " + _rates(measured["machine"][-1]))
        for name, (epochs, num_images) in work.items():
            for kind in ("stock", "mnistlab"):
                figures = _measure(kind, name, epochs, num_images, seed)
                environment = figures.pop("environment", environment)
                figures["images_per_second"] = epochs * num_images / figures["train_seconds"]
                figures["gflops"] = figures["images_per_second"] * FLOP[name] / 1e9
                measured[f"{kind}_{name}"].append(figures)
                console.line(
                    f"round {seed + 1}/{rounds}  {name}  {kind:<9}{figures['train_seconds']:7.1f} s  "
                    f"{figures['images_per_second']:8,.0f} images/s  accuracy {percent(figures['test_accuracy'])}"
                )
        results = {
            "mnistlab": __version__,
            "quick": quick,
            "work": {name: {"epochs": epochs, "num_images": images} for name, (epochs, images) in work.items()},
            "environment": environment,
            "rounds": measured,
            "summary": summarize(measured),
        }
        if keep is not None:
            keep(results)
    return results


def summarize(measured: dict[str, Any]) -> dict[str, Any]:
    """Medians over the rounds, speed ratios pair by pair, and the difference in accuracy with its 95 % interval."""
    machine = {name: _spread([figures[name] for figures in measured["machine"]]) for name in measured["machine"][0]}
    summary: dict[str, Any] = {"machine": machine}
    for name in MULTIPLY_ADDS:
        stock, ours = measured[f"stock_{name}"], measured[f"mnistlab_{name}"]
        for kind, rounds in (("stock", stock), ("mnistlab", ours)):
            figures = {
                key: _spread([figures[key] for figures in rounds]) for key in rounds[0] if rounds[0][key] is not None
            }
            for precision in ("float32", "bfloat16"):
                pairs = zip(rounds, measured["machine"], strict=True)
                shares = [figures["gflops"] / rates[f"{precision}_gflops"] for figures, rates in pairs]
                figures[f"fraction_of_{precision}_rate"] = _spread(shares)
            summary[f"{kind}_{name}"] = figures
        ratios = [a["train_seconds"] / b["train_seconds"] for a, b in zip(stock, ours, strict=True)]
        summary[f"speedup_{name}"] = _spread(ratios)
        differences = [b["test_accuracy"] - a["test_accuracy"] for a, b in zip(stock, ours, strict=True)]
        summary[f"accuracy_difference_{name}"] = dataclasses.asdict(mean_interval(differences))
    return summary


def format_summary(results: dict[str, Any]) -> str:
    """The summary as a Markdown table."""
    summary, work = results["summary"], results["work"]
    lines = [
        "| network | run by | images/s | training | GFLOP/s | of float32 rate | of bfloat16 rate | accuracy | memory |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name in work:
        for kind, label in (("stock", "stock Keras"), ("mnistlab", "mnistlab")):
            row = {key: spread["median"] for key, spread in summary[f"{kind}_{name}"].items()}
            memory = f"{row['peak_memory_mb']:,.0f} MB" if "peak_memory_mb" in row else "–"
            lines.append(
                f"| `{name}` | {label} | {row['images_per_second']:,.0f} | {row['train_seconds']:.1f} s "
                f"| {row['gflops']:.0f} | {percent(row['fraction_of_float32_rate'], 0)} "
                f"| {percent(row['fraction_of_bfloat16_rate'], 0)} | {percent(row['test_accuracy'])} "
                f"| {memory} |"
            )
    lines.append("")
    for name in work:
        ratio = summary[f"speedup_{name}"]
        lines.append(
            f"- `{name}`: mnistlab is {ratio['median']:.1f} times as fast as stock Keras "
            f"({ratio['min']:.1f} to {ratio['max']:.1f} in {ratio['n']} rounds side by side)."
        )
        difference = summary[f"accuracy_difference_{name}"]
        if difference["low"] is not None:
            lines.append(
                f"  Its test accuracy differs by {points(difference['mean'])} points "
                f"(95 % interval {points(difference['low'])} to {points(difference['high'])}): "
                f"{_verdict(difference['low'], difference['high'])}."
            )
    if results["quick"]:
        lines.append("- With `--quick` the networks see too few images for their accuracy to mean anything.")
    return "\n".join(lines)


def _verdict(low: float, high: float) -> str:
    """The meaning of an interval of the difference in accuracy, mnistlab's minus stock Keras', in words."""
    if low <= 0 <= high:
        return "no evidence of a difference"
    return "more than chance explains, in favour of " + ("mnistlab" if low > 0 else "stock Keras")


def _measure(kind: str, *arguments: str | int) -> dict[str, Any]:
    command = [sys.executable, "-m", "mnistlab.experiments.benchmark.worker", kind, *map(str, arguments)]
    finished = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if finished.returncode:
        last = (finished.stderr.strip().splitlines() or ["no message"])[-1]
        raise MnistlabError(f"The measurement of {kind} {' '.join(map(str, arguments))} failed: {last}.")
    figures: dict[str, Any] = json.loads(finished.stdout.splitlines()[-1])
    return figures


def _spread(values: Sequence[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "min": min(values), "max": max(values), "n": len(values)}


def _rates(figures: dict[str, float]) -> str:
    return ", ".join(f"{name.removesuffix('_gflops')} {rate:.0f} GFLOP/s" for name, rate in figures.items())
