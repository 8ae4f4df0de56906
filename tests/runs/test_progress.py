"""What those who watch a training can follow: every step once, however often the training was interrupted."""

import dataclasses
import json
import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mnistlab import training
from mnistlab.exceptions import RunError
from mnistlab.recipes import RECIPES
from mnistlab.runs import progress
from mnistlab.runs.progress import PROGRESS_FILE, Progress, ProgressLog, parse_line, read_progress
from training_helpers import blocks_of, finish_through_cuts

small_blocks = blocks_of(128)
SMALL = dataclasses.replace(RECIPES["mlp"], epochs=2, batch_size=32)
NUM_IMAGES = 600


@pytest.fixture(autouse=True)
def every_call(monkeypatch):
    """Every call of the training function is written down, of which an epoch of 600 images has five."""
    monkeypatch.setattr(progress, "STEP_SECONDS", 0)


def train(recipe, dataset, folder):
    return training.train(recipe, dataset, folder, progress=False, checkpoint_seconds=0)


def lines_of(folder):
    return [json.loads(line) for line in (folder / PROGRESS_FILE).read_text().splitlines()]


def without_times(rows):
    return [{key: value for key, value in row.items() if key != "seconds"} for row in rows]


def test_steps_add_up_to_the_epochs_that_keras_reports(tiny_mnist, tmp_path):
    run = train(SMALL, tiny_mnist, tmp_path / "run")
    assert [line["event"] for line in lines_of(run.folder)] == ["begin", *(["step"] * 5 + ["epoch"]) * 2]
    told = read_progress(run.folder)
    assert (told.num_steps, told.done) == (38, 38)
    assert [step["step"] for step in told.steps] == [4, 8, 12, 16, 19, 23, 27, 31, 35, 38]
    assert told.history == run.history
    for epoch, row in enumerate(run.history):
        steps = told.steps[5 * epoch : 5 * epoch + 5]
        weights = [128, 128, 128, 128, NUM_IMAGES - 4 * 128]
        for figure in ("loss", "accuracy"):
            assert np.average([step[figure] for step in steps], weights=weights) == pytest.approx(row[figure], abs=2e-6)
        assert {step["epoch"] for step in steps} == {epoch + 1}
    seconds = [step["seconds"] for step in told.steps]
    assert seconds == sorted(seconds) and seconds[0] > 0 and seconds[-1] <= run.metrics["train_seconds"]


def test_several_networks_and_a_training_that_ends_within_an_epoch_are_counted_through(tiny_mnist, tmp_path):
    recipe = dataclasses.replace(RECIPES["fast"], batch_size=32, members=2, max_steps=10)
    run = train(recipe, tiny_mnist, tmp_path / "run")
    told = read_progress(run.folder)
    assert (told.num_steps, told.done) == (20, 20)
    assert [step["step"] for step in told.steps] == [4, 8, 10, 14, 18, 20]
    assert [step["epoch"] for step in told.steps] == [1, 1, 1, 2, 2, 2]
    assert [line["event"] for line in lines_of(run.folder)].count("begin") == 1


def test_after_every_interruption_the_file_says_the_same(tiny_mnist, tmp_path, monkeypatch):
    """Broken off after every checkpoint in turn, and what is written is cut in the middle of a line each time."""
    undisturbed = read_progress(train(SMALL, tiny_mnist, tmp_path / "undisturbed").folder)

    def cut_a_line() -> None:
        with (tmp_path / "run" / PROGRESS_FILE).open("ab") as file:
            file.write(b'{"event":"step","st')

    run, cuts = finish_through_cuts(lambda: train(SMALL, tiny_mnist, tmp_path / "run"), monkeypatch, cut_a_line)
    told = read_progress(run.folder)
    assert cuts == 10
    assert (told.num_steps, told.done) == (38, 38)
    assert without_times(told.history) == without_times(undisturbed.history)
    # The first call of a part that begins within an epoch has nothing to be compared with: each part has one call.
    assert without_times(told.steps) == [step for step in without_times(undisturbed.steps) if step["step"] in (4, 23)]


def test_what_an_interruption_undid_is_not_told():
    told = Progress()
    row = {"epoch": 1, "loss": 0.5, "seconds": 1.0}
    for line in (
        {"event": "begin", "step": 0, "num_steps": 20, "seconds": 0.0, "process": 1, "history": []},
        {"event": "step", "step": 5, "epoch": 1, "loss": 0.7, "accuracy": 0.6, "seconds": 1.0},
        {"event": "step", "step": 10, "epoch": 1, "loss": 0.6, "accuracy": 0.7, "seconds": 2.0},
        {"event": "epoch", "step": 10, **row},
        {"event": "begin", "step": 5, "num_steps": 20, "seconds": 1.0, "process": 2, "history": []},
    ):
        told.add(line)
    assert [step["step"] for step in told.steps] == [5]
    assert (told.history, told.done, told.process, told.seconds) == ([], 5, 2, 1.0)


def test_what_goes_wrong_with_the_file_stops_no_training(tiny_mnist, tmp_path, monkeypatch):
    asked = []

    def refuse(path, content):
        asked.append(path)
        raise RunError("The disk is full.")

    monkeypatch.setattr(progress, "append_bytes", refuse)
    run = train(SMALL, tiny_mnist, tmp_path / "run")
    assert asked == [run.folder / PROGRESS_FILE]  # and not again for every step
    assert read_progress(run.folder) == Progress()


def test_a_loss_that_is_no_number_is_not_written(tmp_path):
    log = ProgressLog(tmp_path)
    log.begin(0, 10, [], 0.0)
    log.step(1, {"epoch": 1, "loss": math.nan, "accuracy": 0.1, "seconds": 1.0})
    log.flush()
    assert [line["event"] for line in lines_of(tmp_path)] == ["begin"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
KEYS = ("event", "step", "num_steps", "process", "history", "seconds", "epoch", "loss", "accuracy")
EVENTS = st.sampled_from(["begin", "step", "epoch"])


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
@example(b'{"event":"step","step":1,"epoch":1,"loss":0.5,"accuracy":0.5,"seconds":%s}' % (b"9" * 400))
def test_anything_is_a_line_or_none(content):
    Progress().add(parse_line(content))


@given(st.fixed_dictionaries({"event": EVENTS}, optional=dict.fromkeys(KEYS[1:], JSON | st.integers(0, 9))))
def test_lines_with_other_values_are_told_or_left_out(line):
    told = Progress()
    told.add({"event": "step", "step": 5, "epoch": 1, "loss": 0.7, "accuracy": 0.6, "seconds": 1.0})
    told.add(parse_line(json.dumps(line).encode()))
    assert all(step["step"] >= 0 for step in told.steps)
