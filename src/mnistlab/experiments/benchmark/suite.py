"""Rounds of measurements in turn, and their summary: medians, ratios pair by pair, their spread."""

import dataclasses
import itertools
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from mnistlab import __version__
from mnistlab.evaluation.significance import mean_interval
from mnistlab.exceptions import MnistlabError
from mnistlab.experiments.benchmark.pytorch import has_torch
from mnistlab.system.console import Console
from mnistlab.system.processor import HELD_BY, ONEDNN, chooses_onednn, processor
from mnistlab.system.text import percent, points

MULTIPLY_ADDS = {"mlp": 668_672, "cnn": 10_235_008}  # a forward pass of one image; tests count them from the layers
FIRST_LAYER = {"mlp": 401_408, "cnn": 194_688}  # of these; the gradient of the images is not needed
FLOP = {name: 6 * count - 2 * FIRST_LAYER[name] for name, count in MULTIPLY_ADDS.items()}
"""Operations to train on one image: two a multiply-add, forward, for the weights' gradient and for the inputs'."""

FULL_ROUNDS, QUICK_ROUNDS = 3, 2
WORK = {  # epochs and training images
    "full": {"mlp": (5, 60_000), "cnn": (5, 60_000)},
    "short": {"mlp": (3, 30_000), "cnn": (3, 6_400)},
    "quick": {"mlp": (2, 30_000), "cnn": (2, 6_000)},
}
Work = Literal["full", "short", "quick"]
LABELS = {"stock": "stock Keras", "torch": "PyTorch", "mnistlab": "mnistlab"}
"""Who trains, in the order of the measurements and of the table."""


def run_suite(
    *,
    work: Work = "full",
    rounds: int | None = None,
    quiet: bool = False,
    keep: Callable[[dict[str, Any]], object] | None = None,
    earlier: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Measures the machine, stock Keras, PyTorch where it is installed, and mnistlab in turn, several times.

    Args:
        work: How much is trained: `"full"` as the notebook does; `"short"`, whose accuracy means little; or `"quick"`,
            a few minutes in all, for a first impression.
        rounds: Number of rounds; every round trains from another seed.
        quiet: Whether to print no line for each finished measurement.
        keep: Function that is called after every round with the results so far, so that an interruption costs one round
            at most.
        earlier: Results of an earlier call with the same work, on the same machine, to add rounds to.

    Returns:
        The content of the file of `mnistlab bench --json`: `processor`, `paths`, `rounds` with every figure, and
        `summary`.
    """
    rounds = rounds or (QUICK_ROUNDS if work == "quick" else FULL_ROUNDS)
    console = Console(quiet=quiet)
    kinds = [kind for kind in LABELS if kind != "torch" or has_torch()]
    results: dict[str, Any] = dict(earlier or {})
    if not results:
        results = {
            "mnistlab": __version__,
            "quick": work == "quick",
            "work": {name: {"epochs": epochs, "num_images": images} for name, (epochs, images) in WORK[work].items()},
            "processor": describe_processor(),
            "rounds": {"machine": [], **{f"{kind}_{name}": [] for name in WORK[work] for kind in kinds}},
        }
        console.line(format_processor(results["processor"]))
        results["paths"] = measure_paths(console)
    measured = results["rounds"]
    kinds = [kind for kind in kinds if f"{kind}_mlp" in measured]
    first = len(measured["machine"])
    for seed in range(first, first + rounds):
        of_round, title = {"machine": _measure("machine")}, f"round {seed + 1}/{first + rounds}"
        console.line(f"{title}  machine {_rates(of_round['machine'])}")
        for name, (epochs, num_images) in WORK[work].items():
            for kind in kinds:
                figures = _measure(kind, name, epochs, num_images, seed, variables=variables_of(kind))
                results["environment"] = figures.pop("environment", results.get("environment"))
                figures["gflops"] = figures["images_per_second"] * FLOP[name] / 1e9
                of_round[f"{kind}_{name}"] = figures
                console.line(
                    f"{title}  {name}  {LABELS[kind]:<12}{figures['train_seconds']:7.1f} s  "
                    f"{figures['images_per_second']:8,.0f} images/s  accuracy {percent(figures['test_accuracy'])}"
                )
        for key, figures in of_round.items():  # only whole rounds
            measured[key].append(figures)
        results["summary"] = summarize(measured)
        if keep is not None:
            keep(results)
    return results


def describe_processor() -> dict[str, Any]:
    """The processor's kind, its features that matter here, and what oneDNN is held to, if it is."""
    here = processor()
    known = sorted(name for name in here.features if name.startswith(("avx", "amx", "bf16", "asimd", "sve", "fma")))
    held = next((os.environ[name] for name in HELD_BY if os.environ.get(name)), None)
    return {"kind": here.kind, "features": known, **({} if held is None else {"held_to": held})}


def format_processor(described: Mapping[str, Any]) -> str:
    """The processor's kind and features in one line."""
    held = f", held to {described['held_to']} for oneDNN" if "held_to" in described else ""
    return f"processor {described['kind']}{held}: {' '.join(described['features']) or 'features unknown'}"


def variables_of(kind: str) -> dict[str, str]:
    """Environment variables of a measurement: stock Keras gets the kernels that TensorFlow itself would take.

    TensorFlow looks at the processor alone, so where oneDNN is held to older instructions it must be told.
    """
    by_itself = processor().tensorflow_uses_onednn
    if kind != "stock" or by_itself is None or ONEDNN in os.environ:
        return {}
    return {ONEDNN: "1" if by_itself else "0"}


def measure_paths(console: Console) -> list[dict[str, Any]]:
    """A short trial of every way to compute: with oneDNN's kernels or TensorFlow's, in float32 or bfloat16.

    bfloat16 is left out where it would be emulated, at seconds a step.

    Returns:
        A row for each: `network`, `onednn`, `precision`, `step_ms` and `chosen`, whether mnistlab goes this way by
        itself.
    """
    rows = []
    usual = chooses_onednn()
    for name in MULTIPLY_ADDS:
        for onednn, precision in itertools.product((True, False), ("float32", "bfloat16")):
            if precision == "bfloat16" and not (onednn and processor().multiplies_bfloat16):
                continue
            figures = _measure("path", name, precision, variables={ONEDNN: str(int(onednn))})
            chosen_precision = "bfloat16" if onednn and processor().multiplies_bfloat16 else "float32"
            chosen = onednn == usual and precision == chosen_precision
            rows.append({"network": name, "onednn": onednn, "precision": precision, **figures, "chosen": chosen})
            console.line(f"{name}  {_path(rows[-1])}  {figures['step_ms']:7.1f} ms a step{'  <- chosen' * chosen}")
    return rows


def _path(row: Mapping[str, Any]) -> str:
    return f"{'oneDNN' if row['onednn'] else 'TensorFlow'} kernels, {row['precision']}"


def summarize(measured: dict[str, Any]) -> dict[str, Any]:
    """Medians over the rounds, speed ratios pair by pair, and the difference in accuracy with its 95 % interval.

    A ratio is that of the images per second.
    """
    machine = {name: _spread([figures[name] for figures in measured["machine"]]) for name in measured["machine"][0]}
    summary: dict[str, Any] = {"machine": machine}
    for name in MULTIPLY_ADDS:
        ours = measured[f"mnistlab_{name}"]
        for kind in LABELS:
            if f"{kind}_{name}" not in measured:
                continue
            rounds = measured[f"{kind}_{name}"]
            numbers = [key for key, value in rounds[0].items() if isinstance(value, float | int)]
            figures = {key: _spread([figures[key] for figures in rounds]) for key in numbers}
            for precision in ("float32", "bfloat16"):
                pairs = zip(rounds, measured["machine"], strict=True)
                shares = [figures["gflops"] / rates[f"{precision}_gflops"] for figures, rates in pairs]
                figures[f"fraction_of_{precision}_rate"] = _spread(shares)
            summary[f"{kind}_{name}"] = figures
            if kind != "mnistlab":
                ratios = [b["images_per_second"] / a["images_per_second"] for a, b in zip(rounds, ours, strict=True)]
                summary["speedup_" + ("" if kind == "stock" else f"over_{kind}_") + name] = _spread(ratios)
        stock = measured[f"stock_{name}"]
        differences = [b["test_accuracy"] - a["test_accuracy"] for a, b in zip(stock, ours, strict=True)]
        summary[f"accuracy_difference_{name}"] = dataclasses.asdict(mean_interval(differences))
    return summary


def format_summary(results: dict[str, Any]) -> str:
    """The summary as Markdown tables: who trains how fast, and what other ways to compute would give."""
    summary, work = results["summary"], results["work"]
    lines = [
        "| network | run by | images/s | training | GFLOP/s | of float32 rate | of bfloat16 rate | accuracy | memory |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name in work:
        for kind, label in LABELS.items():
            if f"{kind}_{name}" not in summary:
                continue
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
        if over := summary.get(f"speedup_over_torch_{name}"):
            lines.append(
                f"  It is {over['median']:.2f} times as fast as PyTorch ({over['min']:.2f} to {over['max']:.2f})."
            )
        difference = summary[f"accuracy_difference_{name}"]
        if difference["low"] is not None and _is_full(work[name]):
            lines.append(
                f"  Its test accuracy differs by {points(difference['mean'])} points "
                f"(95 % interval {points(difference['low'])} to {points(difference['high'])}): "
                f"{_verdict(difference['low'], difference['high'])}."
            )
    if not all(map(_is_full, work.values())):
        lines.append("- The networks see too few images here for their accuracy to mean anything.")
    if results.get("paths"):
        lines += ["", "| ways to compute, ms a step | " + " | ".join(f"`{name}`" for name in work) + " |"]
        lines.append("| --- |" + " ---: |" * len(work))
        ways = {_path(row): row["chosen"] for row in results["paths"]}
        for way, chosen in ways.items():
            cells = [f"{row['step_ms']:,.1f}" for row in results["paths"] if _path(row) == way]
            lines.append(f"| {way}{' (chosen)' * chosen} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _is_full(work: Any) -> bool:
    epochs, num_images = work.values() if isinstance(work, Mapping) else work
    return bool(epochs * num_images >= 5 * 60_000)


def _verdict(low: float, high: float) -> str:
    """The meaning of an interval of the difference in accuracy, mnistlab's minus stock Keras', in words."""
    if low <= 0 <= high:
        return "no evidence of a difference"
    return "more than chance explains, in favour of " + ("mnistlab" if low > 0 else "stock Keras")


def _measure(kind: str, *arguments: str | int, variables: Mapping[str, str] | None = None) -> dict[str, Any]:
    command = [sys.executable, "-m", "mnistlab.experiments.benchmark.worker", kind, *map(str, arguments)]
    environment = os.environ | dict(variables or {})
    finished = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False, env=environment)
    if finished.returncode:
        last = (finished.stderr.strip().splitlines() or ["no message"])[-1]
        raise MnistlabError(f"The measurement of {kind} {' '.join(map(str, arguments))} failed: {last}.")
    figures: dict[str, Any] = json.loads(finished.stdout.splitlines()[-1])
    return figures


def _spread(values: Sequence[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "min": min(values), "max": max(values), "n": len(values)}


def _rates(figures: dict[str, float]) -> str:
    return ", ".join(f"{name.removesuffix('_gflops')} {rate:.0f} GFLOP/s" for name, rate in figures.items())
