"""Paths that cannot be what they are meant to be, each with its own sentence."""

import os
import re
from pathlib import Path

import pytest

from mnistlab.exceptions import UsageError
from mnistlab.system.paths import absence, is_file, is_folder, require_new_file, require_room, unusable_name

POSIX = pytest.mark.skipif(os.name != "posix", reason="links as POSIX systems have them")


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with one thing of each kind, which is the current folder."""
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("mine")
    Path("folder").mkdir()
    if os.name == "posix":
        Path("dangling").symlink_to("nowhere")
        Path("circle").symlink_to("circle")
        Path("link").symlink_to("folder")
        os.mkfifo("pipe")
    return tmp_path


@pytest.mark.parametrize(
    ("path", "kind", "message"),
    [
        ("nothing", "folder", "There is no folder nothing"),
        ("nothing", "file", "There is no file nothing"),
        ("file", "folder", "file is a file, not a folder"),
        ("folder", "file", "folder is a folder, not a file"),
        pytest.param("pipe", "file", "pipe is neither a file nor a folder", marks=POSIX),
        pytest.param("dangling", "file", "dangling is a link to nowhere, which is not there", marks=POSIX),
        pytest.param("dangling/x", "file", "dangling is a link to nowhere, which is not there", marks=POSIX),
        pytest.param("circle", "file", "There is no file circle: its links lead round in a circle", marks=POSIX),
        pytest.param("file/x", "folder", "There is no folder file/x: file is a file", marks=POSIX),
        pytest.param("x" * 300, "file", "the name is too long", marks=POSIX),
        ("a\0b", "file", "null"),
    ],
)
def test_what_is_not_there_is_described(here, path, kind, message):
    assert message in absence(Path(path), kind)
    assert not (is_folder if kind == "folder" else is_file)(Path(path))


@pytest.mark.parametrize(
    ("path", "kind", "message"),
    [
        ("file", "folder", "file is a file, not a folder. Choose another folder."),
        ("folder", "file", "folder is a folder, not a file. Choose another name."),
        ("no/x", "file", "There is no folder no to write x into. Choose another name."),
        pytest.param("file/x", "file", "file/x cannot be written: file is a file.", marks=POSIX),
        pytest.param("file/x/y", "folder", "file/x/y cannot be written: file is a file.", marks=POSIX),
        pytest.param("dangling", "file", "dangling is a link to nowhere, which is not there.", marks=POSIX),
        pytest.param("dangling/x", "folder", "dangling is a link to nowhere, which is not there.", marks=POSIX),
        pytest.param("circle", "folder", "circle cannot be written: its links lead round in a circle.", marks=POSIX),
        pytest.param("pipe", "file", "pipe is neither a file nor a folder.", marks=POSIX),
        pytest.param("x" * 300, "folder", "is too long: 300 bytes. Choose another folder.", marks=POSIX),
        pytest.param("ü" * 120, "file", "is too long: 240 bytes. Choose another name.", marks=POSIX),
        pytest.param("/".join(["x" * 200] * 25), "folder", "cannot be written: the name is too long.", marks=POSIX),
    ],
)
def test_no_room_has_a_reason(here, path, kind, message):
    before = sorted(Path().rglob("*"))
    with pytest.raises(UsageError, match=re.escape(message)):
        require_room(Path(path), kind)
    with pytest.raises(UsageError) as caught:
        require_room(Path(path), kind, argument="folder")
    assert caught.value.argument == "folder"
    assert len(str(caught.value)) < 300
    assert sorted(Path().rglob("*")) == before


def test_room_for_files_and_folders(here):
    for path, kind in (("folder", "folder"), ("a/b/c", "folder"), ("file", "file"), ("folder/new", "file")):
        require_room(Path(path), kind)
    if os.name == "posix":
        require_room(Path("link/a"), "folder")
    require_new_file(Path("folder/new"))
    with pytest.raises(UsageError, match=r"^file exists and is left as it is\. Delete it, or choose another name\.$"):
        require_new_file(Path("file"))


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("con", "'con' is a name that Windows keeps for a device"),
        ("runs/NUL", "'NUL' is a name that"),
        ("aux.txt", "'aux.txt' is a name that"),
        ("nul .tar.gz", "'nul .tar.gz' is a name that"),
        ("COM1.onnx/run", "'COM1.onnx' is a name that"),
        ("lpt²", "'lpt²' is a name that"),
        ("run.", "'run.' ends with a full stop, which Windows drops"),
        ("run /x", "'run ' ends with a space, which Windows drops"),
        ("x/a:b", "'a:b' holds ':', which Windows allows in no name"),
        ("what?.onnx", "'what?.onnx' holds '?'"),
        ("a\tb", r"'a\tb' holds '\t'"),
        ("x" * 300, "characters, 25 more are needed, and Windows takes 259 in all"),
    ],
)
def test_names_that_windows_does_not_take(path, reason):
    assert reason in unusable_name(Path(path), on_windows=True, has_long_paths=False)


@pytest.mark.parametrize("path", ["runs/mlp-seed0", "console", "com10", "nul-run", "..", "../a.b/c", "C:/a/b", "x.aux"])
def test_names_that_windows_takes(path):
    assert unusable_name(Path(path), on_windows=True, has_long_paths=False) is None


def test_long_paths_where_windows_was_told_to_take_them():
    path = Path("/".join(["x" * 100] * 3))
    assert unusable_name(path, on_windows=True, has_long_paths=True) is None
    assert "60 more are needed" in unusable_name(path, "folder", on_windows=True, has_long_paths=False)


def test_other_systems_take_what_windows_keeps():
    for name in ("con", "aux.txt", "run.", "a:b"):
        assert unusable_name(Path(name), on_windows=False) is None
