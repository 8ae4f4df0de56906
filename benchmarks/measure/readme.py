"""Puts measured tables into README.md and docs, each between its own pair of markers."""

import argparse
from pathlib import Path

README = Path(__file__).parents[2] / "README.md"


def parser(description: str | None) -> argparse.ArgumentParser:
    """The command line that every benchmark here has: its docstring as help, and `--table-only`."""
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--table-only", action="store_true", help="write the table from the stored results")
    return made


def put(program: str, text: str, document: Path = README) -> None:
    """Replaces what stands between the markers of a program.

    Args:
        program: the file that measured, as the marker says it:
            `<!-- results: written by benchmarks/measure/PROGRAM -->`.
        text: Markdown.
        document: where they stand.

    Raises:
        ValueError: if the document has no such markers.
    """
    begin, end = f"<!-- results: written by benchmarks/measure/{program} -->", "<!-- end of results -->"
    before, found, rest = document.read_text(encoding="utf-8").partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"{document.name} has no pair of markers {begin} … {end}.")
    document.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")


def source(environment: dict) -> str:
    """Where figures come from, in a phrase: hardware, precision, versions."""
    return (
        f"{environment['num_cpus']} cores of an {environment['cpu']}, {environment['precision']}, "
        f"TensorFlow {environment['tensorflow']}, Keras {environment['keras']}"
    )
