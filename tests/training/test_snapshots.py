"""What is kept of a network while it learns: small, true, through interruptions, and without any effect on it."""

import dataclasses
import sys

import numpy as np
import pytest

from mnistlab import training
from mnistlab.datasets import load_mnist
from mnistlab.exceptions import RunError
from mnistlab.inference.anatomy import dissect
from mnistlab.models import load_run
from mnistlab.models.backend import keras
from mnistlab.recipes import RECIPES
from mnistlab.runs import snapshot_log
from mnistlab.runs.run import MANIFEST, Run
from mnistlab.runs.snapshot_log import DRAWING_FILE, MAX_FILTERS, SnapshotLog, write_drawing
from mnistlab.runs.snapshots import SNAPSHOT_FILE, read_snapshots
from mnistlab.training import snapshots
from mnistlab.training.extending import extend
from mnistlab.training.snapshots import NUM_HARD, NUM_TYPICAL, watched_indices
from training_helpers import blocks_of, finish_through_cuts

small_blocks = blocks_of(128)
SMALL = {
    "mlp": dataclasses.replace(RECIPES["mlp"], epochs=2, batch_size=32),
    "cnn": dataclasses.replace(RECIPES["cnn"], epochs=1, batch_size=32, num_validation=100, max_steps=8),
    "fast": dataclasses.replace(RECIPES["fast"], epochs=1, batch_size=32, members=2),
}


@pytest.fixture(autouse=True)
def every_call(monkeypatch):
    """The network is kept after every call of the training function, of which an epoch of 600 images has five."""
    monkeypatch.setattr(snapshots, "MIN_SECONDS", 0)
    monkeypatch.setattr(snapshots, "MAX_SHARE", 1e9)


def train(name, dataset, folder):
    return training.train(SMALL[name], dataset, folder, progress=False, checkpoint_seconds=0)


def steps_of(run):
    return [moment.step for moment in read_snapshots(run.folder).moments]


@pytest.mark.parametrize("name", ["mlp", "cnn", "fast"])
def test_a_run_is_the_same_with_and_without_it_and_ends_with_what_its_network_says(
    name, tiny_mnist, tmp_path, monkeypatch
):
    run = train(name, tiny_mnist, tmp_path / "watched")
    monkeypatch.setattr(sys.modules["mnistlab.training.trainer"], "SnapshotLog", lambda folder: None)
    plain = train(name, tiny_mnist, tmp_path / "plain")
    assert run.digests() == plain.digests()
    assert not (plain.folder / SNAPSHOT_FILE).exists() and read_snapshots(plain.folder) is None
    assert SNAPSHOT_FILE not in (run.folder / MANIFEST).read_text()

    found = read_snapshots(run.folder)
    seen, first, last = found.watched, found.moments[0], found.moments[-1]
    assert found.num_damaged == 0 and (run.folder / SNAPSHOT_FILE).stat().st_size < 2**20
    assert (
        steps_of(run)
        == {
            "mlp": [0, 4, 8, 12, 16, 19, 23, 27, 31, 35, 38],
            "cnn": [0, 4, 8],
            "fast": [0, 4, 8, 12, 16, 19, 23, 27, 31, 35, 38],
        }[name]
    )
    assert [moment.member for moment in found.moments] == (
        [1] * 6 + [2] * 5 if name == "fast" else [1] * len(steps_of(run))
    )
    indices = np.array(seen.indices)
    assert np.array_equal(seen.images, tiny_mnist.test.images[indices])
    assert np.array_equal(seen.labels, tiny_mnist.test.labels[indices])
    assert seen.kind == ("weights" if name == "mlp" else "filters")
    assert not np.array_equal(first.filters, last.filters)

    model = load_run(run)
    network = model.get_layer("member2") if name == "fast" else model
    answers = keras.ops.convert_to_numpy(network(seen.images))
    np.testing.assert_allclose(last.probabilities, answers, atol=0.02)  # training may be in bfloat16
    if name != "fast":  # an average has no filters of its own
        pictures = dissect(run.onnx_path, {}).filters[..., 0]
        shown = pictures[:MAX_FILTERS] if name == "mlp" else pictures
        scales = np.array(last.scales)[:, None, None]
        np.testing.assert_allclose(last.filters * (scales / 127), shown, atol=0.501 * scales.max() / 127)


def test_filters_over_folded_pixels_are_pictures_of_pixels(tiny_mnist, tmp_path):
    recipe = dataclasses.replace(SMALL["fast"], members=1)
    run = training.train(recipe, tiny_mnist, tmp_path / "run", progress=False)
    found = read_snapshots(run.folder)
    last = found.moments[-1]
    assert last.filters.shape == (32, 6, 6) and (found.watched.layer, found.watched.num_filters) == ("conv1", 32)
    pictures = dissect(run.onnx_path, {}).filters[..., 0]
    scales = np.array(last.scales)[:, None, None]
    np.testing.assert_allclose(last.filters * (scales / 127), pictures, atol=0.501 * scales.max() / 127)


def test_a_training_cut_after_any_checkpoint_keeps_every_moment_once(tiny_mnist, tmp_path, monkeypatch):
    """A moment is not kept of a step whose checkpoint ended the process; all others are there, in order."""
    undisturbed = train("fast", tiny_mnist, tmp_path / "undisturbed")
    run, cuts = finish_through_cuts(lambda: train("fast", tiny_mnist, tmp_path / "run"), monkeypatch)
    assert cuts == 10 and run.digests() == undisturbed.digests()
    found, whole = read_snapshots(run.folder), read_snapshots(undisturbed.folder)
    same = {moment.step: moment for moment in whole.moments}
    assert found.num_damaged == 0 and found.moments[0].step == 0
    assert len(steps_of(run)) == len({*steps_of(run)}) and {*steps_of(run)} <= {*steps_of(undisturbed)}
    for moment in found.moments:
        assert np.array_equal(moment.filters, same[moment.step].filters)
        assert np.array_equal(moment.probabilities, same[moment.step].probabilities)


def test_a_longer_training_goes_on_in_the_same_file(tiny_mnist, tmp_path):
    run = train("mlp", tiny_mnist, tmp_path / "run")
    before, longer = steps_of(run), dataclasses.replace(SMALL["mlp"], epochs=3)
    extend(run, longer, tiny_mnist)
    after = steps_of(training.train(longer, tiny_mnist, run.folder, progress=False))
    assert after[: len(before)] == before and after[-1] == 57 and len(after) == len(before) + 5


def test_a_drawing_is_answered_from_when_it_is_there(tiny_mnist, tmp_path, monkeypatch):
    folder, drawing = tmp_path / "run", tiny_mnist.train.images[0]
    add = SnapshotLog.add

    def draw_later(log, moment):
        add(log, moment)
        if moment.step == 8:
            write_drawing(folder, drawing)

    monkeypatch.setattr(SnapshotLog, "add", draw_later)
    run = train("mlp", tiny_mnist, folder)
    moments = read_snapshots(folder).moments
    assert [moment.step for moment in moments if moment.drawing is not None] == [12, 16, 19, 23, 27, 31, 35, 38]
    assert np.array_equal(moments[-1].drawing, drawing)
    answer = keras.ops.convert_to_numpy(load_run(run)(drawing[None]))[0]
    np.testing.assert_allclose(moments[-1].answer, answer, atol=0.02)
    assert (folder / DRAWING_FILE).exists() and Run(folder).require().is_complete


def test_a_full_disk_for_this_file_alone_stops_no_training(tiny_mnist, tmp_path, monkeypatch):
    def refuse(path, content):
        raise RunError("The disk is full.")

    for name in ("append_bytes", "write_bytes"):
        monkeypatch.setattr(snapshot_log, name, refuse)
    run = train("mlp", tiny_mnist, tmp_path / "run")
    assert run.is_complete and read_snapshots(run.folder) is None


def test_looking_takes_a_small_share_of_the_time(tiny_mnist, tmp_path, monkeypatch):
    """A network that takes ten times as long to answer as it may is kept as it begins and as it ends."""
    monkeypatch.setattr(snapshots, "MAX_SHARE", 1e-9)
    assert steps_of(train("mlp", tiny_mnist, tmp_path / "run")) == [0, 38]


def test_two_of_each_class_and_some_hard_ones_are_watched():
    test = load_mnist().test
    indices = watched_indices(test)
    assert len(indices) == len({*indices}) == 10 * NUM_TYPICAL + NUM_HARD
    assert test.labels[indices[:20]].tolist() == [digit for digit in range(10) for _ in range(2)]
    pixels, labels = test.images[:500].reshape(500, -1).astype(float), test.labels[:500]
    means = np.stack([pixels[labels == digit].mean(axis=0) for digit in range(10)])
    nearest = np.linalg.norm(pixels[:, None] - means[None], axis=2).argmin(axis=1)
    hard = indices[20:]
    assert (nearest[hard] != labels[hard]).all() and (nearest == labels).mean() > 0.8


def test_a_split_without_some_classes_is_watched_too(tiny_mnist):
    few = tiny_mnist.test.take(np.flatnonzero(tiny_mnist.test.labels < 2)[:5])
    indices = watched_indices(few)
    assert sorted(indices) == [0, 1, 2, 3, 4]
