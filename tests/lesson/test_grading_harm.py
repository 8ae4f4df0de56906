"""Notebooks made to do harm, graded for real: each loses what it broke and keeps the rest, and the grader lives."""

import csv
import io
import platform
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hand_ins import ENDLESS, LIMITS, SHORT, SOLVED, failures, points
from mnistlab.lesson.grading.gradebook import to_csv
from mnistlab.lesson.grading.grading import FINISHED, changed_files, grade_notebook, package_digests
from mnistlab.system.sandbox import landlock, seccomp
from mnistlab.system.sandbox.limits import PROTECTIONS
from mnistlab.system.text import printable, spreadsheet_cell

on_linux = pytest.mark.skipif(
    not landlock.version() or platform.machine() not in seccomp.ARCHITECTURES, reason="needs Linux with Landlock"
)


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
    "endless loop": (ENDLESS, r"stopped in cell 2: it ran longer than 20 seconds"),
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


FORMULAS = ["=1+1.py", "+1.py", "-1.py", "@sum.py", "＝1.py", "\t=1.py"]


@pytest.mark.parametrize("name", FORMULAS)
def test_what_looks_like_a_formula_becomes_text(name):
    assert spreadsheet_cell(name).startswith("'")


@pytest.mark.parametrize(
    "name", [*FORMULAS[:1], *(pytest.param(name, marks=pytest.mark.slow) for name in FORMULAS[1:])]
)
def test_no_cell_of_the_table_is_a_formula(write, name):
    grade = grade_notebook(write("1", name=name), LIMITS, name=name)
    row = list(csv.reader(io.StringIO(to_csv([grade]))))[1]
    assert not row[0].startswith(("=", "+", "-", "@", "＝"))
