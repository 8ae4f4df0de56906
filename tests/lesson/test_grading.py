"""Notebooks made to do harm, graded for real: each loses what it broke and keeps the rest, and the grader lives."""

import csv
import io
import json
import os
import platform
import re
import textwrap
import tracemalloc
from pathlib import Path

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnistlab.exceptions import DataError, MnistlabError, RunError, UsageError
from mnistlab.lesson.grading.feedback import write_feedback
from mnistlab.lesson.grading.gradebook import Gradebook, grade_all, to_csv
from mnistlab.lesson.grading.grading import FINISHED, TAMPERED, changed_files, grade_notebook, package_digests
from mnistlab.lesson.grading.mistakes import find_mistakes, format_mistakes
from mnistlab.lesson.grading.transcript import Transcript
from mnistlab.lesson.migration import documents
from mnistlab.lesson.notebooks.reading import MAX_NOTEBOOK_BYTES, find_notebooks, read_cells, read_numbered_cells
from mnistlab.lesson.steps import STEPS
from mnistlab.system.sandbox import landlock, seccomp
from mnistlab.system.sandbox.limits import MIB, PROTECTIONS, Limits
from mnistlab.system.text import printable, spreadsheet_cell

on_linux = pytest.mark.skipif(
    not landlock.version() or platform.machine() not in seccomp.ARCHITECTURES, reason="needs Linux with Landlock"
)
LIMITS = Limits(seconds=120)
SHORT = Limits(seconds=20)

SOLVED = """
from mnistlab.lesson import check
check("batch.predict", {10_000: ("shorter", "lower"), 32: ("longer", "higher")})
"""
PREPARED = """
from mnistlab.datasets import load_mnist
from mnistlab.lesson import check
from mnistlab.datasets.preprocessing import one_hot, scale_pixels
mnist = load_mnist()
x_train, x_test = (scale_pixels(split.images).reshape(-1, 784) for split in (mnist.train, mnist.test))
y_train, y_test = one_hot(mnist.train.labels), one_hot(mnist.test.labels)
check("data.prepare", x_train, y_train, x_test, y_test)
"""


def percent(*cells):
    return "".join(f"# %%\n{textwrap.dedent(cell).strip()}\n\n" for cell in cells)


@pytest.fixture
def write(tmp_path):
    def write(*cells, name="student.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".ipynb"):
            notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
            notebook.cells.insert(0, nbformat.v4.new_markdown_cell("# Not code"))
            nbformat.write(notebook, path)
        else:
            path.write_text(percent(*cells))
        return path

    return write


def points(grade):
    return {step.key: step.points for step in grade.steps if step.points}


def failures(grade):
    """The problems of a grade, without the remark on the many steps that these short notebooks do not check."""
    return [problem for problem in grade.problems if not problem.startswith("no check was called")]


# As it should be


@pytest.mark.parametrize("name", ["student.py", "student.ipynb"])
def test_points_are_what_the_checks_saw(write, name):
    grade = grade_notebook(write(PREPARED, "%time 1 + 1", SOLVED, "x_train = await_me = 1\n1 / 0", name=name), LIMITS)
    assert points(grade) == {"data.prepare": 1, "batch.predict": 1}
    assert (grade.points, grade.out_of) == (2, sum(step.points for step in STEPS))
    number = 5 if name.endswith(".ipynb") else 4  # as Jupyter shows them, cells of text count too
    assert grade.ended == FINISHED
    assert grade.problems[0] == f"cell {number}: ZeroDivisionError: division by zero"
    assert grade.problems[1].startswith("no check was called for mlp.hidden2, mlp.output, mlp.compile")


@on_linux
def test_all_protections_are_reported(write):
    assert grade_notebook(write("1"), LIMITS).in_force == tuple(PROTECTIONS)


def test_the_best_evidence_of_a_step_counts(write):
    again = "check('batch.predict', {32: ('longer', 'nonsense')})"
    grade = grade_notebook(write(SOLVED, again), LIMITS)
    assert points(grade) == {"batch.predict": 1}
    assert "batch.predict was checked 2 times with different outcomes; the best one counts" in grade.problems
    grade = grade_notebook(write("from mnistlab.lesson import check", again), LIMITS)
    (step,) = (step for step in grade.steps if step.key == "batch.predict")
    assert (step.mark, bool(step.message), bool(step.reason)) == ("not yet", True, True)


def test_a_step_without_a_check_is_not_a_gap(write):
    waiting = "from mnistlab.lesson import check, ready\nif ready('mlp.output'):\n    check('mlp.compile', None, None)"
    loop = "for step in ('cnn.conv2', 'cnn.conv3'):\n    check(step, None)"
    grade = grade_notebook(write(SOLVED, waiting, loop), LIMITS)
    marks = {step.key: step.mark for step in grade.steps}
    assert (marks["mlp.hidden2"], marks["mlp.output"]) == ("no check", "no check")
    assert (marks["mlp.compile"], marks["cnn.conv3"]) == ("not started", "not started")
    assert grade.problems[0].startswith("no check was called for data.prepare, mlp.hidden2, mlp.output")
    (problem,) = grade_notebook(write("1 + 1"), LIMITS).problems
    assert problem == "no check was called for any step, so there was nothing to judge: is it this exercise?"


def test_what_comes_after_a_stop_is_not_reached(write):
    grade = grade_notebook(write(SOLVED, "import os; os._exit(3)", "check('drawing', None, None, None, None)"), LIMITS)
    marks = {step.key: step.mark for step in grade.steps}
    assert (marks["batch.predict"], marks["drawing"], marks["confusion"]) == ("done", "not reached", "no check")


def test_nobody_answers_while_a_notebook_is_graded(write):
    ask = "name = input('Your name? ')"
    debug = "breakpoint()\nis_after = True"
    trace = "import pdb; pdb.set_trace()"
    grade = grade_notebook(write(ask, debug, "assert is_after", trace, SOLVED), LIMITS)
    assert points(grade) == {"batch.predict": 1}
    assert [problem.partition(":")[0] for problem in grade.problems[:3]] == ["cell 1", "cell 2", "cell 4"]
    assert "input() waits for an answer, and nobody is there to give one" in grade.problems[0]
    assert "breakpoint() was passed over" in grade.problems[1]
    assert "nobody is there to use it" in grade.problems[2]


def test_quick_marks_what_needs_training_as_not_checked(write):
    cells = SOLVED, "from types import SimpleNamespace as N\ncheck('mlp.train', N(history={'loss': [1.0]}, params={}))"
    waiting = "from mnistlab.lesson import ready\nassert ready('mlp.train')"
    grade = grade_notebook(write(*cells, waiting), LIMITS, is_quick=True)
    assert failures(grade) == []  # a cell that waits for a training goes on
    marks = {step.key: step.mark for step in grade.steps}
    assert (marks["mlp.train"], marks["mlp.score"], marks["batch.predict"]) == ("not checked", "no check", "done")


def test_shell_commands_are_skipped(write):
    grade = grade_notebook(write("!touch trace; pip install mnistlab", SOLVED, "names = !ls"), LIMITS)
    assert points(grade) == {"batch.predict": 1}
    assert [problem.partition(": shell")[0] for problem in failures(grade)] == ["cell 3: PermissionError"]


def test_files_beside_a_notebook_come_along_if_it_is_alone(write, tmp_path):
    path = write("import os; assert open('digit.txt').read() == '7'\n" + SOLVED, name="ann/exercise.py")
    (tmp_path / "ann" / "digit.txt").write_text("7")
    assert grade_notebook(path, LIMITS).points == 1
    write("1", name="ann/other.py")
    assert grade_notebook(path, LIMITS).points == 0
    assert grade_notebook(path, LIMITS, is_own=True).points == 1


# Made to do harm: what stands after the solved cell, how it ends, and whether the solved cell counts

PATCH = """
from mnistlab.lesson import checking, steps
from mnistlab.lesson.checks import judging
from mnistlab.lesson.checks.verdicts import Feedback, StepState
judging.judge = checking.judge = lambda step, evidence: Feedback(step.key, StepState.DONE, "Right.")
for step in steps.STEPS:
    if step.key != "batch.predict":
        assert check(step.key, *[None] * len(step.arguments))
"""
RUBBISH = """
import os
for descriptor in range(3, 64):
    for rubbish in (b"\\n", b"\\xff\\n", b"x" * 3_000_000 + b"\\n", b"[" * 500_000 + b"\\n", b"9" * 9999 + b"\\n",
                    b'{"end": true}\\n',
                    b'{"step": "mlp.output", "evidence": ' + b'{"model":' * 900 + b"1" + b"}" * 901 + b"\\n",
                    b'{"step": "mlp.output", "evidence": {"model": {"kind": "model", "operations": 7}}}\\n',
                    b'{"in_force": []}\\n{"cells": -1}\\n{"cell": 1e99}\\n{"failed": 7, "error": "\\\\u001b[2J"}\\n'):
        try:
            os.write(descriptor, rubbish)
        except OSError:
            break
"""
HARMFUL = {
    "endless loop": ("while True: pass", r"stopped in cell 2: it ran longer than 20 seconds"),
    "fork bomb": ("import os\nwhile True: os.fork()", FINISHED),
    "process bomb": ("import multiprocessing as m\nm.get_context('fork').Pool(999)", FINISHED),
    "program": ("import subprocess, sys\nsubprocess.run([sys.executable])", FINISHED),
    "list of 10 GB": ("kept = [0] * (10 * 2**30 // 8)", FINISHED),
    "output flood": ("while True: print('x' * 10**6)", "stopped in cell 2: it printed more than 10 MB"),
    "exit": ("import sys; sys.exit('bye')", FINISHED),
    "hard exit": ("import os; os._exit(0)", "stopped in cell 2: the process ended itself"),
    "interrupt": ("raise KeyboardInterrupt", FINISHED),
    "recursion": ("def f(): f()\nf()", FINISHED),
    "crash": ("import ctypes; ctypes.string_at(0)", "stopped in cell 2: the process was ended by SIGSEGV"),
    "no error text": ("class E(Exception):\n def __str__(self): raise SystemExit\nraise E", FINISHED),
    "own file": ("import os\nfor name in os.listdir('.'):\n  if name != '.caches': os.unlink(name)", FINISHED),
    "closed pipes": ("import os; os.closerange(3, 99); os.close(1); os.close(2)", r"stopped in cell 2: .*|finished"),
    "rubbish": (RUBBISH, FINISHED),
    "kill": ("import os; os.kill(os.getppid(), 9)", FINISHED),
    "patched judge": (PATCH, FINISHED),
    "no recorders": ("from mnistlab.lesson import checking; checking.SESSION.recorders.clear()", FINISHED),
    "not the file": (
        "import mnistlab.lesson.checks.judging as j, os\nos.close(os.open(j.__file__, os.O_WRONLY))",
        FINISHED,
    ),
}


@on_linux
@pytest.mark.parametrize("name", HARMFUL)
def test_a_harmful_notebook_loses_what_it_broke(name, write):
    cell, ended = HARMFUL[name]
    before = package_digests()
    limits = SHORT if name == "endless loop" else LIMITS
    grade = grade_notebook(write(SOLVED, cell, "import math\ncheck('confusion', math.pi, 1, 2)"), limits)
    assert points(grade) == {"batch.predict": 1}
    assert re.fullmatch(ended, grade.ended), grade
    assert grade.in_force == tuple(PROTECTIONS)
    assert changed_files(before) == []
    (confusion,) = (step for step in grade.steps if step.key == "confusion")
    if name not in ("no recorders", "closed pipes") and grade.ended == FINISHED:
        assert confusion.mark == "not yet"  # the grading went on after the harm
    assert all(ord(character) >= 32 for problem in grade.problems for character in problem)
    refused = {"fork bomb": "PermissionError", "list of 10 GB": "MemoryError", "not the file": "PermissionError"}
    if name in refused:
        assert grade.problems[0].startswith(f"cell 2: {refused[name]}")


def test_what_the_teacher_sees_is_harmless(write):
    error = 'raise ValueError("\\x1b[2J\\x1b]0;owned\\x07\\u202eevil\\u0000" + "e" + "\\u0301" * 500 + "=1+1" * 500)'
    (problem,) = failures(grade_notebook(write(error), LIMITS))
    assert problem.startswith("cell 1: ValueError: ?[2J?]0;owned??evil?e")
    assert len(problem) < 320
    assert problem.count("\u0301") == 3


@given(st.text())
@settings(deadline=None)
def test_plain_text_is_one_line_of_visible_characters(text):
    shown = printable(text, 50)
    assert len(shown) <= 50
    assert shown.replace(" ", "").isprintable()
    assert printable(shown, 50) == shown


@pytest.mark.parametrize("name", ["=1+1.py", "+1.py", "-1.py", "@sum.py", "＝1.py", "\t=1.py"])
def test_no_cell_of_the_table_is_a_formula(write, name):
    assert spreadsheet_cell(name).startswith("'")
    grade = grade_notebook(write("1", name=name), LIMITS, name=name)
    row = list(csv.reader(io.StringIO(to_csv([grade]))))[1]
    assert not row[0].startswith(("=", "+", "-", "@", "＝"))


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


# What is reported


def test_reports_are_taken_with_care():
    transcript = Transcript()
    for line in (
        b'{"in_force": ["files"]}',
        b'{"in_force": ["files", "network"]}',
        b'{"cells": 3}',
        b'{"problem": "late"}',
        b'{"cell": 2}',
        b'{"cell": 1}',
        b'{"cell": true}',
        b'{"step": "no.step", "evidence": {}}',
        b'{"step": "mlp.output", "evidence": []}',
        b'{"step": ["mlp.output"], "evidence": {}}',
        b'{"end": 1}',
        b'{"calls": ["mlp.output"]}',  # too late: the cells run
        b"[" * 10**6,
        b"1" * 10**6,
        b"NaN",
        b"",
    ):
        transcript.add(line)
    assert (transcript.in_force, transcript.num_cells, transcript.cell) == (("files",), 3, 2)
    assert (transcript.evidence, transcript.problem, transcript.is_finished) == ({}, "", False)
    assert transcript.num_unreadable == 13


# A whole class


def make_book(folder, limits=LIMITS):
    return Gradebook(folder / "grades.csv", limits, package_digests())


def read_table(folder, name="grades.csv"):
    return list(csv.DictReader(io.StringIO((folder / name).read_text(encoding="utf-8-sig"))))


def test_a_class_is_graded_and_nothing_is_done_twice(write, tmp_path, capsys):
    write(SOLVED, name="ann.py")
    write(SOLVED, name="bob/exercise.py")
    write("import os; os._exit(1)", name="carl.ipynb")
    (tmp_path / "dora.ipynb").write_text("oh")
    notebooks = find_notebooks(tmp_path)
    grades = grade_all(notebooks, tmp_path, make_book(tmp_path), LIMITS)
    assert [(grade.file, grade.points) for grade in grades] == [
        ("ann.py", 1),
        ("bob/exercise.py", 1),
        ("carl.ipynb", 0),
        ("dora.ipynb", 0),
    ]
    assert failures(grades[0]) == ["the same file as bob/exercise.py"]
    rows = read_table(tmp_path)
    assert [row["points"] for row in rows] == ["1", "1", "0", "0"]
    assert rows[0]["batch.predict"] == "1"
    assert rows[2]["ended"] == "stopped in cell 2: the process ended with exit code 1"  # cells of text count
    assert capsys.readouterr().err.count("\n") == 4

    write(SOLVED + "\n", name="emil.py")
    write("1", name="ann.py")
    again = grade_all(find_notebooks(tmp_path), tmp_path, make_book(tmp_path), LIMITS)
    shown = capsys.readouterr().err
    assert "3 of 5 notebooks were graded earlier" in shown
    assert [line.split()[1] for line in shown.splitlines()[1:]] == ["ann.py", "emil.py"]
    assert [grade.points for grade in again] == [0, 1, 0, 0, 1]


def test_other_limits_give_a_stopped_notebook_another_chance(write, tmp_path, capsys):
    write("while True: pass", name="slow.py")
    write("1", name="sound.py")
    for seconds, num_run in ((5, 2), (5, 0), (6, 1)):
        limits = Limits(seconds=seconds)
        grades = grade_all(find_notebooks(tmp_path), tmp_path, make_book(tmp_path, limits), limits)
        assert f"it ran longer than {seconds} seconds" in grades[0].ended
        assert len([line for line in capsys.readouterr().err.splitlines() if "/2 " in line]) == num_run


def test_changed_files_of_the_package_stop_the_grading(write, tmp_path):
    """As if a notebook had changed the judge on a system that cannot prevent it."""
    write(SOLVED, name="ann.py")
    write(SOLVED, name="bob.py")
    digests = package_digests()
    book = Gradebook(tmp_path / "grades.csv", LIMITS, digests | {"lesson/checks/judging.py": "another"})
    with pytest.raises(RunError, match=r"Files of mnistlab changed while ann.py was graded: lesson/checks/judging.py"):
        grade_all(find_notebooks(tmp_path), tmp_path, book, LIMITS)
    (row,) = read_table(tmp_path)
    assert (row["file"], row["points"], row["batch.predict"], row["ended"]) == ("ann.py", "0", "0", TAMPERED)


def test_tables_are_what_spreadsheets_expect(write, tmp_path):
    """Excel: UTF-8 only with the mark; a decimal point could become a date. RFC 4180: CRLF, quotes where needed."""
    write(SOLVED, "'a, \"b\"'.x", name='Zoë, "Ann" Müller.py')
    grade_all(find_notebooks(tmp_path), tmp_path, make_book(tmp_path), LIMITS)
    for name in ("grades.csv", "grades-mistakes.csv"):
        content = (tmp_path / name).read_bytes()
        assert content.startswith(b"\xef\xbb\xbf") and content.count(b"\n") == content.count(b"\r\n") > 1
    (row,) = read_table(tmp_path)
    assert row["file"] == 'Zoë, "Ann" Müller.py'
    assert row["seconds"].isdigit()


def test_what_the_class_got_wrong_is_counted(write, tmp_path):
    right = '("longer", "higher")'
    for name, word in (("ann", "'slower'"), ("bob", "'slower'"), ("carl", "3"), ("dora", "'longer'")):
        write(SOLVED.replace(right, f"({word}, 'same')"), name=f"{name}.py")
    grades = grade_all(find_notebooks(tmp_path), tmp_path, make_book(tmp_path), LIMITS)
    judged = [one for one in find_mistakes(grades) if one.step == "batch.predict"]
    assert [(one.problem, one.num_notebooks) for one in judged] == [("synonym", 2), ("words", 1)]
    text = format_mistakes(grades)
    (line,) = (line for line in text.splitlines() if line.startswith("batch.predict"))
    assert line.split() == ["batch.predict", "1", "3", "0", "0"]
    assert "   2×  batch.predict  For batches of 32 the answer has 'slower'; the word for that is 'longer'." in text
    rows = read_table(tmp_path, "grades-mistakes.csv")
    assert {"step": "batch.predict", "mistake": "synonym", "notebooks": "2"}.items() <= next(
        row for row in rows if row["mistake"] == "synonym"
    ).items()
    assert next(row for row in rows if row["step"] == "drawing")["mistake"] == "no check"
    assert format_mistakes([]) == ""


def test_each_student_gets_a_page(write, tmp_path):
    write(SOLVED, "print('<script>alert(1)</script>' + 1)", name="ann/exercise.py")
    write(SOLVED, "print('<script>alert(1)</script>' + 1)", name="bob/exercise.py")
    write("1", name="<b>carl.py")
    notebooks = find_notebooks(tmp_path)
    grades = grade_all(notebooks, tmp_path, None, LIMITS, quiet=True)
    write_feedback(grades, notebooks, tmp_path, tmp_path / "pages")
    pages = {
        path.relative_to(tmp_path / "pages").as_posix(): path.read_text("utf-8") for path in tmp_path.rglob("*.html")
    }
    assert set(pages) == {"ann/exercise.py.html", "bob/exercise.py.html", "<b>carl.py.html"}
    ann = pages["ann/exercise.py.html"]
    assert "1 of 29 points" in ann and "batch sizes: your prediction" in ann and "Noted. Now measure it." in ann
    assert "cell 2: TypeError" in ann
    assert "bob" not in ann  # that the files are the same is for the teacher
    for page in pages.values():
        assert "<script" not in page and "<b>carl" not in page
        assert not re.search(r"""(?:src|href)=|url\(|@import|https?://""", page)
        assert page.startswith("<!doctype html>") and page.rstrip().endswith("</html>")


@pytest.mark.parametrize("name", ["grades.csv", "grades.json", "grades-mistakes.csv"])
def test_foreign_files_are_left_alone(write, tmp_path, name):
    write("1", name="ann.py")
    (tmp_path / name).write_text("precious")
    with pytest.raises(UsageError, match="they are not grades of this program"):
        grade_all(find_notebooks(tmp_path), tmp_path, make_book(tmp_path), LIMITS)
    assert (tmp_path / name).read_text() == "precious"


def test_the_package_knows_its_own_files():
    digests = package_digests()
    assert "lesson/checks/judging.py" in digests
    assert not any("__pycache__" in name for name in digests)
    assert changed_files(digests) == []
    assert changed_files(digests | {"gone.py": "x"}) == ["gone.py"]
    assert Path(__file__).name not in digests
