"""A whole class: the table, what it got wrong, a page for each student."""

import csv
import io
import platform
import re
from pathlib import Path

import pytest

from hand_ins import ENDLESS, LIMITS, SOLVED, failures
from mnistlab.exceptions import RunError, UsageError
from mnistlab.lesson.grading.feedback import write_feedback
from mnistlab.lesson.grading.gradebook import Gradebook, grade_all
from mnistlab.lesson.grading.grading import TAMPERED, changed_files, package_digests
from mnistlab.lesson.grading.mistakes import find_mistakes, format_mistakes
from mnistlab.lesson.notebooks.reading import find_notebooks
from mnistlab.system.sandbox import landlock, seccomp
from mnistlab.system.sandbox.limits import Limits

on_linux = pytest.mark.skipif(
    not landlock.version() or platform.machine() not in seccomp.ARCHITECTURES, reason="needs Linux with Landlock"
)


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
    write(ENDLESS, name="slow.py")
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
