import json

import pytest

from mnistlab.exceptions import RunError, UsageError
from mnistlab.recipes import RECIPES
from mnistlab.runs import Run, copy_whole, history_csv, open_folder, whole_file, write_json, write_text


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


def test_history_round_trip(tmp_path):
    history = [
        {"epoch": 1, "loss": 0.25, "accuracy": 0.9, "seconds": 1.5},
        {"epoch": 2, "loss": 0.1, "accuracy": 0.95, "seconds": 1.25},
    ]
    write_text(tmp_path / "history.csv", history_csv(history))
    assert Run(tmp_path).history == history


def test_open_folder_writes_the_recipe(tmp_path):
    run = open_folder(tmp_path / "a" / "b", RECIPES["cnn"])
    assert run.recipe == RECIPES["cnn"]
    assert not run.is_complete
    assert open_folder(tmp_path / "a" / "b", RECIPES["cnn"]).folder == run.folder


def test_open_folder_names_what_contradicts(tmp_path):
    run = open_folder(tmp_path / "run", RECIPES["mlp"])
    write_json(run.folder / "metrics.json", {})
    with pytest.raises(
        UsageError, match=r"run holds a run with .*model mlp, not cnn.*Choose another folder with --out"
    ):
        open_folder(tmp_path / "run", RECIPES["cnn"])


def test_a_folder_with_nothing_trained_is_taken_over(tmp_path):
    open_folder(tmp_path / "run", RECIPES["mlp"])
    assert open_folder(tmp_path / "run", RECIPES["cnn"]).recipe == RECIPES["cnn"]


def test_open_folder_leaves_foreign_folders_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(UsageError, match=r"exists and is not a run\. Choose another folder"):
        open_folder(tmp_path, RECIPES["mlp"])
    with pytest.raises(UsageError, match="exists and is not a run"):
        open_folder(tmp_path / "thesis.txt", RECIPES["mlp"])
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_require_says_what_is_missing(tmp_path):
    with pytest.raises(RunError, match=r"There is no folder .*nowhere; expected a run"):
        Run(tmp_path / "nowhere").require()
    with pytest.raises(RunError, match=r"is not a run: it holds no recipe\.toml"):
        Run(tmp_path).require()
    run = open_folder(tmp_path / "run", RECIPES["mlp"])
    with pytest.raises(RunError, match=r"did not reach its end\. Run the `mnistlab train mlp` command that began it"):
        run.require()


def test_damaged_files_are_named(tmp_path):
    run = open_folder(tmp_path / "run", RECIPES["mlp"])
    (run.folder / "metrics.json").write_text("{")
    with pytest.raises(RunError, match=r"metrics\.json is damaged: .* Train the run again"):
        _ = Run(run.folder).metrics
    (run.folder / "metrics.json").write_text("[1]")
    with pytest.raises(RunError, match=r"metrics\.json is damaged: expected an object"):
        _ = Run(run.folder).metrics
    with pytest.raises(RunError, match=r"history\.csv cannot be read"):
        _ = run.history
    (run.folder / "history.csv").write_text("epoch,loss\n1,many\n")
    with pytest.raises(RunError, match=r"history\.csv is damaged"):
        _ = Run(run.folder).history
    (run.folder / "model.keras").write_text("not a zip")
    with pytest.raises(RunError, match=r"model\.keras cannot be loaded"):
        _ = Run(run.folder).model


def test_copies_say_why_they_fail(tmp_path):
    with pytest.raises(RunError, match="could not be copied to"):
        copy_whole(tmp_path / "missing", tmp_path / "copy")
    assert [path.name for path in tmp_path.iterdir()] == []
