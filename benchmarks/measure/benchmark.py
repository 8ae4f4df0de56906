"""What the programs here have in common: results in a file, a table between two markers, and a command line."""

import argparse
import dataclasses
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from mnistlab.system.files import write_json, write_text

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results"
DOCUMENTS = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
END = "<!-- end of results -->"
Results = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Benchmark:
    """A program that measures something, keeps the results in a file and makes a table of them.

    Args:
        program: Path of the program, its `__file__`.
        description: Text of its `--help`, its `__doc__`.
        measure: Function that measures. It takes the options as keyword arguments and returns the results, or `None`
            when there is nothing to keep.
        table: Function that makes Markdown of the results, for the document that holds the program's marker.
        publish: Function that makes whatever else follows from the results, such as a model card.
        options: Command-line options besides `--table-only`, each with its arguments for `argparse`.
        results: Name of the results file without `.json`; by default that of the program.
    """

    program: str
    description: str | None
    measure: Callable[..., Results | None]
    table: Callable[[Results], str] | None = None
    publish: Callable[[Results], object] | None = None
    options: Mapping[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)
    results: str = ""

    @property
    def path(self) -> Path:
        """The file of the results."""
        return RESULTS / f"{self.results or Path(self.program).stem}.json"

    @property
    def marker(self) -> str:
        """The line of a document after which the table stands."""
        return f"<!-- results: written by {Path(self.program).resolve().relative_to(ROOT).as_posix()} -->"

    def read(self) -> Results:
        """The stored results; empty if there are none yet."""
        return json.loads(self.path.read_text(encoding="utf-8")) if self.path.exists() else {}

    def write(self, results: Results) -> None:
        """Stores results; a long measurement does so after each of its parts."""
        write_json(self.path, results)

    def fill(self, text: str) -> None:
        """Puts the table between the program's markers.

        Raises:
            ValueError: if no document has the markers.
        """
        for document in DOCUMENTS:
            before, begin, rest = document.read_text(encoding="utf-8").partition(self.marker)
            _, end, after = rest.partition(END)
            if begin and end:
                return write_text(document, f"{before}{begin}\n{text}\n{end}{after}")
        raise ValueError(f"No document has the lines {self.marker} and {END}. Put them where the table belongs.")

    def run(self) -> None:
        """Runs the command line: measures, unless only the table is wanted, and writes what follows from it."""
        parser = argparse.ArgumentParser(
            description=self.description, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        for name, settings in self.options.items():
            parser.add_argument(name, **settings)
        parser.add_argument("--table-only", action="store_true", help="write the table from the stored results")
        options = vars(parser.parse_args())
        if not options.pop("table_only"):
            measured = self.measure(**options)
            if measured is None:
                return
            self.write(measured)
        results = self.read()
        if self.table:
            self.fill(self.table(results))
        if self.publish:
            self.publish(results)


def markdown_table(titles: str, rows: Iterable[Iterable[str]], num_left: int = 1) -> str:
    """A table in Markdown.

    Args:
        titles: Titles of the columns, with ` | ` between them.
        rows: Cells of each row.
        num_left: Number of columns whose text stands to the left; numbers stand to the right.
    """
    num_right = titles.count(" | ") + 1 - num_left
    alignments = " | ".join(["---"] * num_left + ["---:"] * num_right)
    return "\n".join(f"| {line} |" for line in (titles, alignments, *map(" | ".join, rows)))


def cores(environment: Mapping[str, Any]) -> str:
    """The processor on which something was measured."""
    return f"{environment['num_cpus']} cores of an {environment['cpu']}"


def source(environment: Mapping[str, Any]) -> str:
    """Where figures come from: processor, precision and versions."""
    return (
        f"{cores(environment)}, {environment['precision']}, TensorFlow {environment['tensorflow']}, "
        f"Keras {environment['keras']}"
    )
