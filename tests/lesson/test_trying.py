"""Trials: how far a migrated notebook comes, and whether a mark foretold where it stops."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from mnistlab.cli.migrate import migrate
from mnistlab.exceptions import UsageError
from mnistlab.lesson.migration import migrate_text
from mnistlab.lesson.trying import Trial, format_trial, shortcuts, try_migration
from mnistlab.lesson.trying.trial import find_mark

CORPUS = sorted((Path(__file__).parents[1] / "data" / "old_notebooks").glob("*.py"))


def test_a_mark_is_found_above_the_statement_and_its_continuation():
    source = (
        "x = 1\n# MIGRATE: This is\n# gone.\ny = old(\n    2)\nfor i in x:\n    # MIGRATE: Inner.\n    z = i\nw = 1\n"
    )
    assert [find_mark(source, line) for line in (1, 4, 5, 6, 8, 9)] == [
        "",
        "This is gone.",
        "This is gone.",
        "",
        "Inner.",
        "",
    ]


def test_a_mark_of_a_cell_that_cannot_be_read_is_for_all_of_it():
    source = "# MIGRATE: This cell is not Python 3 (line 1: x).\nx = = 1\ny = = 2\n"
    assert find_mark(source, 3).startswith("This cell is not Python 3")


def test_a_mark_above_a_gap_is_found_by_its_line():
    assert find_mark("a = 1\n# MIGRATE: A gap.\nb = # here\nc = 2\n", 3) == "A gap."


def test_loops_around_training_go_round_a_few_times():
    names = {"_few": shortcuts.few, "_more": shortcuts.more, "seen": [], "plain": []}
    source = (
        "class M:\n    def train_on_batch(self, x): seen.append(x)\n"
        "m = M()\nfor step in range(\n    20000):\n    m.train_on_batch(step)\n"
        "i = 0\nwhile i < 1000:\n    m.train_on_batch(-1)\n    i += 1\n"
        "for rate in [0.1, 0.2, 0.3]:\n    m.train_on_batch(rate)\n"
        "for i in range(100):\n    plain.append(i)\n"
    )
    prepared = shortcuts.prepare_source(source)
    assert prepared.count("\n") == source.count("\n")
    exec(prepared, names)
    assert names["seen"] == [0, 1, -1, -1, 0.1, 0.2, 0.3]
    assert len(names["plain"]) == 100


def test_predictions_of_the_first_rows_are_repeated():
    rows = np.arange(6).reshape(3, 2)
    repeated = shortcuts._repeated(rows, 8)
    assert repeated.shape == (8, 2)
    np.testing.assert_array_equal(repeated[3:6], rows)
    assert [len(part) for part in shortcuts._repeated([rows, rows], 5)] == [5, 5]


def test_a_pool_of_threads_answers_as_multiprocessings_does():
    with shortcuts.Threads(2) as pool:
        assert pool.map(abs, [-1, 2, -3]) == [1, 2, 3]
        assert pool.apply_async(pow, (2, 3)).get() == 8
    with pytest.raises(RuntimeError):
        pool.apply_async(pow, (2, 3))


def test_data_sets_have_the_shapes_of_their_names():
    (x, y), (u, v) = shortcuts._load("mnist")
    assert (x.shape, y.shape, u.shape, v.shape) == ((60000, 28, 28), (60000,), (10000, 28, 28), (10000,))
    (x, y), (u, v) = shortcuts._load("cifar10")
    assert (x.shape, y.shape, u.shape, v.shape) == ((50000, 32, 32, 3), (50000, 1), (10000, 32, 32, 3), (10000, 1))
    assert x.flags.writeable


@pytest.mark.parametrize(
    ("trial", "said"),
    [
        (Trial(3, 3, seconds=4), "runs to its end, 3 cells"),
        (Trial(3, 1, 4, "x = 1", "NameError: x", "It is gone."), "A mark says why: It is gone."),
        (Trial(3, 1, 4, "x = 1", "NameError: x"), "No mark foretold it."),
        (
            Trial(3, 1, 4, "import pandas", "ModuleNotFoundError", missing="the package pandas"),
            "needs the package pandas",
        ),
    ],
)
def test_a_trial_in_words(trial, said):
    assert said in format_trial(trial)


def test_a_library_that_is_not_installed_is_named_in_a_sentence(monkeypatch):
    monkeypatch.setattr("mnistlab.lesson.trying.trial.importlib.util.find_spec", lambda name: None)
    with pytest.raises(UsageError, match="needs Keras, which is not installed here"):
        try_migration(migrate_text("import keras\n", "py"))


def test_the_command_tries_the_new_notebook(tmp_path):
    """One notebook that reaches its third cell, where an error has no mark; training of an epoch takes seconds."""
    old = tmp_path / "old.py"
    old.write_text(
        "# %%\nfrom keras.models import Sequential\nfrom keras.layers.core import Dense\n"
        "from keras.datasets import mnist\n(x, y), _ = mnist.load_data()\nx = x.reshape(60000, 784) / 255.\n"
        "# %%\nmodel = Sequential([Dense(10, activation='softmax', input_dim=784)])\n"
        "model.compile('sgd', 'sparse_categorical_crossentropy', ['accuracy'])\n"
        "h = model.fit(x, y, nb_epoch=50, validation_split=0.1)\nassert len(h.history['val_acc']) == 1\n"
        "assert model.predict_classes(x).shape == (60000,)\nprint(model.metrics_names)\n"
        "# %%\nprint(undefined_name)\n"
    )
    result = CliRunner().invoke(migrate, [str(old), "--try"])
    assert result.exit_code == 0, result.output
    assert "2 of 3 cells of code ran" in result.output
    assert "Cell 4 stops at  print(undefined_name)" in result.output or "Cell 3 stops at" in result.output
    assert "NameError: name 'undefined_name' is not defined" in result.output
    assert "No mark foretold it." in result.output


def test_the_command_takes_one_of_the_two(tmp_path):
    result = CliRunner().invoke(migrate, [str(tmp_path / "old.py"), "--try", "--diff-only"])
    assert isinstance(result.exception, UsageError) or result.exit_code == 2


def check(name: str) -> Trial:
    path = next(path for path in CORPUS if path.stem == name)
    trial = try_migration(migrate_text(path.read_text("utf-8"), "py"))
    assert trial.is_foretold, format_trial(trial)
    return trial


def test_an_old_notebook_runs_to_its_end():
    assert check("callbacks_own").is_through


def test_an_old_notebook_stops_at_a_mark():
    trial = check("vae_loss_function")
    assert "gives a loss nothing but" in trial.mark


@pytest.mark.slow
@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_every_old_notebook_runs_to_its_end_or_to_a_mark(path):
    check(path.stem)
