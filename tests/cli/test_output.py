"""Every command under encodings that lack its marks, with a reader that leaves, in narrow and in dumb terminals."""

import contextlib
import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from mnistlab.system.streams import replace_marks
from processes import run_commands, run_mnistlab
from repository import ROOT

ENCODINGS = ("utf-8", "cp437", "cp850", "cp932", "latin-1", "ascii")
STORED_RUN = ROOT / "tests" / "data" / "stored" / "run"
OLD_NOTEBOOK = ROOT / "tests" / "data" / "keras2_mnist.ipynb"


@pytest.fixture(scope="module")
def place(tmp_path_factory, mnist):
    """A folder with a run, a photo of digits and one of noise, an old notebook."""
    folder = tmp_path_factory.mktemp("place")
    shutil.copytree(STORED_RUN, folder / "run")
    shutil.copy(OLD_NOTEBOOK, folder / "old.ipynb")
    page = np.full((80, 220), 255, np.uint8)
    for number, left in enumerate((10, 80, 150)):
        page[20:76, left : left + 56] -= np.kron(mnist.test.images[number], np.ones((2, 2), np.uint8))
    Image.fromarray(page).save(folder / "photo.png")
    page[20:76, 80:136] = np.kron(mnist.test.images[18], np.ones((2, 2), np.uint8)).clip(0, 200) ^ 255
    Image.fromarray(page).save(folder / "doubtful.png")
    return folder


def as_in(encoding, text):
    """A text with the ASCII form of what an encoding lacks."""
    shown = ""
    for character in text:
        try:
            character.encode(encoding)
            shown += character
        except UnicodeEncodeError:
            shown += replace_marks(character)
    return shown


def commands_of(tiny_folder):
    """Commands with their exit codes; what they print is the same each time."""
    data = str(tiny_folder)
    return {
        0: [
            ["--help"],
            ["--version"],
            ["train", "--help"],
            ["runs", "."],
            ["runs", ".", "--json"],
            ["evaluate", "run", "--data", data],
            ["evaluate", "run", "--data", data, "--json"],
            ["evaluate", "shipped", "--data", data],
            ["read", "photo.png"],
            ["read", "doubtful.png", "--explain"],
            ["read", "doubtful.png", "--explain", "--json"],
            ["lesson", "hint", "cnn.conv2", "--level", "3"],
            ["lesson", "start", "lesson-ENCODING"],
            ["lesson", "migrate", "old.ipynb", "--diff-only"],
            ["lesson", "migrate", "old.ipynb", "--out", "new-ENCODING.ipynb"],
            ["sheet", "make", "page-ENCODING.pdf"],
            ["export", "run", "--format", "onnx", "--out", "ENCODING.onnx"],
        ],
        1: [["evaluate", "café–日"], ["read", "missing–✓.png", "photo.png"], ["runs", "größe ±"]],
        2: [["träin"], ["train", "mlp", "--epochs", "∞"], ["export", "run", "--format", "…"], ["read", "–.png"]],
    }


@pytest.mark.parametrize("code", [0, 1, 2])
def test_every_command_prints_in_every_encoding(code, place, tiny_folder):
    reports = run_commands(commands_of(tiny_folder)[code], ENCODINGS, cwd=place)
    original = {}
    for template, encoding, found, output, errors in reports:
        assert found == code, (template, encoding, errors)
        assert "Unexpected" not in errors
        if encoding == "utf-8":
            original[str(template)] = output, errors
        if "--json" in template:  # characters are written as escapes, and none is lost
            assert json.loads(output) == json.loads(original[str(template)][0])
        else:
            expected = [as_in(encoding, text.replace("utf-8", encoding)) for text in original[str(template)]]
            assert [output, errors] == expected
    if code == 0:
        assert any("–" in output for output, _ in original.values())
        assert any("…" in output for output, _ in original.values())


@pytest.mark.parametrize("encoding", ["cp437", "ascii"])
def test_a_real_stream_in_another_encoding(place, encoding):
    result = subprocess.run(
        [sys.executable, "-m", "mnistlab", "runs", "."],
        capture_output=True,
        cwd=place,
        env=os.environ | {"PYTHONIOENCODING": encoding},
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, b"")
    assert "29.00 %    23.15-35.64" in result.stdout.decode(encoding)


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ENCODINGS[1:])
def test_long_commands_print_in_every_encoding(encoding, place, tiny_folder):
    out = place / f"long-{encoding}"
    small = ("--recipe", "epochs=1", "--recipe", "batch_size=100", "--seeds", "2")
    commands = [
        ("train", "mlp", "--epochs", "1", "--out", out / "run"),
        ("run", "--epochs", "1", "--out", out / "report"),
        ("experiment", "compare", "mlp", "fast", *small, "--out", out / "experiment"),
    ]
    for command in commands:
        result = run_mnistlab(*command, "--data", tiny_folder, PYTHONIOENCODING=encoding)
        assert result.returncode == 0, result.stderr
    (place / "exercise.py").write_text("# %%\nprint('✓ –')\n", encoding="utf-8")
    for command in ("check", "grade"):
        result = run_mnistlab("lesson", command, place / "exercise.py", PYTHONIOENCODING=encoding)
        assert (result.returncode, result.stderr) == (0, "")


def test_a_check_shows_its_marks_in_another_encoding(tmp_path):
    (tmp_path / "exercise.py").write_text("# %%\nprint('✓ – …')\n", encoding="utf-8")
    result = run_mnistlab("lesson", "check", tmp_path / "exercise.py", PYTHONIOENCODING="cp850")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("? data.prepare   vectors from 0 to 1")  # no check was called


@pytest.mark.skipif(os.name != "posix", reason="pipes as POSIX systems have them")
@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["runs", "."],
        ["runs", ".", "--json"],
        ["read", "photo.png"],
        ["lesson", "hint", "cnn.conv2"],
        ["lesson", "migrate", "old.ipynb", "--diff-only"],
        ["evaluate", "shipped", "--data", "TINY"],
        ["train", "mlp", "--data", "TINY", "--epochs", "1", "--out", "unread"],
    ],
    ids=lambda arguments: " ".join(arguments),
)
def test_a_closed_pipe_ends_a_command_quietly(arguments, place, tiny_folder):
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "mnistlab", *(str(tiny_folder) if part == "TINY" else part for part in arguments)]
    result = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, cwd=place, check=False)
    os.close(writer)
    assert (result.returncode, result.stderr) == (141, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")  # noqa: PTH110
@pytest.mark.parametrize("arguments", [["--version"], ["lesson", "hint", "cnn.conv2"]])
def test_an_output_on_a_full_disk_is_told(arguments):
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        command = [sys.executable, "-m", "mnistlab", *arguments]
        result = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
    assert result.returncode == 1
    assert result.stderr == b"standard output: No space left on device. What was finished before is untouched.\n"


def test_twenty_columns_are_enough(place, tiny_folder):
    commands = [command for command in commands_of(tiny_folder)[0] if "ENCODING" not in " ".join(command)]
    for template, _, code, output, errors in run_commands(commands, cwd=place, COLUMNS="20", TERM="dumb"):
        assert (code, errors) == (0, ""), template
        assert output
        assert "\x1b" not in output


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_a_dumb_terminal_gets_plain_lines(tiny_folder, tmp_path):
    import pty

    arguments = ["train", "mlp", "--data", str(tiny_folder), "--epochs", "2", "--out", str(tmp_path / "run")]
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(TERM="dumb", COLUMNS="20")
        os.execv(sys.executable, [sys.executable, "-m", "mnistlab", *arguments])
    shown = b""
    with contextlib.suppress(OSError):  # Linux reports the end of the terminal as an error
        while more := os.read(terminal, 4096):
            shown += more
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert b"\x1b" not in shown
    lines = shown.decode().splitlines()
    assert [line.split()[:2] for line in lines if "epoch " in line] == [["epoch", "1/2"], ["epoch", "2/2"]]
