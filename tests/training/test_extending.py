"""A finished run that is given more epochs ends as one that was that long from the start."""

import dataclasses

import numpy as np
import pytest

from mnistlab import training
from mnistlab.exceptions import RunError, UsageError
from mnistlab.recipes import RECIPES
from mnistlab.runs import Run
from mnistlab.training import extending
from processes import run_mnistlab
from training_helpers import blocks_of

SHORT = {
    "mlp": dataclasses.replace(RECIPES["mlp"], epochs=1, batch_size=32),
    "cnn": dataclasses.replace(RECIPES["cnn"], epochs=1, batch_size=64, num_validation=100),
    "softmax": dataclasses.replace(RECIPES["mlp"], model="softmax", epochs=2, batch_size=50, label_noise=3),
}
small_blocks = blocks_of(128)


def longer(recipe, epochs):
    return dataclasses.replace(recipe, epochs=epochs)


@pytest.mark.parametrize("name", ["mlp", "softmax", pytest.param("cnn", marks=pytest.mark.slow)])
def test_the_bytes_are_those_of_a_run_that_was_as_long_from_the_start(name, tiny_mnist, tmp_path):
    recipe = longer(SHORT[name], 3)
    whole = training.train(recipe, tiny_mnist, tmp_path / "whole", progress=False)
    short = training.train(SHORT[name], tiny_mnist, tmp_path / "run", progress=False)
    training.extend(short, recipe, tiny_mnist)
    assert not Run(short.folder).is_complete
    extended = training.train(recipe, tiny_mnist, short.folder, progress=False)
    assert extended.digests() == whole.digests()
    assert len(extended.metrics["epoch_seconds"]) == 3
    assert extended.metrics["train_seconds"] >= short.metrics["train_seconds"]
    again = training.train(longer(recipe, 3), tiny_mnist, short.folder, progress=False)  # finished: nothing to do
    training.extend(again, recipe, tiny_mnist)
    assert Run(short.folder).is_complete


def test_a_kill_on_the_way_leaves_the_finished_run_or_one_that_goes_on(tiny_mnist, tmp_path, monkeypatch):
    recipe = longer(SHORT["softmax"], 3)
    whole = training.train(recipe, tiny_mnist, tmp_path / "whole", progress=False)
    training.train(SHORT["softmax"], tiny_mnist, tmp_path / "run", progress=False)

    def cut(*_arguments, **_options):
        raise KeyboardInterrupt

    for name, is_complete in (("build_for_training", True), ("write_text", False)):
        with monkeypatch.context() as patch:
            patch.setattr(extending, name, cut)
            with pytest.raises(KeyboardInterrupt):
                training.extend(Run(tmp_path / "run"), recipe, tiny_mnist)
        assert Run(tmp_path / "run").is_complete == is_complete
    training.extend(Run(tmp_path / "run"), recipe, tiny_mnist)
    assert training.train(recipe, tiny_mnist, tmp_path / "run", progress=False).digests() == whole.digests()


def test_what_cannot_go_on_is_refused_and_left_as_it_is(tiny_mnist, tmp_path):
    run = training.train(SHORT["softmax"], tiny_mnist, tmp_path / "run", progress=False)
    for changes, message in (
        ({"epochs": 2}, None),
        ({"epochs": 1}, "has 2 epochs; give more than that to go on, not 1"),
        ({"epochs": 3, "seed": 4}, "holds a run with seed 0, not 4"),
    ):
        other = dataclasses.replace(SHORT["softmax"], **changes)
        if message is None:
            training.extend(run, other, tiny_mnist)
            continue
        with pytest.raises(UsageError, match=message):
            training.extend(run, other, tiny_mnist)
    other = dataclasses.replace(tiny_mnist, name="other", train=tiny_mnist.train.take(np.arange(300)))
    with pytest.raises(
        UsageError, match=r"holds a run with data tiny MNIST .*, not other .*\. Delete it, or choose"
    ) as caught:
        training.extend(run, longer(SHORT["softmax"], 3), other)
    assert caught.value.argument == "folder"  # not the advice to extend, which it tries to do
    for setting in ({"schedule": "one-cycle"}, {"members": 2}, {"test_shifts": True}, {"max_steps": 5}):
        known = dataclasses.replace(SHORT["softmax"], **setting)
        with pytest.raises(UsageError, match="cannot be given more epochs"):
            extending.check_extendable(known, longer(known, 9))
    assert run.require().recipe == SHORT["softmax"]
    with pytest.raises(RunError, match="There is no folder"):
        training.extend(Run(tmp_path / "nothing"), SHORT["softmax"], tiny_mnist)
    assert not (tmp_path / "nothing").exists()
    assert np.isfinite(run.metrics["test_loss"])


def test_the_option_continues_a_run(tiny_folder, tmp_path):
    def train(*options):
        return run_mnistlab("train", "mlp", "--data", tiny_folder, "--out", "run", *options, cwd=tmp_path)

    assert train("--epochs", "1").returncode == 0
    refused = train("--epochs", "2")
    assert refused.returncode == 2
    assert "--continue" in refused.stderr
    extended = train("--epochs", "2", "--continue")
    assert extended.returncode == 0, extended.stderr
    assert "epoch 2/2" in extended.stdout
    assert "epoch 1/2" not in extended.stdout
