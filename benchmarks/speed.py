"""How fast and how accurate mnistlab is beside the notebook on stock Keras: `mnistlab bench` over ten seeds.

Writes `benchmarks/results/bench.json` after every round and puts its table into docs/performance.md.

    python benchmarks/speed.py [--rounds 10] [--table-only]
"""

import json
from pathlib import Path

import readme
from mnistlab.experiments.benchmark.suite import format_summary, run_suite
from mnistlab.system.files import write_json

RESULTS = Path(__file__).parent / "results" / "bench.json"
DOCUMENT = Path(__file__).parent.parent / "docs" / "performance.md"


def table(results: dict) -> str:
    """The summary under a sentence on where it comes from."""
    machine = results["summary"]["machine"]
    rates = " and ".join(
        f"{machine[f'{precision}_gflops']['median']:.0f} GFLOP/s in {precision}"
        for precision in ("float32", "bfloat16")
    )
    return (
        f"{readme.source(results['environment'])}. This machine multiplies 2048 × 2048 matrices at {rates}. Medians of "
        f"{machine['float32_gflops']['n']} rounds, in each of which everything was measured in turn.\n\n"
        f"{format_summary(results)}"
    )


def main() -> None:
    """Measures and writes."""
    parser = readme.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    arguments = parser.parse_args()
    if not arguments.table_only:
        run_suite(rounds=arguments.rounds, keep=lambda results: write_json(RESULTS, results))
    readme.put("speed.py", table(json.loads(RESULTS.read_text(encoding="utf-8"))), DOCUMENT)


if __name__ == "__main__":
    main()
