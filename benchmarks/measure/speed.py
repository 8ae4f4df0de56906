"""How fast and how accurate mnistlab is beside the notebook on stock Keras: `mnistlab bench` over ten seeds.

Writes `benchmarks/results/bench.json` after every round and puts its table into README.md.

    python benchmarks/measure/speed.py [--rounds 10] [--table-only]
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks.measure import readme
from mnistlab.bench.suite import format_summary, run_suite
from mnistlab.files import write_json

RESULTS = Path(__file__).parents[1] / "results" / "bench.json"


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
        run_suite(
            rounds=arguments.rounds,
            tell=lambda line: print(line, flush=True),
            keep=lambda results: write_json(RESULTS, results),
        )
    readme.put("speed.py", table(json.loads(RESULTS.read_text(encoding="utf-8"))))


if __name__ == "__main__":
    main()
