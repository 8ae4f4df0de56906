import errno
import json
import os
from pathlib import Path

import pytest

from mnistlab.exceptions import RunError, UsageError
from mnistlab.system.files import (
    check_free,
    copy_whole,
    make_folder,
    remove_leftovers,
    write_bytes,
    write_folder,
    write_json,
    write_with,
)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_whole(tmp_path):
    path = tmp_path / "metrics.json"
    write_bytes(path, b"old")
    write_bytes(path, b"new")
    assert path.read_bytes() == b"new"
    assert names(tmp_path) == ["metrics.json"]


def test_bytes_are_on_disk_before_the_name_is(tmp_path, monkeypatch):
    """fsync of the file, rename, fsync of the folder, in this order."""
    calls = []
    fsync, replace = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda descriptor: (calls.append("fsync"), fsync(descriptor)))
    monkeypatch.setattr(Path, "replace", lambda self, target: (calls.append("rename"), replace(self, target)))
    write_bytes(tmp_path / "a.txt", b"a")
    assert calls == ["fsync", "rename", "fsync"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize(
    ("number", "text"),
    [
        (errno.ENOSPC, r"a\.txt could not be written: the disk is full\. It needs 3 bytes and [\d,]+ bytes are free\."),
        (
            errno.EIO,
            r"a\.txt could not be written \(3 bytes\): Input/output error\. Mend that, or choose another folder",
        ),
        (errno.EROFS, r"a\.txt could not be written \(3 bytes\): Read-only file system\."),
    ],
)
def test_a_failure_leaves_the_old_file_and_says_why(tmp_path, monkeypatch, step, number, text):
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")

    def fail(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(*{"fsync": (os, "fsync"), "replace": (Path, "replace")}[step], fail)
    with pytest.raises(RunError, match=text):
        write_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a.txt"]


def test_a_vanished_folder_is_named(tmp_path):
    with pytest.raises(RunError, match=r"a\.txt could not be written \(3 bytes\): there is no folder .*gone any more"):
        write_bytes(tmp_path / "gone" / "a.txt", b"new")


def test_an_interruption_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")

    def interrupt(_descriptor):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a.txt"]


def test_writers_that_need_a_path(tmp_path):
    write_with(tmp_path / "a.txt", lambda path: path.write_text("42"))
    assert (tmp_path / "a.txt").read_text() == "42"

    def fail(path):
        path.write_text("half")
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        write_with(tmp_path / "a.txt", fail)
    assert (tmp_path / "a.txt").read_text() == "42"
    assert names(tmp_path) == ["a.txt"]


def test_json_holds_no_bare_nan(tmp_path):
    write_json(tmp_path / "a.json", {"a": float("nan"), "b": [float("inf"), (1.5, None)], "c": "NaN"})
    assert json.loads((tmp_path / "a.json").read_text()) == {"a": None, "b": [None, [1.5, None]], "c": "NaN"}


def test_copies_say_why_they_fail(tmp_path):
    with pytest.raises(RunError, match=r"missing cannot be read: No such file or directory\."):
        copy_whole(tmp_path / "missing", tmp_path / "copy")
    assert names(tmp_path) == []


def test_only_temporary_files_are_leftovers(tmp_path):
    for name in (".model.keras.4711.tmp", ".a.1.tmp", "b.tmp", ".c.tmp", ".d.x1.tmp", "model.keras"):
        (tmp_path / name).write_text("")
    remove_leftovers(tmp_path)
    assert names(tmp_path) == [".c.tmp", ".d.x1.tmp", "b.tmp", "model.keras"]


def test_an_unwritable_place_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match=r"run cannot be written: Not a directory\. Choose another folder"):
        make_folder(tmp_path / "file" / "run")


FILES = {"one": [b"1", memoryview(b"23")], "two": []}


def test_a_folder_appears_whole(tmp_path):
    for folder in (tmp_path / "new", tmp_path / "deep" / "new"):
        write_folder(folder, FILES)
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"one": b"123", "two": b""}
    (tmp_path / "empty").mkdir()
    write_folder(tmp_path / "empty", FILES)
    assert names(tmp_path) == ["deep", "empty", "new"]


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes").write_bytes(b"mine")
    for place, message in (
        (tmp_path / "mine", r"exists and is left as it is\. Delete it, or choose another folder"),
        (tmp_path / "mine" / "notes", r"is a file, not a folder\. Choose another folder"),
    ):
        for write in (check_free, lambda place: write_folder(place, FILES)):
            with pytest.raises(UsageError, match=message):
                write(place)
    assert names(tmp_path / "mine") == ["notes"]


@pytest.mark.parametrize("step", ["fsync", "rename"])
def test_a_folder_that_cannot_be_written_leaves_nothing(tmp_path, monkeypatch, step):
    def fail(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(*((os, "fsync") if step == "fsync" else (Path, "rename")), fail)
    with pytest.raises(RunError, match=r"new could not be written: the disk is full\. It needs 3 bytes"):
        write_folder(tmp_path / "new", FILES)
    assert names(tmp_path) == []


def test_an_interruption_leaves_no_folder(tmp_path, monkeypatch):
    def interrupt(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_folder(tmp_path / "new", FILES)
    assert names(tmp_path) == []
