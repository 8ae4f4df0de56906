"""Trainings that go on from a finished run: from its weights, gently, and as safe from interruptions as any."""

import dataclasses

import numpy as np
import pytest

from mnistlab import training
from mnistlab.datasets import Dataset
from mnistlab.evaluation import evaluate
from mnistlab.exceptions import RunError, UsageError
from mnistlab.inference import Classifier
from mnistlab.recipes import RECIPES, Recipe
from mnistlab.runs import Run
from mnistlab.runs.checkpoint import Checkpoint
from mnistlab.runs.fine_tuning import check_start, fine_tuning_recipe
from mnistlab.runs.folders import default_folder
from mnistlab.training.compiling import build_for_training, starting_weights
from processes import run_mnistlab
from training_helpers import blocks_of, broken_off, finish_through_cuts

small_blocks = blocks_of(20)
SMALL = {
    "mlp": dataclasses.replace(RECIPES["mlp"], epochs=1),
    "best": dataclasses.replace(RECIPES["fast"], name="best", members=2, test_shifts=True),
}


@pytest.fixture(scope="module")
def starts(tiny_mnist, tmp_path_factory):
    folder = tmp_path_factory.mktemp("starts")
    return {name: training.train(recipe, tiny_mnist, folder / name, progress=False) for name, recipe in SMALL.items()}


@pytest.fixture(scope="module")
def own(mnist):
    """Sixty images to train on that the starts have not seen, upside down: another hand, so to say."""
    train, test = mnist.train.take(np.arange(1000, 1060)), mnist.test.take(np.arange(300, 340))
    flipped = [dataclasses.replace(split, images=split.images[:, ::-1, ::-1]) for split in (train, test)]
    return Dataset("own", *flipped)


def tune(name, starts, own, folder, **overrides):
    recipe = fine_tuning_recipe(SMALL[name], starts[name], {"epochs": 2} | overrides)
    return training.train(recipe, own, folder, progress=False, checkpoint_seconds=0, start=starts[name])


@pytest.mark.parametrize("name", ["mlp", *(pytest.param(name, marks=pytest.mark.slow) for name in {*SMALL} - {"mlp"})])
def test_it_starts_from_the_weights_of_the_run(name, starts, own, tmp_path):
    """With a vanishing learning rate nothing but batch normalization's averages can move."""
    run = tune(name, starts, own, tmp_path / "run", learning_rate=1e-30)
    assert run.recipe.start_from == starts[name].digests()["model.keras"]
    before, after = starting_weights(starts[name]), starting_weights(run)
    assert len(before) == len(after) == SMALL[name].members
    model = build_for_training(SMALL[name].member_recipes()[0], 1)
    trained = {id(weight) for weight in model.trainable_weights}
    for old, new in zip(before, after, strict=True):
        for weight, a, b in zip(model.weights, old, new, strict=True):
            if id(weight) in trained:
                np.testing.assert_allclose(a, b, rtol=0, atol=1e-20)
    other = build_for_training(dataclasses.replace(SMALL[name].member_recipes()[0], seed=9), 1).get_weights()
    assert any(not np.array_equal(a, b) for a, b in zip(before[0], other, strict=True))


def test_it_learns_what_the_run_did_not_know(starts, own, tmp_path):
    run = tune("mlp", starts, own, tmp_path / "run", epochs=20, learning_rate=1e-3)
    before, after = (evaluate(Classifier(one.onnx_path), own.train).accuracy for one in (starts["mlp"], run))
    assert before < 0.7
    assert after > 0.95


@pytest.mark.parametrize("name", ["mlp", pytest.param("best", marks=pytest.mark.slow)])
def test_a_fine_tuning_cut_after_any_checkpoint_ends_the_same(name, starts, own, tmp_path, monkeypatch):
    undisturbed = tune(name, starts, own, tmp_path / "undisturbed").digests()
    run, cuts = finish_through_cuts(lambda: tune(name, starts, own, tmp_path / "run"), monkeypatch)
    assert cuts >= 4
    assert run.digests() == undisturbed


def test_a_checkpoint_belongs_to_the_weights_it_started_from(starts, own, tiny_mnist, tmp_path, monkeypatch):
    """Same folder and settings, but another run to start from: refused before anything is trained."""

    other = training.train(dataclasses.replace(SMALL["mlp"], seed=3), tiny_mnist, tmp_path / "other", progress=False)
    with monkeypatch.context() as patch:
        patch.setattr(Checkpoint, "save", broken_off)
        with pytest.raises(KeyboardInterrupt):
            tune("mlp", starts, own, tmp_path / "run")
    with pytest.raises(UsageError, match="holds a run with start_from"):
        tune("mlp", {"mlp": other}, own, tmp_path / "run")
    # The recipe forged as well, the checkpoint still says what it was written for.
    forged = fine_tuning_recipe(SMALL["mlp"], other, {"epochs": 2})
    (tmp_path / "run" / "recipe.toml").write_text(forged.to_toml(), encoding="utf-8")
    with pytest.raises(RunError, match="belongs to a training of another recipe"):
        tune("mlp", {"mlp": other}, own, tmp_path / "run")


def test_another_network_is_refused(starts):
    with pytest.raises(
        UsageError, match=r"holds the network mlp, but cnn trains the network cnn; .*Train mlp, or start"
    ):
        fine_tuning_recipe(RECIPES["cnn"], starts["mlp"])
    with pytest.raises(UsageError, match=r"holds 2 networks small_cnn, but fast trains the network small_cnn"):
        fine_tuning_recipe(RECIPES["fast"], starts["best"])
    with pytest.raises(RunError, match="There is no folder"):
        fine_tuning_recipe(RECIPES["mlp"], Run(starts["mlp"].folder / "nowhere"))


def test_recipe_and_run_must_belong_together(starts):
    tuning = fine_tuning_recipe(SMALL["mlp"], starts["mlp"])
    check_start(tuning, starts["mlp"])
    check_start(SMALL["mlp"], None)
    with pytest.raises(UsageError, match="starts from another network, but no run was given"):
        check_start(tuning, None)
    with pytest.raises(UsageError, match=r"starts from random weights, but .* was given"):
        check_start(SMALL["mlp"], starts["mlp"])
    assert Recipe.from_toml(tuning.to_toml()) == tuning
    assert default_folder(tuning) != default_folder(SMALL["mlp"])
    with pytest.raises(UsageError, match="64 hexadecimal digits"):
        dataclasses.replace(tuning, start_from="runs/mlp-seed0")


def test_the_command_says_how_it_was_before_and_after(starts, tiny_folder, tmp_path):
    arguments = ["train", "mlp", "--start-from", starts["mlp"].folder, "--data", tiny_folder, "--epochs", "1"]
    result = run_mnistlab(*arguments, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    before, after = (next(line for line in lines if line.startswith(word)) for word in ("before", "after"))
    assert before.split()[1:4] == [str(200 - starts["mlp"].metrics["test_errors"]), "of", "200"]
    folder = next((tmp_path / "runs").glob("mlp-seed0-from-*"))
    assert after.split()[1:4] == [str(200 - Run(folder).metrics["test_errors"]), "of", "200"]
    assert any("mended" in line for line in lines)
    assert run_mnistlab(*arguments, "--seed", "0", cwd=tmp_path).returncode == 0  # finished earlier
