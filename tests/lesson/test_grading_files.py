"""Files that are handed in: those that are not notebooks, other encodings, and how notebooks are found."""

import json
import os
import platform
import tracemalloc

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hand_ins import LIMITS, percent
from mnistlab.exceptions import DataError, MnistlabError
from mnistlab.lesson.grading.grading import grade_notebook
from mnistlab.lesson.migration import documents
from mnistlab.lesson.notebooks.reading import MAX_NOTEBOOK_BYTES, find_notebooks, read_cells, read_numbered_cells
from mnistlab.system.sandbox import landlock, seccomp
from mnistlab.system.sandbox.limits import MIB

on_linux = pytest.mark.skipif(
    not landlock.version() or platform.machine() not in seccomp.ARCHITECTURES, reason="needs Linux with Landlock"
)


# Files that are no notebooks


SOUND = json.dumps(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x = 'é'")]), indent=1, ensure_ascii=False)


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("a.ipynb", b"", "is empty: it has 0 bytes"),
        ("a.ipynb", b"\0" * 5000, "is empty: it has 5,000 bytes"),
        ("a.ipynb", b"{}", "is JSON, but not a notebook"),
        ("a.ipynb", b"[1, 2]", "is JSON, but a list and not a notebook"),
        ("a.ipynb", b'"text"', "is JSON, but a text and not a notebook"),
        ("a.ipynb", b"7" * 5000, "is JSON with a number that is too long to read"),
        ("a.ipynb", b"[" * 100_000, "is JSON that is nested too deeply"),
        ("a.ipynb", b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": 7}', "is JSON, but not a notebook"),
        ("a.ipynb", b'{"nbformat": 4, "metadata": {}, "cells": [7]}', "is not a notebook that Jupyter could open"),
        ("a.ipynb", SOUND.encode()[:150], "is cut off: its JSON ends in the middle, after 150 characters"),
        ("a.ipynb", SOUND.encode()[:-1], "is cut off: its JSON ends in the middle"),
        ("a.ipynb", SOUND.replace(",", "", 1).encode(), "is damaged: its JSON breaks in line"),
        (
            "a.ipynb",
            SOUND.replace("\n", "\n<<<<<<< HEAD\n", 1).encode(),
            "has marks of a merge conflict, the first in line 2",
        ),
        ("a.ipynb", b"<!DOCTYPE html>\n<html>", "is a web page and not a notebook"),
        ("a.ipynb", b"PK\x03\x04abc", "is a ZIP file or an office document by its content"),
        ("a.ipynb", b"%PDF-1.7", "is a PDF by its content"),
        ("a.ipynb", b"version https://git-lfs.github.com/spec/v1\nsize 1\n", "Run git lfs pull"),
        ("a.ipynb", b"https://colab.research.google.com/drive/x\n", "holds a link"),
        ("a.ipynb", b"{\\rtf1\\ansi x}", "word processor"),
        ("a.ipynb", b"{'cells': []}", "single quotes"),
        ("a.ipynb", (SOUND + SOUND).encode(), "goes on after its end"),
        ("a.ipynb", b"import numpy as np", "Is it Python? Then its name ends in .py."),
        ("a.ipynb", SOUND.encode("cp1252"), "byte 0xe9 in line "),
        (
            "a.ipynb",
            b"{\n  don\x92t",
            "byte 0x92 in line 2, column 6, which is \u2019 in Windows-1252. Save it as UTF-8.",
        ),
        ("a.ipynb", SOUND.encode("utf-16")[:-1], "begins like UTF-16, but breaks off at byte"),
        ("a.py", b"# %%\nx = '\xe9'", "byte 0xe9 in line 2, column 6"),
        ("a.py", b"# %%\n<<<<<<< HEAD\nx = 1\n", "has marks of a merge conflict, the first in line 2"),
        ("a.txt", b"x", "a notebook that ends in .ipynb or .py was expected"),
    ],
)
def test_a_broken_file_gets_a_plain_message(tmp_path, name, content, text):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(MnistlabError) as error:
        read_cells(tmp_path / name)
    assert text in str(error.value)


def test_a_grade_names_the_student_s_own_file(tmp_path):
    path = tmp_path / "zoe.ipynb"
    path.write_bytes(b"<html>")
    grade = grade_notebook(path, LIMITS, name="group 7/zoe.ipynb")
    assert (grade.points, grade.ended) == (0, "not read")
    assert {step.mark for step in grade.steps} == {"not reached"}
    assert grade.problems == (
        "group 7/zoe.ipynb is a web page and not a notebook. Download the file itself, by its raw link.",
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_notebooks_in_other_encodings_are_read(tmp_path, encoding):
    (tmp_path / "a.ipynb").write_bytes(SOUND.encode(encoding))
    assert read_cells(tmp_path / "a.ipynb") == ["x = 'é'"]
    (tmp_path / "a.py").write_bytes("# %%\nx = 'é'".encode(encoding))
    assert read_cells(tmp_path / "a.py") == ["x = 'é'"]
    (tmp_path / "old.py").write_bytes("# -*- coding: latin-1 -*-\n# %%\nx = 'é'".encode("latin-1"))
    assert read_cells(tmp_path / "old.py")[-1] == "x = 'é'"


@pytest.mark.parametrize(
    "header", ["", "# %% [markdown]\n# text\n", "import os\n", "# ---\n# jupyter: x\n# ---\n", "\n\n"]
)
def test_cells_are_counted_as_migrate_counts_them(tmp_path, header):
    text = header + percent("1", "2") + "# %% [markdown]\n# text\n\n# %%\n3\n"
    (tmp_path / "a.py").write_text(text)
    numbers = [number for number, source in read_numbered_cells(tmp_path / "a.py") if source in ("1", "2", "3")]
    cells = documents.read_document(text, "py").cells
    assert numbers == [cell.number for cell in cells if cell.source.strip()[-1:] in ("1", "2", "3")]


@settings(max_examples=50, deadline=None)
@given(content=st.binary(max_size=300))
def test_any_bytes_are_cells_or_an_error(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("any") / "a.ipynb"
    path.write_bytes(content)
    with pytest.raises(DataError):
        read_cells(path)


def test_an_old_notebook_is_read(tmp_path):
    cell = {"cell_type": "code", "input": "x = 1", "language": "python", "outputs": [], "metadata": {}}
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": [cell], "metadata": {}}]}
    (tmp_path / "old.ipynb").write_text(json.dumps(old))
    assert read_cells(tmp_path / "old.ipynb") == ["x = 1"]


def test_a_notebook_of_200_megabytes_is_refused_unread(tmp_path):
    path = tmp_path / "large.ipynb"
    with path.open("wb") as file:
        file.truncate(200 * MIB)
    tracemalloc.start()
    grade = grade_notebook(path, LIMITS)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert grade.problems[0].endswith("has 200 MB; at most 50 MB are read. Clear its outputs and save it.")
    assert peak < MAX_NOTEBOOK_BYTES / 10


def test_notebooks_are_found(write, tmp_path):
    for name in ("b.py", "a/x.ipynb", "a/.ipynb_checkpoints/x.ipynb", ".hidden.ipynb"):
        write("1", name=name)
    (tmp_path / "module.py").write_text("x = 1\n")
    (tmp_path / "link.ipynb").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "fifo.ipynb") if hasattr(os, "mkfifo") else None
    found = [path.relative_to(tmp_path).as_posix() for path in find_notebooks(tmp_path)]
    assert found == ["a/x.ipynb", "b.py", "fifo.ipynb"]
    assert "is neither a file nor a folder" in grade_notebook(tmp_path / "fifo.ipynb", LIMITS).problems[0]
