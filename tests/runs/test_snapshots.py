"""How a network looked while it learned: a file that stays small, is read whatever became of it, and stops nothing."""

import base64
import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnistlab.exceptions import RunError
from mnistlab.runs import snapshot_log
from mnistlab.runs.snapshot_log import (
    DRAWING_FILE,
    MAX_FILTERS,
    MAX_SNAPSHOTS,
    SnapshotLog,
    quantized,
    seconds_between,
    write_drawing,
)
from mnistlab.runs.snapshots import MAX_WATCHED, SNAPSHOT_FILE, read_snapshots
from moments import RANDOM, snapshot, watched


def steps_of(folder):
    return [moment.step for moment in read_snapshots(folder).moments]


def test_what_was_written_is_read(tmp_path):
    seen, moments = watched(), [snapshot(0, is_drawn=False), snapshot(7)]
    log = SnapshotLog(tmp_path)
    log.begin(seen, 0)
    for moment in moments:
        log.add(moment)
    found = read_snapshots(tmp_path)
    assert dataclasses.replace(found.watched, images=None) == dataclasses.replace(seen, images=None)
    assert np.array_equal(found.watched.images, seen.images)
    assert found.num_damaged == 0 and len(found.moments) == 2
    for told, made in zip(found.moments, moments, strict=True):
        assert (told.step, told.member, told.seconds, told.scales) == (
            made.step,
            made.member,
            made.seconds,
            made.scales,
        )
        assert np.array_equal(told.filters, made.filters)
        np.testing.assert_allclose(told.probabilities, made.probabilities, atol=1e-5)
    assert found.moments[0].drawing is None and found.moments[0].answer is None
    assert np.array_equal(found.moments[1].drawing, moments[1].drawing)
    np.testing.assert_allclose(found.moments[1].answer, moments[1].answer, atol=1e-5)


def test_weights_come_back_to_half_a_level():
    weights = RANDOM.normal(0, 0.1, (3, 28, 28))
    weights[2] = 0
    filters, scales = quantized(weights)
    assert np.abs(filters).max(axis=(1, 2)).tolist() == [127, 127, 0]
    for picture, scale, true in zip(filters, scales, weights, strict=True):
        np.testing.assert_allclose(picture * (scale / 127), true, atol=0.501 * scale / 127 + 1e-9)


def test_a_thousand_moments_stay_below_a_megabyte_with_the_first_and_the_last(tmp_path):
    log = SnapshotLog(tmp_path)
    log.begin(watched(MAX_WATCHED), 0)
    for step in range(1000):
        log.add(snapshot(step, MAX_WATCHED))
        assert (tmp_path / SNAPSHOT_FILE).stat().st_size < 2**20
    steps = steps_of(tmp_path)
    assert MAX_SNAPSHOTS / 2 <= len(steps) <= MAX_SNAPSHOTS
    assert (steps[0], steps[-1]) == (0, 999) and steps == sorted(set(steps))


def test_moments_move_apart_as_a_training_gets_longer():
    taken, seconds = [0.0], 0.0
    while seconds < 3600:
        seconds += 0.5
        if seconds - taken[-1] >= seconds_between(seconds, 1.0):
            taken.append(seconds)
    assert taken[:4] == [0, 1, 2, 3]
    assert len(taken) < 40 + 20 * 7


def test_what_an_interruption_undid_is_dropped(tmp_path):
    seen = watched()
    log = SnapshotLog(tmp_path)
    log.begin(seen, 0)
    for step in (0, 10, 20, 30):
        log.add(snapshot(step))
    with (tmp_path / SNAPSHOT_FILE).open("ab") as file:
        file.write(b'{"step":40,"mem')  # the process died
    assert steps_of(tmp_path) == [0, 10, 20, 30] and read_snapshots(tmp_path).num_damaged == 0
    again = SnapshotLog(tmp_path)
    again.begin(seen, 15)
    again.begin(seen, 0)  # the next network of the same run
    again.add(snapshot(19))
    assert steps_of(tmp_path) == [0, 10, 19] and read_snapshots(tmp_path).num_damaged == 0


@pytest.mark.parametrize("content", [b"", b"{", b"\n\n", b'{"layer":"hidden1"}\n', b"[]\n", b"\xff\xfe\n"])
def test_a_file_without_its_beginning_is_refused_and_begun_again(content, tmp_path):
    (tmp_path / SNAPSHOT_FILE).write_bytes(content)
    with pytest.raises(RunError, match=r"snapshots\.jsonl is damaged") as found:
        read_snapshots(tmp_path)
    assert found.value.args[0].key == "learning.damaged"
    log = SnapshotLog(tmp_path)
    log.begin(watched(), 50)
    log.add(snapshot(51))
    assert steps_of(tmp_path) == [51]


def test_no_file_is_no_error_and_a_folder_in_its_place_is_one(tmp_path):
    assert read_snapshots(tmp_path) is None
    (tmp_path / SNAPSHOT_FILE).mkdir()
    with pytest.raises(RunError, match="damaged"):
        read_snapshots(tmp_path)


def test_another_network_in_the_folder_begins_anew(tmp_path):
    for layer in ("hidden1", "conv1"):
        log = SnapshotLog(tmp_path)
        log.begin(dataclasses.replace(watched(), layer=layer), 100)
        log.add(snapshot(101))
    assert read_snapshots(tmp_path).watched.layer == "conv1" and steps_of(tmp_path) == [101]


WRONG = {
    "step": [-1, 1.5, None, "7", True, 0],
    "member": [None, -2],
    "seconds": [-1.0, "1", None],
    "size": [[28], [0, 28], [28, 29], None, [28, 28, 1], 5],
    "filters": ["", "AAAA", "!", 5, None],
    "scales": [[], [0.1], [-1.0] * MAX_FILTERS, ["a"] * MAX_FILTERS, None],
    "probabilities": ["AAAA", None],
    "drawing": ["AAAA", 3],
    "answer": ["AAAA", None],
}


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in WRONG.items() for value in values])
def test_a_line_with_something_else_in_it_is_left_out_and_counted(key, value, tmp_path):
    first, second, third = snapshot(0), snapshot(5).to_line() | {key: value}, snapshot(9)
    lines = [watched().to_line(), first.to_line(), second, third.to_line()]
    (tmp_path / SNAPSHOT_FILE).write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = read_snapshots(tmp_path)
    assert steps_of(tmp_path) == [0, 9] and found.num_damaged == 1


LINES = [watched(2).to_line(), snapshot(0, 2).to_line(), snapshot(3, 2).to_line()]
CONTENT = "".join(json.dumps(line) + "\n" for line in LINES).encode()


@given(st.data())
def test_bytes_that_were_changed_give_moments_or_one_sentence(tmp_path_factory, data):
    folder = tmp_path_factory.getbasetemp() / "changed"
    folder.mkdir(exist_ok=True)
    content = bytearray(CONTENT)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    (folder / SNAPSHOT_FILE).write_bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        found = read_snapshots(folder)
    except RunError as error:
        assert "damaged" in str(error)
    else:
        assert all(moment.filters.shape == (MAX_FILTERS, 28, 28) for moment in found.moments)


def test_a_disk_that_is_full_is_asked_once(tmp_path, monkeypatch):
    asked = []

    def refuse(path, content):
        asked.append(path)
        raise RunError("The disk is full.")

    for name in ("append_bytes", "write_bytes"):
        monkeypatch.setattr(snapshot_log, name, refuse)
    log = SnapshotLog(tmp_path)
    log.begin(watched(), 0)
    for step in range(100):
        log.add(snapshot(step))
    assert len(asked) == 1


def test_only_a_whole_drawing_is_one(tmp_path):
    log = SnapshotLog(tmp_path)
    assert log.drawing() is None
    image = RANDOM.integers(0, 256, (28, 28), np.uint8)
    write_drawing(tmp_path, image)
    assert np.array_equal(log.drawing(), image)
    for content in (b"", image.tobytes()[:-1], image.tobytes() + b"\0"):
        (tmp_path / DRAWING_FILE).write_bytes(content)
        assert log.drawing() is None


def test_probabilities_of_a_network_that_overflows_are_written_as_0(tmp_path):
    log = SnapshotLog(tmp_path)
    log.begin(watched(), 0)
    log.add(dataclasses.replace(snapshot(0), probabilities=np.full((36, 10), np.nan)))
    assert read_snapshots(tmp_path).moments[0].probabilities.max() == 0
    line = json.loads((tmp_path / SNAPSHOT_FILE).read_text().splitlines()[1])
    assert len(base64.b64decode(line["probabilities"])) == 2 * 360
