"""A training that was interrupted ends as one that was not."""

import dataclasses
import functools
import os
import re
import shutil
import signal
import sys

import numpy as np
import pytest

from benchmarks.measure import interruptions
from mnistlab import training
from mnistlab.exceptions import InterruptionError, RunError, TrainingError, UsageError
from mnistlab.recipes import RECIPES
from mnistlab.runs import Run
from mnistlab.runs.checkpoint import Checkpoint
from mnistlab.training import batches
from processes import run_mnistlab, start_mnistlab
from training_helpers import allow_any_learning_rate, blocks_of, broken_off, finish_through_cuts

small_blocks = blocks_of(128)
SMALL = {
    "mlp": dataclasses.replace(RECIPES["mlp"], epochs=2, batch_size=32),
    "cnn": dataclasses.replace(RECIPES["cnn"], epochs=2, batch_size=32, num_validation=100),
    "fast": dataclasses.replace(RECIPES["fast"], epochs=2, batch_size=32, members=2, test_shifts=True),
}


def digests(folder):
    return Run(folder).require().digests()


@pytest.fixture(scope="module")
def undisturbed(tiny_mnist, tmp_path_factory):
    """The digests of a training that nothing disturbs, by the name of its network."""
    folder = tmp_path_factory.mktemp("undisturbed")
    return functools.cache(
        lambda name: digests(training.train(SMALL[name], tiny_mnist, folder / name, progress=False).folder)
    )


def train(name, dataset, folder):
    return training.train(SMALL[name], dataset, folder, progress=False, checkpoint_seconds=0)


@pytest.mark.parametrize("name", ["mlp", *(pytest.param(name, marks=pytest.mark.slow) for name in ("cnn", "fast"))])
def test_a_training_cut_after_any_checkpoint_ends_the_same(name, tiny_mnist, tmp_path, monkeypatch):
    """Breaks off after every single checkpoint in turn, as a kill right after it would."""
    block = 256 if name == "mlp" else 128
    monkeypatch.setattr(batches, "BLOCK_IMAGES", block)
    whole = train(name, tiny_mnist, tmp_path / "whole")
    run, cuts = finish_through_cuts(lambda: train(name, tiny_mnist, tmp_path / "run"), monkeypatch)
    calls = -(-(500 if name == "cnn" else 600) // block) * 2 * SMALL[name].members
    assert cuts == calls  # after every call there was a checkpoint
    assert run.digests() == whole.digests()
    assert not (run.folder / "checkpoint").exists()
    assert len(run.metrics["epoch_seconds"]) == len(run.history)


def test_a_training_cut_between_checkpoints_repeats_what_is_missing(tiny_mnist, tmp_path, undisturbed, monkeypatch):
    made = []
    save = Checkpoint.save

    def save_every_third(checkpoint, state):
        made.append(checkpoint.num_calls)
        if len(made) % 3 == 0:
            save(checkpoint, state)
        if len(made) == 5:
            raise KeyboardInterrupt

    monkeypatch.setattr(Checkpoint, "save", save_every_third)
    with pytest.raises(KeyboardInterrupt):
        train("mlp", tiny_mnist, tmp_path / "run")
    monkeypatch.setattr(Checkpoint, "save", save)
    assert Checkpoint(tmp_path / "run" / "checkpoint" / "state.npz", 10).num_calls == 3
    assert digests(train("mlp", tiny_mnist, tmp_path / "run").folder) == undisturbed("mlp")


def test_a_kill_before_the_manifest_is_made_good(tiny_mnist, tmp_path, undisturbed, monkeypatch):
    trainer = sys.modules["mnistlab.training.trainer"]
    for name in ("write_manifest", "export_onnx", "save_keras"):

        def fail(*_, **__):
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(trainer, name, fail)
            with pytest.raises(KeyboardInterrupt):
                train("mlp", tiny_mnist, tmp_path / "run")
        with pytest.raises(RunError, match="did not reach its end"):
            Run(tmp_path / "run").require()
    assert digests(train("mlp", tiny_mnist, tmp_path / "run").folder) == undisturbed("mlp")


@pytest.mark.parametrize("damage", [b"", b"not an archive", None])
def test_a_damaged_checkpoint_is_named(tiny_mnist, tmp_path, monkeypatch, damage):
    monkeypatch.setattr(Checkpoint, "save", broken_off)
    with pytest.raises(KeyboardInterrupt):
        train("mlp", tiny_mnist, tmp_path / "run")
    path = tmp_path / "run" / "checkpoint" / "state.npz"
    path.write_bytes(path.read_bytes()[:-1000] if damage is None else damage)
    with pytest.raises(RunError, match=r"state\.npz is damaged.*Delete it to train from the beginning\."):
        train("mlp", tiny_mnist, tmp_path / "run")


def test_an_unfinished_run_refuses_another_recipe(tiny_mnist, tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Checkpoint, "save", interrupt)
    with pytest.raises(KeyboardInterrupt):
        train("mlp", tiny_mnist, tmp_path / "run")
    other = dataclasses.replace(SMALL["mlp"], batch_size=64)
    with pytest.raises(UsageError, match="holds a run with batch_size 32, not 64"):
        training.train(other, tiny_mnist, tmp_path / "run", progress=False)


@pytest.mark.parametrize("name", ["mlp", "cnn"])
def test_a_diverging_loss_ends_in_its_step(name, tiny_mnist, tmp_path, monkeypatch):
    """A step size this large makes the second forward pass overflow."""
    allow_any_learning_rate(monkeypatch)
    recipe = dataclasses.replace(SMALL[name], learning_rate=1e38, precision="float32")
    with pytest.raises(TrainingError, match=r"The loss became (nan|inf) in step [23];.*Try a smaller learning rate"):
        training.train(recipe, tiny_mnist, tmp_path / "run", progress=False, checkpoint_seconds=0)
    assert not Run(tmp_path / "run").is_complete
    assert not (tmp_path / "run" / "model.keras").exists()
    assert not (tmp_path / "run" / "metrics.json").exists()


@pytest.mark.parametrize(
    "spoil",
    [lambda model: model.weights[0], lambda model: model.optimizer.variables[3]],
    ids=["weight", "moment"],
)
def test_numbers_that_are_not_finite_leave_the_last_good_checkpoint(spoil, tiny_mnist, tmp_path, monkeypatch):
    """A number of the network, or of its optimizer, becomes infinite after the third call; none of it is kept."""
    callbacks, path, kept = (
        sys.modules["mnistlab.training.callbacks"],
        tmp_path / "run" / "checkpoint" / "state.npz",
        [],
    )
    watch = callbacks.CheckpointCallback.on_train_batch_end

    def watch_and_spoil(self, batch, logs=None):
        watch(self, batch, logs)
        if self._checkpoint.num_calls == 3:
            kept.append(path.read_bytes())
            variable = spoil(self.model)
            variable.assign(np.full(variable.shape, np.inf, np.float32))

    monkeypatch.setattr(callbacks.CheckpointCallback, "on_train_batch_end", watch_and_spoil)
    what = "(The loss became nan|A weight, or a moment of the optimizer, stopped being a finite number)"
    with pytest.raises(
        TrainingError, match=what + r" in step 1[3-6]; training stopped there, and no model was written"
    ):
        train("mlp", tiny_mnist, tmp_path / "run")
    assert path.read_bytes() == kept[0]
    assert not (tmp_path / "run" / "model.keras").exists()
    monkeypatch.setattr(callbacks.CheckpointCallback, "on_train_batch_end", watch)
    assert train("mlp", tiny_mnist, tmp_path / "run").is_complete  # it can go on from there


def test_a_checkpoint_of_another_training_is_refused(tiny_mnist, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(Checkpoint, "save", broken_off)
        for name, seed in (("one", 1), ("two", 2)):
            recipe = dataclasses.replace(SMALL["mlp"], seed=seed)
            with pytest.raises(KeyboardInterrupt):
                training.train(recipe, tiny_mnist, tmp_path / name, progress=False, checkpoint_seconds=0)
    shutil.copyfile(tmp_path / "one/checkpoint/state.npz", tmp_path / "two/checkpoint/state.npz")
    with pytest.raises(RunError, match="belongs to a training of another recipe, other data or another backend"):
        training.train(recipe, tiny_mnist, tmp_path / "two", progress=False)


def test_asked_to_end_in_the_last_step_it_keeps_that_too(tiny_mnist, tmp_path, undisturbed, monkeypatch):
    """The request comes during the very last call: nothing of the training is done again."""
    callbacks = sys.modules["mnistlab.training.callbacks"]
    watch = callbacks.CheckpointCallback.on_train_batch_end

    def request(self, batch, logs=None):
        watch(self, batch, logs)
        if self._checkpoint.num_calls == self._num_calls:
            self._stop.requested = True

    with monkeypatch.context() as patch:
        patch.setattr(callbacks.CheckpointCallback, "on_train_batch_end", request)
        with pytest.raises(InterruptionError, match=r"Stopped after the last step; .* keeps everything up to there"):
            train("mlp", tiny_mnist, tmp_path / "run")
    monkeypatch.setattr(callbacks.CheckpointCallback, "on_train_batch_end", None)  # no call comes any more
    assert digests(train("mlp", tiny_mnist, tmp_path / "run").folder) == undisturbed("mlp")


# Processes of their own, as a user has them


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX systems")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_asked_to_end_it_saves_says_how_to_go_on_and_goes_on(number, tiny_folder, tmp_path):
    sizes = ("--epochs", "400", "--batch-size", "32")
    command = ("train", "mlp", *sizes, "--data", tiny_folder, "--out", tmp_path / "run")
    process = start_mnistlab(*command)
    begun = [process.stdout.readline() for _ in range(4)]  # the recipe, how it is computed, two epochs
    assert ["epoch" in line for line in begun] == [True, False, True, True]
    process.send_signal(number)
    _, errors = process.communicate(timeout=300)  # how long it takes, benchmarks/measure/interruptions.py measures
    assert process.returncode == 130
    assert re.fullmatch(
        r"Stopped after step [\d,]+; .*state\.npz keeps everything.* The same command goes on from it\.\n", errors
    )
    step = int(re.search(r"step ([\d,]+)", errors)[1].replace(",", ""))
    checkpoint = Checkpoint(tmp_path / "run" / "checkpoint" / "state.npz", 10)
    assert checkpoint.num_calls == len(checkpoint.history) == step / 19 > 1
    again = run_mnistlab(*command, "--seed", "1")
    assert again.returncode == 2
    assert "seed 0, not 1" in again.stderr


@pytest.mark.parametrize(
    ("name", "num_runs", "max_kills"),
    [
        ("mlp", 1, 1),
        *(pytest.param(*full, 5, marks=pytest.mark.slow) for full in (("mlp", 34), ("cnn", 33), ("fast", 33))),
    ],
)
def test_runs_killed_at_random_moments_end_the_same(name, num_runs, max_kills, tmp_path):
    """SIGKILL while importing, loading, training, saving; in the slow tests a hundred runs, up to five times each."""
    measured = interruptions.measure_kills(name, num_runs, tmp_path, max_kills)
    assert measured["undisturbed_identical"]
    assert measured["identical"] == num_runs
    assert measured["leftovers"] == 0
    assert sum(measured["kills"].values()) > 0
