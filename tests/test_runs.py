import zipfile

import pytest

from mnistlab.exceptions import RunError, UsageError
from mnistlab.files import write_json, write_text
from mnistlab.recipes import RECIPES
from mnistlab.runs import REQUIRED_METRICS, RUN_FILES, Run, history_csv, open_folder

DATA = {"name": "digits", "fingerprint": "1f"}


def test_history_round_trip(tmp_path):
    history = [
        {"epoch": 1, "loss": 0.25, "accuracy": 0.9, "seconds": 1.5},
        {"epoch": 2, "loss": 0.1, "accuracy": 0.95, "seconds": 1.25},
    ]
    write_text(tmp_path / "history.csv", history_csv(history))
    assert Run(tmp_path).history == history


def test_open_folder_writes_the_recipe(tmp_path):
    run = open_folder(tmp_path / "a" / "b", RECIPES["cnn"], DATA)
    assert run.recipe == RECIPES["cnn"]
    assert not run.is_complete
    assert open_folder(tmp_path / "a" / "b", RECIPES["cnn"], DATA).folder == run.folder


def test_open_folder_names_what_contradicts(tmp_path):
    complete_run(tmp_path / "run")
    with pytest.raises(
        UsageError, match=r"run holds a run with .*model mlp, not cnn.*Choose another folder with --out"
    ):
        open_folder(tmp_path / "run", RECIPES["cnn"], DATA)


def test_a_folder_with_nothing_trained_is_taken_over(tmp_path):
    open_folder(tmp_path / "run", RECIPES["mlp"], DATA)
    assert open_folder(tmp_path / "run", RECIPES["cnn"], DATA).recipe == RECIPES["cnn"]


def test_open_folder_leaves_foreign_folders_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(UsageError, match=r"exists and is not a run\. Choose another folder"):
        open_folder(tmp_path, RECIPES["mlp"], DATA)
    with pytest.raises(UsageError, match="exists and is not a run"):
        open_folder(tmp_path / "thesis.txt", RECIPES["mlp"], DATA)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_require_says_what_is_missing(tmp_path):
    with pytest.raises(RunError, match=r"There is no folder .*nowhere; expected a run"):
        Run(tmp_path / "nowhere").require()
    with pytest.raises(RunError, match=r"is not a run: it holds no recipe\.toml"):
        Run(tmp_path).require()
    run = open_folder(tmp_path / "run", RECIPES["mlp"], DATA)
    with pytest.raises(RunError, match=r"did not reach its end\. Run the `mnistlab train mlp` command that began it"):
        run.require()


def complete_run(folder):
    """Every file that a run needs, with the least that each must hold."""
    run = open_folder(folder, RECIPES["mlp"], DATA)
    for name in ("environment.json", "metrics.json"):
        write_json(run.folder / name, dict.fromkeys(REQUIRED_METRICS, 0))
    write_text(run.folder / "history.csv", "epoch,loss\n1,0.5\n")
    write_text(run.folder / "model.onnx", "network")
    with zipfile.ZipFile(run.model_path, "w") as archive:
        archive.writestr("config.json", "{}")
    return Run(run.folder)


def test_a_complete_run_is_accepted(tmp_path):
    assert complete_run(tmp_path / "run").require().recipe == RECIPES["mlp"]


def test_other_data_is_named(tmp_path):
    complete_run(tmp_path / "run")
    with pytest.raises(UsageError, match=r"run holds a run with data digits, not this fashion\. Choose another folder"):
        open_folder(tmp_path / "run", RECIPES["mlp"], {"name": "fashion", "fingerprint": "2e"})


@pytest.mark.parametrize("name", RUN_FILES[1:-1])
def test_a_missing_file_is_named(tmp_path, name):
    (complete_run(tmp_path / "run").folder / name).unlink()
    with pytest.raises(RunError, match=rf"{name} is missing\. Delete .*run and train again\."):
        Run(tmp_path / "run").require()


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("metrics.json", "{}", r"metrics\.json lacks batch_size, epochs"),
        ("metrics.json", "[1]", r"metrics\.json is damaged: expected an object"),
        ("metrics.json", "{", r"metrics\.json is damaged"),
        ("environment.json", "", r"environment\.json is damaged"),
        ("history.csv", "epoch,loss\n1,many\n", r"history\.csv is damaged"),
        ("recipe.toml", "name = ", r"recipe\.toml is damaged\. This is not a recipe"),
        ("model.keras", "not a zip", r"model\.keras is damaged: it is no Keras archive"),
    ],
)
def test_damage_is_named_with_the_way_out(tmp_path, name, content, text):
    (complete_run(tmp_path / "run").folder / name).write_text(content)
    with pytest.raises(RunError, match=rf"{text}.*Delete .*run and train again\."):
        Run(tmp_path / "run").require()
    with pytest.raises(RunError, match=text):
        open_folder(tmp_path / "run", RECIPES["mlp"], DATA)


def test_an_unwritable_place_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match=r"run cannot be written: Not a directory\. Choose another folder with --out"):
        open_folder(tmp_path / "file" / "run", RECIPES["mlp"], DATA)


def test_html_escapes_the_folders_name(tmp_path):
    assert "<b>" not in Run(tmp_path / "a<b>")._repr_html_()


def test_unreadable_models_are_named(tmp_path):
    run = complete_run(tmp_path / "run")
    with pytest.raises(RunError, match=r"model\.keras cannot be loaded"):
        _ = run.model
