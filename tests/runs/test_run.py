import pytest

from made_runs import DATA, made_run
from mnistlab.exceptions import RunError, UsageError
from mnistlab.models import load_run
from mnistlab.recipes import RECIPES
from mnistlab.runs import Run
from mnistlab.runs.folders import begin, check_collection, check_folder, check_question
from mnistlab.runs.run import RUN_FILES, history_csv, write_manifest
from mnistlab.system.files import make_folder, write_json, write_text


def test_history_round_trip(tmp_path):
    history = [
        {"epoch": 1, "loss": 0.25, "accuracy": 0.9},
        {"epoch": 2, "loss": 0.1, "accuracy": 0.95},
    ]
    write_text(tmp_path / "history.csv", history_csv(history))
    assert Run(tmp_path).history == [row | {"seconds": None} for row in history]


def begun(folder, recipe=RECIPES["mlp"]):
    make_folder(check_folder(folder, recipe, DATA).folder)
    begin(folder, recipe, DATA)
    return Run(folder)


def test_a_begun_run_knows_its_recipe(tmp_path):
    run = begun(tmp_path / "a" / "b", RECIPES["cnn"])
    assert run.recipe == RECIPES["cnn"]
    assert not run.is_complete
    assert check_folder(run.folder, RECIPES["cnn"], DATA).folder == run.folder


@pytest.mark.parametrize("finished", [True, False])
def test_what_contradicts_is_named_with_both_values(tmp_path, finished):
    (made_run if finished else begun)(tmp_path / "run")
    with pytest.raises(
        UsageError, match=r"run holds a run with .*model mlp, not cnn.*Delete it, or choose another folder"
    ):
        check_folder(tmp_path / "run", RECIPES["cnn"], DATA)
    with pytest.raises(UsageError, match=r"run with data digits 1f, not fashion 2e\. Delete it, or"):
        check_folder(tmp_path / "run", RECIPES["mlp"], {"name": "fashion", "fingerprint": "2e"})


def test_a_process_that_died_early_leaves_a_free_folder(tmp_path):
    for name in (".owner", ".recipe.toml.4711.tmp"):
        (tmp_path / name).write_text("")
    write_json(tmp_path / "dataset.json", DATA)
    assert not check_folder(tmp_path, RECIPES["mlp"], DATA).is_complete


def test_foreign_folders_are_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(UsageError, match=r"exists and is not a run\. Choose another folder"):
        check_folder(tmp_path, RECIPES["mlp"], DATA)
    with pytest.raises(UsageError, match=r"thesis\.txt is a file, not a folder\. Choose another folder"):
        check_folder(tmp_path / "thesis.txt", RECIPES["mlp"], DATA)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_require_says_what_is_missing(tmp_path):
    with pytest.raises(RunError, match=r"There is no folder .*nowhere; expected a run"):
        Run(tmp_path / "nowhere").require()
    with pytest.raises(RunError, match=r"is not a run: it holds no recipe\.toml"):
        Run(tmp_path).require()
    run = begun(tmp_path / "run")
    with pytest.raises(RunError, match=r"did not reach its end\. Run the `mnistlab train mlp` command that began it"):
        run.require()


def test_a_complete_run_is_accepted(tmp_path):
    assert Run(made_run(tmp_path / "run")).require().recipe == RECIPES["mlp"]


@pytest.mark.parametrize("name", RUN_FILES[1:])
def test_a_missing_file_is_named(tmp_path, name):
    (made_run(tmp_path / "run") / name).unlink()
    with pytest.raises(RunError, match=rf"{name} is missing\. Delete .*run and train again\."):
        Run(tmp_path / "run").require()


@pytest.mark.parametrize("name", RUN_FILES)
def test_a_flipped_bit_is_named(tmp_path, name):
    path = made_run(tmp_path / "run") / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(
        RunError, match=rf"{name} is damaged: it is not the file that the training wrote\. Delete .*run"
    ):
        Run(tmp_path / "run").require()


@pytest.mark.parametrize("content", ["", "[1]", "{}", '{"sha256": {"model.keras": "0"}}'])
def test_a_damaged_manifest_is_named(tmp_path, content):
    (made_run(tmp_path / "run") / "manifest.json").write_text(content)
    with pytest.raises(RunError, match=r"manifest\.json is damaged.*Delete .*run and train again\."):
        Run(tmp_path / "run").require()


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("metrics.json", "{}", r"metrics\.json lacks batch_size, epoch_seconds, epochs"),
        ("metrics.json", "[1]", r"metrics\.json is damaged: expected an object"),
        ("metrics.json", "{", r"metrics\.json is damaged"),
        ("environment.json", "", r"environment\.json is damaged"),
        ("history.csv", "epoch,loss\n1,many\n", r"history\.csv is damaged"),
        ("recipe.toml", "name = ", r"recipe\.toml is damaged\. This is not a recipe"),
    ],
)
def test_files_that_another_program_wrote_are_named(tmp_path, name, content, text):
    """Their sums are right, so the content itself must be looked at."""
    (made_run(tmp_path / "run") / name).write_text(content)
    write_manifest(tmp_path / "run")
    with pytest.raises(RunError, match=rf"{text}.*Delete .*run and train again\."):
        Run(tmp_path / "run").require()


def test_html_escapes_the_folders_name(tmp_path):
    assert "<b>" not in Run(tmp_path / "a<b>")._repr_html_()


def test_unreadable_models_are_named(tmp_path):
    run = Run(made_run(tmp_path / "run"))
    with pytest.raises(RunError, match=r"model\.keras is not a network .* it is not a complete zip archive\."):
        load_run(run)


def test_a_dataset_file_of_somebody_else_is_left_alone(tmp_path):
    (tmp_path / "dataset.json").write_text('{"mine": "important"}')
    with pytest.raises(UsageError, match="exists and is not a run"):
        check_folder(tmp_path, RECIPES["mlp"], {"name": "MNIST", "fingerprint": "0"})
    (tmp_path / "dataset.json").write_text('{"name": "MNIST", "fingerprint": "0"}')  # of a start that died right after
    assert not check_folder(tmp_path, RECIPES["mlp"], {"name": "MNIST", "fingerprint": "0"}).is_complete


def test_results_are_replaced_by_answers_to_the_same_question_alone(tmp_path):
    """A folder that only has a folder of runs in it is no licence to overwrite what else is there."""
    check_collection(tmp_path / "new", "an experiment")
    check_collection(tmp_path, "an experiment")
    (tmp_path / "runs").mkdir()
    (tmp_path / "notes.txt").write_text("mine")
    check_collection(tmp_path, "an experiment")
    for name, content in (("report.html", "my thesis"), ("results.csv", "a,b"), ("results.json", "{}")):
        (tmp_path / name).write_text(content)
        with pytest.raises(UsageError, match=r"exists and is not an experiment of mnistlab\. Choose another folder"):
            check_collection(tmp_path, "an experiment")
        (tmp_path / name).unlink()
    write_json(tmp_path / "results.json", {"mnistlab": "1.0", "question": "Is mlp better than cnn?"})
    check_collection(tmp_path, "an experiment")
    check_question(tmp_path, "Is mlp better than cnn?")
    for question in ("Is mlp better than fast?", None):
        with pytest.raises(UsageError, match=r"holds an experiment: Is mlp better than cnn\? Choose another folder"):
            check_question(tmp_path, question)
    write_json(tmp_path / "results.json", {"mnistlab": "1.0"})
    check_question(tmp_path, None)
    with pytest.raises(UsageError, match=r"holds the report of `mnistlab run`\. Choose another folder"):
        check_question(tmp_path, "Is mlp better than fast?")
