import json
import os
from pathlib import Path

import pytest

from mnistlab.exceptions import RunError
from mnistlab.files import copy_whole, whole_file, write_json


def test_a_file_appears_whole(tmp_path):
    path = tmp_path / "metrics.json"
    with whole_file(path) as temporary:
        temporary.write_text("new")
        assert not path.exists()
        assert temporary.parent == tmp_path
        assert temporary.suffix == ".json"
    assert path.read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["metrics.json"]


def test_a_failure_leaves_the_old_file(tmp_path):
    path = tmp_path / "metrics.json"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt), whole_file(path) as temporary:
        temporary.write_text("half")
        raise KeyboardInterrupt
    assert path.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["metrics.json"]


def test_json_holds_no_bare_nan(tmp_path):
    write_json(tmp_path / "a.json", {"a": float("nan"), "b": [float("inf"), (1.5, None)], "c": "NaN"})
    assert json.loads((tmp_path / "a.json").read_text()) == {"a": None, "b": [None, [1.5, None]], "c": "NaN"}


def test_copies_say_why_they_fail(tmp_path):
    with pytest.raises(RunError, match="could not be copied to"):
        copy_whole(tmp_path / "missing", tmp_path / "copy")
    assert [path.name for path in tmp_path.iterdir()] == []


def test_bytes_are_on_disk_before_the_name_is(tmp_path, monkeypatch):
    """fsync of the file, rename, fsync of the folder, in this order."""
    calls = []
    fsync, replace = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda descriptor: (calls.append("fsync"), fsync(descriptor)))
    monkeypatch.setattr(Path, "replace", lambda self, target: (calls.append("rename"), replace(self, target)))
    with whole_file(tmp_path / "a.txt") as temporary:
        temporary.write_text("a")
    assert calls == ["fsync", "rename", "fsync"]
