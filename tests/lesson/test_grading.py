"""Notebooks graded for real: points, marks and what is reported."""

import platform

import pytest

from hand_ins import LIMITS, PREPARED, SOLVED, failures, points
from mnistlab.lesson.grading.grading import FINISHED, grade_notebook
from mnistlab.lesson.grading.transcript import Transcript
from mnistlab.lesson.steps import STEPS
from mnistlab.system.sandbox import landlock, seccomp
from mnistlab.system.sandbox.limits import PROTECTIONS

on_linux = pytest.mark.skipif(
    not landlock.version() or platform.machine() not in seccomp.ARCHITECTURES, reason="needs Linux with Landlock"
)


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
    loop = "for step in ('cnn.compile', 'drawing'):\n    check(step, None, None, None, None)"
    grade = grade_notebook(write(SOLVED, waiting, loop), LIMITS)
    marks = {step.key: step.mark for step in grade.steps}
    assert (marks["mlp.hidden2"], marks["mlp.output"]) == ("no check", "no check")
    assert (marks["mlp.compile"], marks["cnn.compile"]) == ("not started", "not started")
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


def test_what_only_works_elsewhere_is_told_in_a_sentence(write):
    cells = "import getpass; getpass.getpass()", "from google.colab import drive", "exit()", "x = {1: (2, }", SOLVED
    grade = grade_notebook(write(*cells, name="student.ipynb"), LIMITS)
    assert points(grade) == {"batch.predict": 1}
    said = ["getpass() waits for a password", "Google Colab has it", "exit() ends the kernel", "(line 1)"]
    for problem, words in zip(failures(grade), said, strict=True):
        assert words in problem
        assert "<ipython-input" not in problem


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
