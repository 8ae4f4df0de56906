"""One folder that cannot be read leaves the list of all others, and is named."""

import json
import os
from pathlib import Path

import pytest

from made_runs import made_run
from mnistlab.runs import list_runs
from mnistlab.runs.run import write_manifest
from processes import run_commands


def with_text(name, text):
    def spoil(folder):
        (folder / name).write_text(text)
        write_manifest(folder)

    return spoil


def with_time(seconds):
    return lambda folder: os.utime(folder / "manifest.json", (seconds, seconds))


def with_folder(name):
    def spoil(folder):
        (folder / name).unlink()
        (folder / name).mkdir()

    return spoil


SPOILT = {
    "no text": with_text("recipe.toml", 'name = 3\nmodel = "mlp"\n'),
    "no name": with_text("recipe.toml", 'name = ""\nmodel = "mlp"\n'),
    "too many epochs": with_text("recipe.toml", 'name = "mlp"\nmodel = "mlp"\nepochs = 99999999999999999999\n'),
    "deep": with_text("recipe.toml", "a = " + "[" * 10_000),
    "list": with_text("dataset.json", "[]"),
    "half a letter": with_text("dataset.json", '{"name": "\\ud800"}'),
    "no table": with_text("history.csv", "epoch\nmany\n"),
    "far future": with_time(1e12),
    "far past": with_time(-1e12),
    "a folder": with_folder("recipe.toml"),
    "another folder": with_folder("metrics.json"),
}


@pytest.mark.skipif(os.name != "posix", reason="names that are not text")
def test_the_others_are_listed(tmp_path):
    names = {"good": None, os.fsdecode(b"n\xffme"): None, os.fsdecode(b"l\xffst"): with_folder("metrics.json")} | SPOILT
    for name, spoil in names.items():
        folder = made_run(tmp_path / name)
        if spoil is not None:
            spoil(folder)
    outputs = {}
    for command, encoding, code, output, errors in run_commands(
        [["runs", "."], ["runs", ".", "--json"], ["runs", ".", "--csv", "ENCODING.csv"]],
        ("utf-8", "ascii"),
        cwd=tmp_path,
    ):
        assert (code, errors) == (0, "")
        outputs[len(command), command[-1], encoding] = output
    text = outputs[2, ".", "utf-8"]
    assert sum(line.startswith(("good ", "n?me ", "n\ufffdme ")) for line in text.splitlines()) == 2
    for name in ("no text", "no name", "too many epochs", "deep", "list", "no table", "a folder", "another folder"):
        assert any(line.startswith("damaged: ") and name in line for line in text.splitlines()), name
    for encoding in ("utf-8", "ascii"):
        rows = json.loads(outputs[3, "--json", encoding])
        assert len(rows) == len(names)
        assert {row["state"] for row in rows} == {"finished", "damaged"}
    assert (tmp_path / "utf-8.csv").read_text(encoding="utf-8").count("\n") == len(names) + 1


def test_a_folder_that_may_not_be_read_is_named(tmp_path, monkeypatch):
    """As another user meets it; root may read everything, so the system call is replaced."""
    made_run(tmp_path / "good")
    (tmp_path / "secret").mkdir()
    scandir = os.scandir

    def refuse(path):
        if Path(path).name == "secret":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    good, secret = list_runs([tmp_path], "name")
    assert good.state == "finished"
    assert secret.state == "damaged"
    assert str(secret.folder).endswith("secret")
