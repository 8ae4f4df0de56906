"""TensorBoard's event files, as TensorFlow reads them."""

import dataclasses
import shutil

import pytest
import tensorflow

from mnistlab import training
from mnistlab.recipes import RECIPES
from mnistlab.runs import Run
from mnistlab.runs.checkpoint import Checkpoint
from mnistlab.training.compiling import OneCycle
from mnistlab.training.event_files import EVENT_FILE, EventFiles

TINY = dataclasses.replace(RECIPES["mlp"], epochs=3, validation="test")


@pytest.fixture(scope="module")
def trained(tiny_mnist, tmp_path_factory):
    """One run with its event files, written as it was trained."""
    folder = tmp_path_factory.mktemp("trained") / "run"
    events = EventFiles(folder, TINY, 600)
    return training.train(TINY, tiny_mnist, folder, progress=False, on_epoch=events.update)


def read_events(folder, name):
    """`(step, {tag: value})` of one file, as TensorFlow reads it."""
    first, *events = tensorflow.compat.v1.train.summary_iterator(str(folder / "tensorboard" / name / EVENT_FILE))
    assert first.file_version == "brain.Event:2"
    times = [event.wall_time for event in (first, *events)]
    assert times == sorted(times)
    return [(event.step, {value.tag: value.simple_value for value in event.summary.value}) for event in events]


def expected_events(run, prefix="", **more):
    def single(value):
        return float(tensorflow.constant(value))

    return [
        (row["epoch"], {f"epoch_{name}": single(row[prefix + name]) for name in ("accuracy", "loss")} | more)
        for row in run.history
    ]


def test_event_files_hold_the_history(trained):
    rate = float(tensorflow.constant(0.001))
    assert read_events(trained.folder, "train") == expected_events(trained, epoch_learning_rate=rate)
    assert read_events(trained.folder, "validation") == expected_events(trained, "val_")


def test_event_files_change_no_byte_of_the_run(trained, tiny_mnist, tmp_path):
    plain = training.train(TINY, tiny_mnist, tmp_path / "plain", progress=False)
    assert plain.digests() == trained.require().digests()


def test_the_learning_rate_is_the_one_of_the_optimizer(tiny_mnist, tmp_path):
    """The callback of Keras logs the same: the rate after the epoch's last step."""
    recipe = dataclasses.replace(RECIPES["fast"], epochs=4)
    EventFiles(tmp_path, recipe, 60_000).update(
        [{"epoch": epoch, "loss": 1.0, "accuracy": 0.5, "seconds": 1.0} for epoch in range(1, 5)]
    )
    rates = [values["epoch_learning_rate"] for _, values in read_events(tmp_path, "train")]
    schedule = OneCycle(recipe.learning_rate, num_steps=4 * 235)
    assert rates == pytest.approx([float(schedule(235 * epoch)) for epoch in range(1, 5)], abs=1e-8)
    assert rates[-1] == 0


@pytest.mark.parametrize("validation", ["none", "split"])
def test_the_learning_rate_is_that_of_a_training_cut_short(tiny_mnist, tmp_path, validation):
    """Five steps in batches of 200: one epoch of three or two, then a part of one or more, as the optimizer ends."""
    recipe = dataclasses.replace(
        RECIPES["fast"], epochs=3, batch_size=200, max_steps=5, validation=validation, num_validation=300
    )
    EventFiles(tmp_path, recipe, len(tiny_mnist.train)).update(
        [{"epoch": epoch, "loss": 1.0, "accuracy": 0.5, "seconds": 1.0} for epoch in (1, 2, 3)]
    )
    rates = [values["epoch_learning_rate"] for _, values in read_events(tmp_path, "train")]
    schedule, ends = OneCycle(recipe.learning_rate, num_steps=5), (3, 5, 5) if validation == "none" else (2, 4, 5)
    assert rates == pytest.approx([float(schedule(step)) for step in ends], abs=1e-8)
    assert rates[-1] == 0


def test_an_epoch_appears_once_however_often_it_was_trained(tiny_mnist, tmp_path, monkeypatch):
    """Breaks off in every epoch of two networks, some steps behind the last checkpoint."""
    recipe = dataclasses.replace(RECIPES["fast"], epochs=3, members=2, batch_size=64)
    save, cuts = Checkpoint.save, 0

    def break_after(checkpoint, row, end_epoch=Checkpoint.end_epoch):
        nonlocal cuts
        end_epoch(checkpoint, row)
        if len(checkpoint.history) > cuts:
            cuts += 1
            raise KeyboardInterrupt

    monkeypatch.setattr(Checkpoint, "save", lambda checkpoint, state: save(checkpoint, state) if state == [] else None)
    monkeypatch.setattr(Checkpoint, "end_epoch", break_after)
    files = set()
    while cuts < 6:
        with pytest.raises(KeyboardInterrupt):
            events = EventFiles(tmp_path, recipe, 600)
            training.train(recipe, tiny_mnist, tmp_path, progress=False, on_epoch=events.update)
        files.add((tmp_path / "tensorboard" / "network1" / "train" / EVENT_FILE).stat().st_ino)
    run = training.train(
        recipe, tiny_mnist, tmp_path, progress=False, on_epoch=EventFiles(tmp_path, recipe, 600).update
    )
    assert len(files) == 1  # only added to, so that a TensorBoard that has it open sees what comes
    for number in (1, 2):
        of_network = read_events(tmp_path, f"network{number}/train")
        rows = [row for row in run.history if row["member"] == number]
        assert [step for step, _ in of_network] == [1, 2, 3]
        assert [values["epoch_loss"] for _, values in of_network] == pytest.approx([row["loss"] for row in rows])


@pytest.mark.parametrize("damage", ["cut", "changed", "empty", "foreign", "missing"])
def test_event_files_that_are_wrong_are_made_good(trained, tmp_path, damage):
    run = Run(shutil.copytree(trained.folder, tmp_path / "run"))
    path = run.folder / "tensorboard" / "train" / EVENT_FILE
    content = path.read_bytes()
    damaged = {"cut": content[:-5], "changed": content[:90] + b"\0" + content[91:], "empty": b"", "foreign": b"notes"}
    path.unlink() if damage == "missing" else path.write_bytes(damaged[damage])
    EventFiles(run.folder, TINY, 600).complete(run)
    assert read_events(run.folder, "train") == read_events(trained.folder, "train")
