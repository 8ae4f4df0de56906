"""`mnistlab lesson` as students and teachers use it: in processes of their own, with files, Ctrl-C and exit codes."""

import csv
import json
import signal
import subprocess
import sys
import time

import nbformat
import pytest

from mnistlab.lesson.steps import STEPS
from processes import run_mnistlab

KEPT = ("ann.py", "bob.py", "grades.csv", "grades.json", "grades-mistakes.csv")
SOLVED = """# %%
from mnistlab.lesson import check
check("batch.predict", {10_000: ("shorter", "lower"), 32: ("longer", "higher")})
"""
WRONG = SOLVED.replace('("longer", "higher")', '("longer", "nonsense")')


@pytest.fixture
def notebook(tmp_path):
    path = tmp_path / "exercise.py"
    path.write_text(SOLVED)
    return path


@pytest.mark.parametrize("file_format", ["ipynb", "py"])
def test_start_copies_the_exercise_once(tmp_path, file_format):
    folder = tmp_path / "new" / "lesson"
    target = folder / f"exercise.{file_format}"
    first = run_mnistlab("lesson", "start", folder, "--format", file_format)
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.startswith(f"{target}  Open it in")
    content = target.read_text(encoding="utf-8")
    assert "BEGIN SOLUTION" not in content
    if file_format == "ipynb":
        nbformat.validate(json.loads(content))
        assert not any(cell.get("outputs") for cell in nbformat.reads(content, as_version=4).cells)
    else:
        assert content.count("# %%") > 10
    target.write_text("my work")
    again = run_mnistlab("lesson", "start", folder, "--format", file_format)
    assert again.returncode == 2
    assert again.stderr == (f"{target} exists and is left as it is. Go on with it, or choose another folder.\n")
    assert target.read_text() == "my work"


def test_check_shows_every_step_and_the_first_open_one(notebook):
    result = run_mnistlab("lesson", "check", notebook)
    assert (result.returncode, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert [line.split()[1] for line in lines[: len(STEPS)]] == [step.key for step in STEPS]
    assert [line for line in lines if line.startswith("✓")] == ["✓ batch.predict  batch sizes: your prediction"]
    assert lines[len(STEPS)] == f"1 of {len(STEPS)} steps done."
    assert lines[-2:] == [
        "data.prepare: no check was called for it. Is its cell still there?",
        "mnistlab lesson hint data.prepare",
    ]
    assert notebook.read_text() == SOLVED
    assert [path.name for path in notebook.parent.iterdir()] == ["exercise.py"]


def test_check_names_the_cell_that_failed(notebook):
    notebook.write_text(SOLVED + "\n# %%\nprint(undefined)\n")
    result = run_mnistlab("lesson", "check", notebook)
    assert "cell 2: NameError: name 'undefined' is not defined" in result.stdout.splitlines()


def wait_for(process, text, seconds=90):
    """Reads a process's output until a line holds a text; returns the lines."""
    lines, deadline = [], time.monotonic() + seconds
    while time.monotonic() < deadline:
        lines.append(process.stdout.readline().rstrip("\n"))
        if text in lines[-1]:
            return lines
        assert lines[-1] or process.poll() is None, lines
    raise AssertionError(lines)


def default_signals():
    """What a shell leaves of Ctrl-C to a command in the background is nothing; the tests may be one."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to one process")
def test_watch_checks_again_when_the_code_has_changed(notebook):
    command = [sys.executable, "-m", "mnistlab", "lesson", "check", str(notebook), "--watch"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=default_signals
    ) as process:
        try:
            wait_for(process, "mnistlab lesson hint")
            time.sleep(1)  # until the watching has begun
            notebook.write_text(SOLVED)  # the same code again: nothing to do
            time.sleep(1)
            notebook.write_text(WRONG)
            lines = wait_for(process, "mnistlab lesson hint")
            assert sum("saved, checking" in line for line in lines) == 1
            assert [line for line in lines if line[:1] in ("✓", "✗", "○")] == [
                "✗ batch.predict  batch sizes: your prediction"
            ]
            notebook.with_name("exercise.tmp").write_text(SOLVED)
            notebook.with_name("exercise.tmp").replace(notebook)  # as editors save
            lines = wait_for(process, "mnistlab lesson hint")
            assert "✓ batch.predict  batch sizes: your prediction" in lines
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 130
            assert process.stderr.read() == "Watching has ended.\n"
        finally:
            process.kill()


def test_hints_by_level():
    texts = [run_mnistlab("lesson", "hint", "cnn.conv2", "--level", level).stdout for level in "123"]
    assert len(set(texts)) == 3
    assert "Conv2D(32" in texts[2]
    assert run_mnistlab("lesson", "hint", "cnn.conv2").stdout == texts[0]


def test_grade_one_notebook(notebook):
    result = run_mnistlab("lesson", "grade", notebook)
    assert result.returncode == 0, result.stderr
    out_of = sum(step.points for step in STEPS)
    assert result.stdout.startswith(f"exercise.py: 1 of {out_of} points, ")
    assert "  1/1  batch.predict  done: " in result.stdout
    assert [path.name for path in notebook.parent.iterdir()] == ["exercise.py"]
    graded = json.loads(run_mnistlab("lesson", "grade", notebook, "--json").stdout)
    assert (graded["points"], graded["out_of"], graded["ended"]) == (1, out_of, "finished")
    assert {step["key"]: step["points"] for step in graded["steps"]}["batch.predict"] == 1


def test_grade_a_class(tmp_path):
    for name, content in (("ann.py", SOLVED), ("=bob.py", "# %%\nimport os; os._exit(0)\n")):
        (tmp_path / name).write_text(content)
    result = run_mnistlab("lesson", "grade", tmp_path)
    assert result.returncode == 0, result.stderr
    table, details = tmp_path / "grades.csv", tmp_path / "grades.json"
    *summary, where = result.stdout.splitlines()
    assert where == f"2 notebooks graded: {table}, {details} and {tmp_path / 'grades-mistakes.csv'}"
    assert summary[0] == "Steps in 2 notebooks:"
    assert [line.split()[1:] for line in summary if line.startswith("batch.predict")] == [["1", "0", "0", "1"]]
    assert [line.split()[0] for line in result.stderr.splitlines() if "/2 " in line] == ["1/2", "2/2"]
    with table.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["file"], row["points"]) for row in rows] == [("'=bob.py", "0"), ("ann.py", "1")]
    elsewhere = tmp_path / "more"
    elsewhere.mkdir()
    graded = json.loads(run_mnistlab("lesson", "grade", tmp_path, "--json", "--csv", elsewhere / "g.csv").stdout)
    assert [one["file"] for one in graded] == ["=bob.py", "ann.py"]
    assert (elsewhere / "g.json").exists()


def test_grade_writes_pages_for_students(notebook, tmp_path):
    pages = tmp_path / "pages"
    result = run_mnistlab("lesson", "grade", notebook, "--feedback", pages)
    assert result.returncode == 0, result.stderr
    assert [path.name for path in pages.iterdir()] == ["exercise.py.html"]
    assert "Noted. Now measure it." in (pages / "exercise.py.html").read_text(encoding="utf-8")
    refused = run_mnistlab("lesson", "grade", notebook, "--feedback", notebook)
    assert refused.returncode == 2 and "a file" in refused.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to one process")
def test_ctrl_c_keeps_what_was_graded(tmp_path):
    (tmp_path / "ann.py").write_text(SOLVED)
    (tmp_path / "bob.py").write_text("# %%\nwhile True: pass\n")
    command = [sys.executable, "-m", "mnistlab", "lesson", "grade", str(tmp_path)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=default_signals
    ) as process:
        try:
            while "ann.py" not in process.stderr.readline():
                assert process.poll() is None
            time.sleep(1)
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 130
            kept = f"Interrupted. {tmp_path / 'grades.csv'} keeps what was graded; the same command goes on.\n"
            assert process.stderr.read().endswith(kept)
        finally:
            process.kill()
    assert left_behind(tmp_path) == []
    again = run_mnistlab("lesson", "grade", tmp_path, "--limit-seconds", "3")
    assert again.returncode == 0
    assert "1 of 2 notebooks were graded earlier" in again.stderr
    assert "it ran longer than 3 seconds" in (tmp_path / "grades.csv").read_text()


def left_behind(folder):
    """Temporary files of a grader; the processes are gone with them, as they could not be removed under one."""
    return [path.name for path in folder.iterdir() if path.name not in KEPT]


WRONG_USE = [
    (["lesson", "check"], 2, "Missing argument 'FILE'. See mnistlab lesson check --help."),
    (["lesson", "check", "none.ipynb"], 1, "There is no file none.ipynb."),
    (["lesson", "check", "notes.txt"], 2, "notes.txt was given; a notebook that ends in .ipynb or .py was expected."),
    (["lesson", "check", "broken.ipynb"], 1, "broken.ipynb is cut off: its JSON ends in the middle"),
    (["lesson", "hint", "cnn.conf2"], 2, "There is no step 'cnn.conf2'. Did you mean 'cnn.conv2'? The steps are data."),
    (["lesson", "hint", "cnn.conv2", "--level", "4"], 2, "'4' is not a whole number from 1 to 3."),
    (["lesson", "grade", "nowhere"], 2, "There is no file nowhere; a notebook or a folder of notebooks was expected."),
    (["lesson", "grade", "empty"], 1, "There is no notebook in empty; files that end in .ipynb"),
    (["lesson", "grade", "empty", "--memory", "0"], 2, "'0' is not a number from 0.25 to 1,024."),
    (["lesson", "grade", "empty", "--limit-seconds", "0"], 2, "'0' is not a whole number from 1 to 86,400."),
    (["lesson", "grade", "broken.ipynb", "--csv", "x.csv"], 2, "but broken.ipynb is one file. Give the folder, or"),
    (["lesson", "start", ""], 2, "the path is empty"),
    (["lesson", "start", "x", "--format", "pdf"], 2, "'pdf' is not one of 'ipynb', 'py'."),
]


@pytest.mark.parametrize(
    ("arguments", "exit_code", "text"), WRONG_USE, ids=[" ".join(arguments) for arguments, _, _ in WRONG_USE]
)
def test_wrong_use_gets_one_message(arguments, exit_code, text, tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "broken.ipynb").write_text("{")
    (tmp_path / "empty").mkdir()
    result = run_mnistlab(*arguments, cwd=tmp_path)
    assert result.returncode == exit_code
    assert text in result.stderr
    assert result.stderr.count("\n") == 1
    assert "Traceback" not in result.stderr


def test_hints_and_help_import_no_keras():
    for arguments in (["lesson", "hint", "cnn.conv2"], ["lesson", "--help"], ["lesson", "grade", "--help"]):
        code = (
            "import sys; from mnistlab.cli.main import cli; "
            f"cli.main({arguments!r}, standalone_mode=False); "
            "sys.exit('Keras' if {'keras', 'tensorflow'} & set(sys.modules) else 0)"
        )
        result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr


@pytest.mark.slow
def test_check_shortens_training_and_grade_does_not(tmp_path):
    path = tmp_path / "training.py"
    path.write_text(
        "# %%\nimport keras, numpy\n"
        "model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])\n"
        "model.compile(loss='mse')\n"
        "x = numpy.zeros((640, 4), 'float32')\n"
        "history = model.fit(x, x[:, :2], 32, 5, verbose=0, validation_split=0.5)\n"
        "# %%\nraise ValueError((len(history.epoch), history.params['steps'], int(model.optimizer.iterations)))\n"
    )
    for options, expected in (([], "(1, 8, 8)"), (["--full"], "(5, 10, 50)")):
        result = run_mnistlab("lesson", "check", path, *options)
        assert f"cell 2: ValueError: {expected}" in result.stdout


@pytest.mark.slow
def test_the_whole_solution_is_graded_with_full_points(tmp_path):
    from mnistlab.lesson.notebooks.building import solution_text, source_text

    path = tmp_path / "solution.py"
    path.write_text(solution_text(source_text()), encoding="utf-8")
    graded = json.loads(run_mnistlab("lesson", "grade", path, "--json", "--limit-seconds", "3000").stdout)
    assert (graded["ended"], graded["problems"]) == ("finished", [])
    assert graded["points"] == graded["out_of"], [step for step in graded["steps"] if step["mark"] != "done"]
