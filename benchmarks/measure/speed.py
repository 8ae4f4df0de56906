"""How fast and how accurate mnistlab is beside the notebook on stock Keras: `mnistlab bench` over ten seeds.

    python benchmarks/measure/speed.py [--rounds 10] [--table-only]

The results lie in benchmarks/results/bench.json, which is written after every round.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks.measure.benchmark import Benchmark, Results, source
from mnistlab.experiments.benchmark.suite import format_summary, run_suite


def measure(rounds: int) -> Results:
    """Runs `mnistlab bench` with one round per seed."""
    return run_suite(rounds=rounds, keep=BENCHMARK.write)


def table(results: Results) -> str:
    """The summary, below a sentence that says where it comes from."""
    machine = results["summary"]["machine"]
    rates = " and ".join(
        f"{machine[f'{precision}_gflops']['median']:.0f} GFLOP/s in {precision}"
        for precision in ("float32", "bfloat16")
    )
    return (
        f"{source(results['environment'])}. This machine multiplies 2048 × 2048 matrices at {rates}. Medians of "
        f"{machine['float32_gflops']['n']} rounds, in each of which everything was measured in turn.\n\n"
        f"{format_summary(results)}"
    )


OPTIONS = {"--rounds": {"type": int, "default": 10, "help": "number of rounds, each with a seed of its own"}}
BENCHMARK = Benchmark(__file__, __doc__, measure, table, options=OPTIONS, results="bench")

if __name__ == "__main__":
    BENCHMARK.run()
