"""What the programs in benchmarks have in common: each starts as it is, is described, and fills its table."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.measure import benchmark
from benchmarks.measure.benchmark import Benchmark, markdown_table

ROOT = Path(__file__).parents[1]
PROGRAMS = sorted((ROOT / "benchmarks").glob("*/*.py"))
ON_THE_PATH = "sys.path.insert(0, str(Path(__file__).parents[2]))\n"
TEXT = "Before.\n<!-- results: written by benchmarks/measure/example.py -->\n{}\n<!-- end of results -->\nAfter.\n"


@pytest.fixture
def document(tmp_path, monkeypatch):
    """A document with the markers of a program, which comes after one without; results go beside it."""
    documents = [tmp_path / "other.md", tmp_path / "document.md"]
    documents[0].write_text("Nothing.\n")
    documents[1].write_text(TEXT.format("old"))
    monkeypatch.setattr(benchmark, "DOCUMENTS", documents)
    monkeypatch.setattr(benchmark, "RESULTS", tmp_path)
    return documents[1]


def run(monkeypatch, arguments, **settings):
    monkeypatch.setattr(sys, "argv", ["example.py", *arguments])
    program = str(ROOT / "benchmarks" / "measure" / "example.py")
    example = Benchmark(program, None, table=lambda results: f"{results['answer']:,}", **settings)
    example.run()
    return example


def test_results_are_stored_and_put_between_the_markers(document, monkeypatch):
    options = {"--num-images": {"type": int}}
    published = []
    example = run(
        monkeypatch,
        ["--num-images", "2000"],
        measure=lambda num_images: {"answer": num_images},
        options=options,
        publish=published.append,
    )
    assert json.loads((document.parent / "example.json").read_text()) == example.read() == {"answer": 2000}
    assert document.read_text() == TEXT.format("2,000")
    assert (document.parent / "other.md").read_text() == "Nothing.\n"
    assert published == [{"answer": 2000}]


def test_the_table_alone_is_made_of_the_stored_results(document, monkeypatch):
    (document.parent / "stored.json").write_text('{"answer": 42}')
    run(monkeypatch, ["--table-only"], measure=pytest.fail, results="stored")
    assert document.read_text() == TEXT.format("42")


def test_without_results_nothing_is_written(document, monkeypatch):
    example = run(monkeypatch, [], measure=lambda: None)
    assert document.read_text() == TEXT.format("old")
    assert not example.path.exists() and example.read() == {}


def test_a_table_without_a_place_is_named(document, monkeypatch):
    document.write_text("Nothing here either.\n")
    with pytest.raises(ValueError, match=r"No document has the lines <!-- .*measure/example\.py --> and <!-- end"):
        run(monkeypatch, [], measure=lambda: {"answer": 1})


def test_a_markdown_table():
    assert markdown_table("name | right | wrong", [("mlp", "98 %", "2 %"), ("cnn", "99 %", "1 %")]) == (
        "| name | right | wrong |\n| --- | ---: | ---: |\n| mlp | 98 % | 2 % |\n| cnn | 99 % | 1 % |"
    )


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_a_program_is_described_and_finds_the_others(path):
    assert f"`{path.stem}`" in (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    program = path.read_text(encoding="utf-8")
    if "__main__" in program and "from benchmarks." in program:
        assert program.index(ON_THE_PATH) < program.index("from benchmarks.")


def test_a_program_starts_in_the_repository():
    command = [sys.executable, "benchmarks/measure/recipes.py", "--help"]
    assert "--only" in subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
