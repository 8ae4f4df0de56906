"""How long setting up takes, and what each dependency weighs.

    python benchmarks/measure/installation.py [--weights-only] [--table-only]

Clones this repository twice, says `make run` in both, and stops it at the first line that it prints after the set-up:
the first time with empty caches, so that every package is fetched, the second time with those that the first has left.
Then `make tools`, which `make test` and `make check` begin with. Needs git and a source of packages, as set for pip;
how far away that is decides much of the first time.

Weighed is what lies in the environment that runs this program, modules compiled as well: it must be one that has the
extras of requirements-dev.lock.
"""

import importlib.metadata
import importlib.util
import itertools
import os
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterable
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks.measure.benchmark import ROOT, Benchmark, Results, cores, markdown_table
from mnistlab.models.backend import describe_environment

FIRST_LINE = "MNIST"
SMALLEST_SHOWN = 5.0  # MB


def seconds_to_first_line(clone: Path, environment: dict[str, str]) -> float:
    """The time from the beginning of a clone to the first line of its `make run`, which is stopped there."""
    begin = time.perf_counter()
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    process = subprocess.Popen(
        ["make", "run"], cwd=clone, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout is not None
    for line in process.stdout:
        print(f"{time.perf_counter() - begin:6.1f} s  {line}", end="", flush=True)
        if line.startswith(FIRST_LINE):
            break
    else:
        raise RuntimeError("make run ended before it began the run; see above.")
    taken = time.perf_counter() - begin
    os.killpg(process.pid, signal.SIGINT)
    process.communicate()
    return taken


def set_up() -> dict[str, float]:
    """Seconds with empty caches, with filled ones, and for the tools of the tests and checks beside it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        left_out = ("VIRTUAL_ENV", "PYTHONPATH")
        environment = {key: value for key, value in os.environ.items() if key not in left_out}
        environment |= {
            "PYTHONUNBUFFERED": "1",
            "UV_CACHE_DIR": str(folder / "uv"),
            "PIP_CACHE_DIR": str(folder / "pip"),
        }
        fetched = seconds_to_first_line(folder / "first" / "mnistlab", environment)
        cached = seconds_to_first_line(folder / "second" / "mnistlab", environment)
        begin = time.perf_counter()
        subprocess.run(["make", "tools"], cwd=folder / "second" / "mnistlab", env=environment, check=True)
        return {"fetched": fetched, "cached": cached, "tools": time.perf_counter() - begin}


def num_bytes(distribution: importlib.metadata.Distribution) -> int:
    """The size of a distribution's files, and of its modules in compiled form."""
    paths = {Path(str(file.locate())) for file in distribution.files or []}
    paths |= {Path(importlib.util.cache_from_source(str(path))) for path in paths if path.suffix == ".py"}
    return sum(path.stat().st_size for path in paths if path.is_file())


def closure(requirements: Iterable[str]) -> set[str]:
    """The names of all distributions that are installed for some requirements."""
    found, left = set[str](), [Requirement(text) for text in requirements]
    while left:
        requirement = left.pop()
        name = str(canonicalize_name(requirement.name))
        if name in found or not (requirement.marker is None or requirement.marker.evaluate({"extra": ""})):
            continue
        try:
            more = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue
        if name != "mnistlab":
            found.add(name)
        left += map(Requirement, more if name != "mnistlab" else [])
    return found


def weigh() -> Results:
    """The weight of every dependency, and of all that each extra brings, in MB (millions of bytes)."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras: dict[str, list[str]] = project["project"]["optional-dependencies"]
    base: list[str] = project["project"]["dependencies"]
    tools = [one for one in project["dependency-groups"]["dev"] if isinstance(one, str)]
    groups = {"": base, "train": extras["train"], "lesson": extras["lesson"], "cluster": extras["cluster"]}
    groups |= {"jax": extras["jax"], "make test": tools}
    sizes = {
        name: num_bytes(importlib.metadata.distribution(name)) / 1e6
        for name in closure(itertools.chain(*groups.values()))
    }
    before, totals, dependencies = set[str](), {}, []
    for group, requirements in groups.items():
        whole = closure(requirements) | before
        totals[group] = sum(sizes[name] for name in whole - before)
        for requirement in requirements:
            name = str(canonicalize_name(Requirement(requirement).name))
            if name in before or name not in sizes:
                continue
            others = closure(one for one in requirements if one != requirement) | before
            alone = sum(sizes[one] for one in whole - others)
            dependencies.append({"name": name, "extra": group, "own": sizes[name], "alone": alone})
        before = whole
    package = sum(path.stat().st_size for path in (ROOT / "src" / "mnistlab").rglob("*") if path.is_file()) / 1e6
    return {"mnistlab": package, "totals": totals, "dependencies": dependencies}


def measure(*, weights_only: bool) -> Results:
    """Weighs, and sets up."""
    results = BENCHMARK.read() | {"weights": weigh()}
    if not weights_only:
        results |= {"seconds": set_up(), "environment": describe_environment()}
    return results


def table(results: Results) -> str:
    """The times in a sentence, and the weights in a table."""
    seconds, weights = results["seconds"], results["weights"]
    totals = weights["totals"]
    rows = [
        [f"`{one['name']}`", one["extra"] or "–", f"{one['own']:,.0f}", f"{one['alone']:,.0f}"]
        for one in sorted(weights["dependencies"], key=lambda one: (list(totals).index(one["extra"]), -one["own"]))
        if max(one["own"], one["alone"]) >= SMALLEST_SHOWN
    ]
    added = ", ".join(f"{total:,.0f} MB for {_named(group)}" for group, total in totals.items() if group)
    return "\n".join(
        [
            f"On {cores(results['environment'])}, from `git clone` to the first line of `make run`: "
            f"{seconds['fetched']:.0f} s with every package fetched, {seconds['cached']:.0f} s with all of them in the "
            f"cache. The tools of `make test` and `make check` take another {seconds['tools']:.0f} s.",
            "",
            f"mnistlab without extras weighs {weights['mnistlab'] + totals['']:,.0f} MB, {weights['mnistlab']:,.0f} MB "
            f"of which are its own. To that come {added}.",
            "",
            markdown_table("dependency | extra | itself, MB | with what comes for it alone, MB", rows, num_left=2),
        ]
    )


def _named(group: str) -> str:
    return f"`{group}`" if group == "make test" else f"the extra `{group}`"


BENCHMARK = Benchmark(
    __file__,
    __doc__,
    measure,
    table,
    options={"--weights-only": {"action": "store_true", "help": "keep the times of the last measurement"}},
)

if __name__ == "__main__":
    BENCHMARK.run()
