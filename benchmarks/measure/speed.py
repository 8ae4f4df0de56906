"""How fast and how accurate mnistlab is beside the notebook on stock Keras, and on PyTorch where it is installed.

    python benchmarks/measure/speed.py [--rounds 10] [--work full] [--held AVX2] [--add] [--table-only]

The results lie in benchmarks/results/bench-KIND.json, with the processor's kind in the name, and are written after
every round. `--held` holds oneDNN to older instructions, which imitates an older processor in part; that file's name
ends with -held. That of `--work short`, whose accuracy means little, ends with -short.
"""

import json
import os
import sys
from pathlib import Path
from typing import get_args

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks.measure.benchmark import RESULTS, Benchmark, Results, markdown_table, source
from mnistlab.experiments.benchmark.suite import Work, describe_processor, format_summary, run_suite
from mnistlab.system.files import write_json
from mnistlab.system.processor import HELD_BY, Kind

SAYINGS = {
    "amx": "AMX",
    "avx512-bf16": "AVX512-BF16",
    "avx512-vnni": "AVX-512 with VNNI, without bfloat16",
    "avx512": "AVX-512 without VNNI",
    "avx2": "AVX2",
    "aarch64-bf16": "64-bit Arm with bfloat16",
    "aarch64": "64-bit Arm",
}


class SpeedBenchmark(Benchmark):
    """A benchmark with a results file for each kind of processor."""

    def file_of(self, processor: Results, *, short: bool) -> Path:
        """The file of the results of one kind of processor."""
        endings = ("-held" if "held_to" in processor else "") + ("-short" if short else "")
        return RESULTS / f"bench-{processor['kind']}{endings}.json"

    def read(self) -> Results:
        """The stored results of all kinds by the names of their files."""
        return {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(RESULTS.glob("bench-*.json"))}

    def write(self, results: Results) -> None:
        """Stores the results of one kind."""
        short = any(work["num_images"] < 60_000 for work in results["work"].values())
        write_json(self.file_of(results["processor"], short=short), results)


def measure(rounds: int, work: Work, held: str | None, add: bool) -> Results:
    """Runs the measurements of `mnistlab bench` with one round per seed."""
    if held:
        os.environ[HELD_BY[0]] = held  # for the processes that measure
    path = BENCHMARK.file_of(describe_processor(), short=work != "full")
    earlier = json.loads(path.read_text("utf-8")) if add and path.exists() else None
    return run_suite(work=work, rounds=rounds, keep=BENCHMARK.write, earlier=earlier)


def table(results: Results) -> str:
    """Which kinds were measured, and the summary of each, below a sentence that says where it comes from."""
    rows = []
    for kind in [kind for kind in get_args(Kind) if kind in SAYINGS]:
        speedups = [
            (name, one["summary"]) for name, one in results.items() if name in (f"bench-{kind}", f"bench-{kind}-short")
        ]
        held = [(name, one["summary"]) for name, one in results.items() if name.startswith(f"bench-{kind}-held")]
        for name, summary in speedups + held or [("", None)]:
            by_hold = ", a newer processor held to it" if "-held" in name else ""
            by_hold += ", short" if name.endswith("-short") else ""
            rows.append((SAYINGS[kind] + by_hold, *_speedups(summary)))
    titles = "processor | `mlp`, times stock Keras | `cnn` | `mlp`, times PyTorch | `cnn`"
    return "\n\n".join([markdown_table(titles, rows), *(_section(one) for one in results.values())])


def _speedups(summary: Results | None) -> tuple[str, ...]:
    if summary is None:
        return ("not measured",) * 4
    names = ("speedup_mlp", "speedup_cnn", "speedup_over_torch_mlp", "speedup_over_torch_cnn")
    return tuple(f"{summary[name]['median']:.2f}" if name in summary else "not measured" for name in names)


def _section(results: Results) -> str:
    machine = results["summary"]["machine"]
    rates = " and ".join(
        f"{machine[f'{precision}_gflops']['median']:.0f} GFLOP/s in {precision}"
        for precision in ("float32", "bfloat16")
    )
    held = results.get("processor", {}).get("held_to")
    hold = f", oneDNN held to {held}" if held else ""
    return (
        f"{source(results['environment'])}{hold}. This machine multiplies 2048 × 2048 matrices at {rates}. Medians of "
        f"{machine['float32_gflops']['n']} rounds, in each of which everything was measured in turn.\n\n"
        f"{format_summary(results)}"
    )


OPTIONS = {
    "--rounds": {"type": int, "default": 10, "help": "number of rounds, each with a seed of its own"},
    "--work": {"choices": get_args(Work)[:2], "default": "full", "help": "how much is trained in a round"},
    "--held": {"metavar": "ISA", "help": "value of ONEDNN_MAX_CPU_ISA, such as AVX2 or AVX512_CORE"},
    "--add": {"action": "store_true", "help": "add the rounds to those that are stored"},
}
BENCHMARK = SpeedBenchmark(__file__, __doc__, measure, table, options=OPTIONS)

if __name__ == "__main__":
    BENCHMARK.run()
