"""Whatever is handed in, a check answers: classes, functions, broken arrays, objects that fail when looked at."""

import collections
import functools
import itertools
import types

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lesson_bank as bank
from mnistlab import datasets
from mnistlab.exceptions import UsageError
from mnistlab.lesson import checking
from mnistlab.lesson.checks.judging import judge
from mnistlab.lesson.checks.verdicts import StepState
from mnistlab.lesson.steps import STEPS, find_step
from mnistlab.models.backend import keras

ASKED = [
    "__repr__",
    "__str__",
    "__len__",
    "__array__",
    "__eq__",
    "__hash__",
    "__bool__",
    "__iter__",
    "__getitem__",
    "__call__",
    "__float__",
    "__int__",
    "__abs__",
    "__contains__",
    "__lt__",
    "__index__",
    "__format__",
    "__get__",
    "items",
    "keys",
    "history",
    "params",
    "layers",
    "compile",
    "predict",
    "shape",
    "dtype",
]


def fail(self, *arguments, **options):
    raise RuntimeError("not for you")


def failing(*names):
    """An object that raises when one of these of its methods is used."""
    return type("Failing", (), dict.fromkeys(names, fail))()


class FailsAtEveryAttribute:
    def __getattr__(self, name):
        raise RuntimeError(f"no {name}")


class HasEveryAttribute:
    """As a mock has: whatever is asked for is there, and is of no use."""

    def __getattr__(self, name):
        return HasEveryAttribute()

    def __call__(self, *arguments, **options):
        return HasEveryAttribute()


class LiesAboutItself:
    @property
    def __class__(self):
        raise RuntimeError("no class")


class Frame:
    """A table as pandas has: columns by name, numbers by `__array__`."""

    columns = ("a", "b")

    def __array__(self, dtype=None, copy=None):
        return np.arange(6.0).reshape(3, 2)

    def items(self):
        return iter((name, np.arange(3)) for name in self.columns)


class EndlessMapping(collections.abc.Mapping):
    def __getitem__(self, key):
        return self

    def __iter__(self):
        return itertools.count()

    def __len__(self):
        return 10**9


class EndlessSequence(EndlessMapping):
    __class__ = property(lambda self: object)

    def __iter__(self):
        return iter(int, 1)


def own_model():
    class Own(keras.Model):
        def call(self, inputs):
            raise ValueError("not written yet")

    return Own()


def broken_layer():
    class Broken(keras.layers.Layer):
        def get_config(self):
            raise RuntimeError("no settings")

        def call(self, inputs):
            return inputs * np.nan

    return keras.Sequential([keras.Input((784,)), Broken(), keras.layers.Dense(10)])


def two_inputs():
    inputs = [keras.Input((784,)), keras.Input((784,))]
    return keras.Model(inputs, keras.layers.Concatenate()(inputs))


def history_of(curves, params=None):
    return types.SimpleNamespace(history=curves, params=params)


def knotted():
    knot = []
    knot.append(knot)
    return knot


MAKERS = {
    "a class": lambda: keras.Sequential,
    "a class of layers": lambda: keras.layers.Dense,
    "a class of numbers": lambda: int,
    "a module": lambda: np,
    "a function": lambda: len,
    "a method": lambda: keras.Sequential().fit,
    "a lambda": lambda: lambda x: x,
    "a partial": lambda: functools.partial(len, []),
    "a generator": lambda: (number for number in range(3)),
    "an endless generator": itertools.count,
    "a coroutine's kind": lambda: iter([]),
    "a set": lambda: {1, 2},
    "bytes": lambda: b"\xff",
    "a complex number": lambda: 1j,
    "a huge integer": lambda: 10**400,
    "infinity": lambda: float("inf"),
    "not a number": lambda: np.float64("nan"),
    "true": lambda: True,
    "a long text": lambda: "x" * 10**6,
    "an empty list": list,
    "a ragged list": lambda: [[1, 2], [3]],
    "a knotted list": knotted,
    "deep lists": lambda: functools.reduce(lambda inner, _: [inner] * 8, range(40), 0),
    "a dictionary": lambda: {"a": {"b": {"c": {"d": {}}}}},
    "an endless mapping": EndlessMapping,
    "an endless sequence": EndlessSequence,
    "an object array": lambda: np.array([None, "a", 1], dtype=object),
    "a text array": lambda: np.array(["a", "b"]),
    "a structured array": lambda: np.zeros(3, dtype=[("a", int), ("b", float)]),
    "dates": lambda: np.array(["2026-01-01"], dtype="datetime64[D]"),
    "an empty array": lambda: np.zeros((0, 784)),
    "a number in an array": lambda: np.array(3),
    "not numbers": lambda: np.full((60, 784), np.nan),
    "infinite numbers": lambda: np.full((10_000, 10), np.inf),
    "half precision": lambda: np.full((10_000,), 6e4, np.float16),
    "an array beyond all memory": lambda: np.broadcast_to(np.float32(1), (60_000, 784, 10_000)),
    "an array with many axes": lambda: np.zeros((1,) * 20),
    "a masked array": lambda: np.ma.masked_array(np.arange(10), mask=True),
    "negative strides": lambda: np.zeros((10_000, 784), np.uint8)[::-1, ::-1],
    "a split": lambda: datasets.load_mnist().train,
    "a table": Frame,
    "a tensor": lambda: keras.ops.ones((10_000, 10)),
    "a variable": lambda: keras.Variable(np.ones(3)),
    "a placeholder": lambda: keras.Input((784,)),
    "a layer": lambda: keras.layers.Dense(512),
    "an empty model": keras.Sequential,
    "a model that was not built": lambda: keras.Sequential([keras.layers.Dense(10)]),
    "a model that is not written": own_model,
    "a model with a broken layer": broken_layer,
    "a model with two inputs": two_inputs,
    "a model of other images": lambda: keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Flatten()]),
    "the other network": bank.mlp,
    "a network that is not trained": bank.cnn,
    "an optimizer": lambda: keras.optimizers.Adam(),
    "a history without curves": lambda: history_of({}),
    "a history of texts": lambda: history_of({"loss": "abc", "accuracy": [None, "x"]}, {"steps": "many"}),
    "a history of nothing": lambda: history_of({"loss": None}, 7),
    "an object that fails everywhere": FailsAtEveryAttribute,
    "an object that has everything": HasEveryAttribute,
    "an object without a class": LiesAboutItself,
    "an object whose methods all fail": lambda: failing(*ASKED),
    "an error": lambda: ValueError("no"),
    **{f"an object whose {name} fails": functools.partial(failing, name) for name in ASKED},
}


def answer(step, *objects):
    feedback = judge(step, checking.collect(step, *objects))
    assert feedback.message and isinstance(str(feedback), str)
    assert feedback.state is not StepState.NOT_YET or (feedback.problem and feedback.reason)
    return feedback


@pytest.mark.parametrize("kind", MAKERS)
def test_every_check_answers_whatever_it_is_given(kind):
    for step in STEPS:
        thing = MAKERS[kind]()
        feedback = answer(step, *[thing] * len(step.arguments))
        is_network = kind in ("the other network", "a network that is not trained")
        assert is_network or not feedback, feedback
        assert feedback.problem != "unreadable", feedback


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(STEPS), st.lists(st.sampled_from(sorted(MAKERS)), max_size=6))
def test_every_check_answers_whatever_is_put_together(step, kinds):
    answer(step, *(MAKERS[kind]() for kind in kinds))


def test_forgotten_parentheses_are_named():
    feedback = answer(find_step("mlp.hidden2"), keras.Sequential)
    assert feedback.problem == "not-called"
    assert "the class Sequential itself" in feedback.message and "parentheses" in feedback.message
    assert "the function evaluate itself" in answer(find_step("mlp.score"), bank.mlp().evaluate, bank.mlp()).message


@pytest.mark.parametrize("first", [None, 3, np.zeros(3), [], keras.Sequential])
def test_the_name_of_the_step_comes_first(first):
    with pytest.raises(UsageError, match="takes the name of the step first"):
        checking.check(first, "mlp.hidden2")


def test_metrics_whose_parentheses_were_forgotten():
    model = bank.compiled(metrics=[keras.metrics.Accuracy])
    assert "keras.metrics.Accuracy" in answer(find_step("mlp.compile"), model, np.eye(10)).message


def test_looking_at_a_model_changes_nothing():
    """The initial weights of later layers are drawn from a state that a check must not touch."""
    drawn = []
    for is_checked in (False, True):
        keras.utils.set_random_seed(7)
        model = bank.mlp()
        if is_checked:
            checking.collect(find_step("mlp.hidden2"), model)
        drawn.append(keras.layers.Dense(3, kernel_initializer=keras.initializers.GlorotUniform()))
        drawn[-1].build((None, 4))
    np.testing.assert_array_equal(drawn[0].kernel, drawn[1].kernel)
