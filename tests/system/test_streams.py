"""What is printed gets through every encoding, and a reader may leave early."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import mnistlab
from mnistlab.system.streams import replace_marks
from processes import run_python

PACKAGE = Path(mnistlab.__file__).parent
ENCODINGS = ("cp437", "cp850", "cp932", "latin-1", "ascii")
PREPARED = "import sys; from mnistlab.system.streams import prepare_streams; prepare_streams()\n"


def run_prepared(program, **options):
    """Runs a program whose streams are prepared, as bytes."""
    environment = os.environ | options.pop("environment", {})
    return subprocess.run(
        [sys.executable, "-c", PREPARED + program], env=environment, timeout=60, check=False, **options
    )


def printed_characters():
    """Every character beyond ASCII in the text of the program, without docstrings."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        if "source" in path.parts:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        statements = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in statements:
                found |= dict.fromkeys(set(node.value) - set(map(chr, range(128))), path.relative_to(PACKAGE))
    return found


def test_every_mark_in_the_program_has_an_ascii_form():
    unknown = {mark: str(path) for mark, path in printed_characters().items() if replace_marks(mark) == "?"}
    full_width = set("＝＋－＠")  # begin a formula in a spreadsheet; looked for, never printed
    assert {mark: path for mark, path in unknown.items() if mark not in full_width} == {}


def test_ascii_forms_are_ascii_and_distinct_where_they_mean_different_things():
    assert replace_marks("✓ ✗ ○ –") == "+ x o -"
    assert replace_marks(" ░▒▓█") == " .:+#"
    assert replace_marks("┏━━┓┃─│└╸×±…→≤“’") == "+--+|-|+-x+/-...-><=\"'"
    assert replace_marks("".join(map(chr, range(0x3000)))).isascii()


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_what_an_encoding_lacks_is_replaced_and_the_rest_is_kept(encoding):
    text = "97.70–98.30 % ± ✓ … é ░ 日 \udcff"
    result = run_prepared(
        f"print({text!r}); print({text!r}, file=sys.stderr)",
        capture_output=True,
        environment={"PYTHONIOENCODING": encoding},
    )
    assert result.returncode == 0
    expected = ""
    for character in text:
        try:
            character.encode(encoding)
            expected += character
        except UnicodeEncodeError:
            expected += replace_marks(character)
    assert result.stdout.decode(encoding).rstrip("\r\n") == expected
    assert result.stderr == result.stdout


def test_utf8_stays_as_it_is_but_for_bytes_that_are_none():
    result = run_prepared("print('✓ – 日 \\udcff')", capture_output=True, environment={"PYTHONIOENCODING": "utf-8"})
    assert result.stdout.decode().rstrip() == "✓ – 日 ?"


def test_a_handler_that_the_user_chose_is_kept():
    chosen = {"PYTHONIOENCODING": "ascii:backslashreplace"}
    result = run_prepared("print('é–')", capture_output=True, environment=chosen)
    assert result.stdout.rstrip() == rb"\xe9\u2013"


def test_rich_prints_bars_and_tables_in_any_encoding():
    program = """
from rich.console import Console
from rich.table import Table
from rich.progress import Progress
table = Table("✓", "…"); table.add_row("0.1–0.2", "×")
with Progress(console=Console(force_terminal=True)) as bar:
    bar.add_task("work…", total=2)
    bar.console.print(table)
"""
    result = run_prepared(program, capture_output=True, environment={"PYTHONIOENCODING": "ascii", "TERM": "xterm"})
    assert (result.returncode, result.stderr) == (0, b"")
    assert b"0.1-0.2" in result.stdout


def closed_pipe():
    reader, writer = os.pipe()
    os.close(reader)
    return writer


@pytest.mark.skipif(os.name != "posix", reason="pipes as POSIX systems have them")
@pytest.mark.parametrize("flag", [[], ["-u"]])
@pytest.mark.parametrize(
    "program", ["print('a', flush=True)", "print('a' * 100_000)", "import os; sys.stdout.buffer.write(b'a' * 100_000)"]
)
def test_a_reader_that_left_ends_the_process_quietly(program, flag):
    writer = closed_pipe()
    guarded = f"try:\n    {program}\nexcept Exception:\n    sys.exit(7)\nsys.exit(8)"  # no failure of a caller's own
    command = [sys.executable, *flag, "-c", PREPARED + guarded]
    result = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, timeout=60, check=False)
    os.close(writer)
    assert (result.returncode, result.stderr) == (141, b"")


@pytest.mark.skipif(os.name != "posix", reason="pipes as POSIX systems have them")
def test_a_reader_of_errors_that_left_changes_nothing():
    writer = closed_pipe()
    program = "print('lost', file=sys.stderr, flush=True); print('kept'); sys.exit(3)"
    result = run_prepared(program, stdout=subprocess.PIPE, stderr=writer)
    os.close(writer)
    assert (result.returncode, result.stdout) == (3, b"kept\n")


def test_streams_that_are_no_text_files_stay(monkeypatch):
    import io

    from mnistlab.system.streams import prepare_streams

    other, none = io.StringIO(), None
    monkeypatch.setattr(sys, "stdout", other)
    monkeypatch.setattr(sys, "stderr", none)
    prepare_streams()
    assert sys.stdout is other
    assert sys.stderr is None


def test_a_notebook_keeps_its_streams():
    """Only a command prepares them; the library and the command's own modules do nothing on import."""
    program = "import sys; before = sys.stdout; import mnistlab.cli.main; print(sys.stdout is before, before.errors)"
    assert run_python(program, PYTHONIOENCODING="utf-8:strict").stdout == "True strict\n"
