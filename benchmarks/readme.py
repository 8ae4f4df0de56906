"""Puts measured tables into README.md and docs, each between its own pair of markers."""

from pathlib import Path

README = Path(__file__).parent.parent / "README.md"


def put(program: str, text: str, document: Path = README) -> None:
    """Replaces what stands between the markers of a program.

    Args:
        program: the file that measured, as the marker names it: `<!-- results: written by benchmarks/PROGRAM -->`.
        text: Markdown.
        document: where they stand.

    Raises:
        ValueError: if the document has no such markers.
    """
    begin, end = f"<!-- results: written by benchmarks/{program} -->", "<!-- end of results -->"
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
