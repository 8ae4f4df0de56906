from types import SimpleNamespace

import pytest

from mnistlab import training
from mnistlab.recipes import Recipe
from mnistlab.training import batches, duration
from mnistlab.training.duration import DurationCallback


class Run:
    """A training run on a clock of its own: calls of 16 steps, two networks of 1,000 steps."""

    def __init__(self, *, num_calls=0, finished=(), members=2, num_steps=1000):
        self.now = 50.0
        self.lines = []
        self.checkpoint = SimpleNamespace(num_calls=num_calls, finished=list(finished))
        plan = SimpleNamespace(num_steps=num_steps, steps_after=lambda calls: min(16 * calls, num_steps))
        self.callback = DurationCallback(
            self.checkpoint, plan, members=members, say=self.lines.append, clock=lambda: self.now
        )

    def call(self, seconds):
        self.now += seconds
        self.checkpoint.num_calls += 1
        self.callback.on_train_batch_end(0)


def test_the_first_steps_say_how_long_all_take():
    run = Run()
    run.call(3.0 + 16 * 0.05)  # three seconds of building the graph, then 0.05 s a step
    run.call(16 * 0.05)
    run.call(16 * 0.05)
    assert run.lines == []  # a trial of 1.6 s is too short
    for _ in range(5):
        run.call(16 * 0.05)
    assert run.lines == ["  takes about 2 min on this machine"]  # 2 × (3 + 1000 × 0.05) = 106 s


@pytest.mark.parametrize(
    ("options", "line"),
    [
        # 1,000 − 160 steps of the second network, 0.05 s each, and the graph: 45 s
        ({"num_calls": 10, "finished": [[]]}, "  the rest takes about 45 s on this machine"),
        ({"num_calls": 10, "finished": [[]], "members": 3}, "  the rest takes about 2 min on this machine"),
        ({"finished": [[]]}, "  the rest takes about 53 s on this machine"),
        ({"members": 1}, "  takes about 53 s on this machine"),
    ],
)
def test_what_an_earlier_process_did_is_not_counted(options, line):
    run = Run(**options)
    run.call(3.0 + 16 * 0.05)
    for _ in range(4):
        run.call(16 * 0.05)
    assert run.lines == [line]


def test_nothing_is_said_of_a_short_training_run():
    run = Run(members=1, num_steps=320)
    for _ in range(20):
        run.call(16 * 0.05)
    assert run.lines == []


def test_training_says_it_once(tiny_mnist, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(duration, "TRIAL_SECONDS", 0.0)
    monkeypatch.setattr(duration, "MIN_SECONDS", 0.0)
    monkeypatch.setattr(batches, "BLOCK_IMAGES", 64)
    recipe = Recipe(name="two", model="softmax", epochs=3, members=2)
    training.train(recipe, tiny_mnist, tmp_path / "run")
    lines = capsys.readouterr().out.splitlines()
    assert sum("on this machine" in line for line in lines) == 1
    assert lines[0].startswith("  takes about ")
