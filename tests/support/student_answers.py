"""Answers to the exercise as students write them, from `tests/data/student_answers.txt`, each run as in its gap."""

import dataclasses
import functools
import re
from pathlib import Path
from typing import Any

import numpy as np

import lesson_bank as bank
from mnistlab import datasets
from mnistlab.lesson import checking, draw_strokes
from mnistlab.lesson.checks.judging import judge
from mnistlab.lesson.checks.verdicts import Feedback
from mnistlab.lesson.steps import find_step
from mnistlab.models.backend import keras

SEEN: set[tuple[str, str, str]] = set()
"""Problem, message and reason of each feedback that a wrong answer got, in any test of this run."""

PATH = Path(__file__).parents[1] / "data" / "student_answers.txt"
_HEAD = re.compile(r"^## (?P<step>\S+) (?P<verdict>wrong|right)(?P<whole> whole)? \| (?P<text>.*)$", re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a student wrote into a gap.

    Args:
        step: Key of the step.
        code: Lines of the gap.
        about: What was done, in words.
        words: Patterns, all of which the feedback on a wrong answer must match; none for a right answer.
        is_whole: Whether the lines stand in place of the whole network.
    """

    step: str
    code: str
    about: str
    words: tuple[str, ...] = ()
    is_whole: bool = False

    def __str__(self) -> str:
        """A name for the test."""
        return f"{self.step}: {self.about}"


def read_answers() -> list[Answer]:
    """All answers, in order."""
    text = PATH.read_text(encoding="utf-8")
    heads = list(_HEAD.finditer(text))
    ends = [head.start() for head in heads[1:]] + [len(text)]
    answers = []
    for head, end in zip(heads, ends, strict=True):
        words, _, about = head["text"].rpartition(" | ")
        is_whole, code = bool(head["whole"]), text[head.end() : end].strip()
        answers.append(Answer(head["step"], code, about, tuple(words.split(", ")) if words else (), is_whole))
    return answers


def feedback_on(answer: Answer) -> Feedback:
    """What the check says of an answer, as in the notebook: the lines run, then the check is called."""
    step, network = find_step(answer.step), answer.step.partition(".")[0]
    names = _names()
    names |= _PLACES.get(answer.step, _network_before if network in ("mlp", "cnn") else dict)(answer)
    exec(answer.code, names)
    if answer.step.startswith("cnn.") and "cnn" in names and not answer.is_whole:
        layers = _layers_after(answer.step)
        for number, layer in enumerate(layers, 1):
            names["cnn"].add(layer, rebuild=number == len(layers))  # Keras would connect all layers anew for each
    objects = [names.get(_VARIABLES.get(answer.step, {}).get(name, name)) for name in step.arguments]
    is_score = answer.step.endswith(".score")
    given = [names[network]] if step.arguments == ("model",) else objects
    evidence = checking.collect(step, *given, is_measured=not is_score)
    if is_score and evidence["model"].get("kind") == "model":
        evidence["model"] |= {"test_accuracy": 0.981, "test_loss": 0.062}  # as if it had been trained
    return judge(step, evidence)


_VARIABLES = {
    "mlp.compile": {"model": "mlp", "labels": "y_train"},
    "mlp.score": {"accuracy": "score", "model": "mlp"},
    "batch.predict": {"answer": "prediction"},
    "drawing": {"model": "cnn"},
}


_mnist = functools.cache(datasets.load_mnist)


@functools.cache
def _constant_names() -> dict[str, Any]:
    layers = {name: value for name, value in vars(keras.layers).items() if not name.startswith("_")}
    others = {
        "keras": keras,
        "np": np,
        "ops": keras.ops,
        "Sequential": keras.Sequential,
        "mnist": _mnist(),
    }
    return layers | others | {"features": features, "fitted": fitted, "Input": keras.Input}


def _names() -> dict[str, Any]:
    return dict(_constant_names())


def features(*, flatten: bool = True, pool: bool = True) -> Any:
    """The convolutional network up to its dense layers."""
    layers = [*bank.convolution(32), *bank.convolution(32), *bank.pool(), *bank.convolution(64), *bank.convolution(64)]
    layers += bank.pool() * pool
    return keras.Sequential(
        [keras.Input((28, 28, 1)), *layers, *([keras.layers.Flatten()] if flatten or not pool else [])]
    )


_CNN_GAPS = ("cnn.conv2", "cnn.conv3", "cnn.conv4", "cnn.dense5", "cnn.output")


_CNN_PARTS: list[bank.Build] = [  # given parts of the network and gaps, in turn
    lambda: bank.convolution(32),
    lambda: bank.convolution(32),
    bank.pool,
    lambda: bank.convolution(64),
    list,
    lambda: [*bank.convolution(64), *bank.pool()],
    lambda: [keras.layers.Flatten()],
    bank.dense5,
    list,
    bank.OUTPUT,
]


def _network_before(answer: Answer) -> dict[str, Any]:
    if answer.step in _CNN_GAPS:
        if answer.is_whole:
            return {}
        parts = _CNN_PARTS[: 2 * _CNN_GAPS.index(answer.step) + 1]
        return {"cnn": keras.Sequential([keras.Input((28, 28, 1)), *(layer for part in parts for layer in part())])}
    layers = [*bank.HIDDEN(), *(bank.HIDDEN() if answer.step != "mlp.hidden2" else [])]
    return {"mlp": keras.Sequential([keras.Input((784,)), *layers])}


def _layers_after(step: str) -> list[Any]:
    if step not in _CNN_GAPS:
        return []
    return [layer for part in _CNN_PARTS[2 * _CNN_GAPS.index(step) + 2 :] for layer in part()]


@functools.cache
def _arrays(shape: tuple[int, ...]) -> list[Any]:
    return bank.prepared(shape)


def _data(answer: Answer) -> dict[str, Any]:
    shape = (784,) if answer.step == "data.prepare" else (28, 28, 1)
    return dict(zip(("x_train", "y_train", "x_test", "y_test"), _arrays(shape), strict=True))


def _compiling(answer: Answer) -> dict[str, Any]:
    return {"mlp": bank.mlp(), "y_train": np.eye(10)}


def fitted(
    *,
    epochs: int = 5,
    steps: int = 469,
    loss: Any = None,
    accuracy: Any = None,
    val: bool = False,
    network: str = "mlp",
    learning_rate: float = 1e-3,
) -> Any:
    """What fit would return, with numbers that were made up; the network in it is small and was never trained."""
    history = keras.callbacks.History()
    rising = [1 - 0.09 / (epoch + 1) for epoch in range(epochs)]
    history.history = {
        "accuracy": rising if accuracy is None else accuracy,
        "loss": loss or [1 - one for one in rising],
    }
    if val:
        history.history |= {"val_accuracy": rising, "val_loss": [1 - one for one in rising]}
    history.params = {"epochs": epochs, "steps": steps, "verbose": 0}
    history.set_model(_small(network))
    history.model.optimizer.learning_rate = learning_rate
    return history


@functools.cache
def _small(network: str) -> Any:
    layers = [keras.Input((784,)), keras.layers.Dense(10, "softmax")]
    if network == "cnn":
        convolution = keras.layers.Conv2D(1, 3, strides=14)
        layers = [keras.Input((28, 28, 1)), convolution, keras.layers.Flatten(), keras.layers.Dense(10, "softmax")]
    model = keras.Sequential(layers)
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model


MEASURED = {128: (10.0, 0.98), 10_000: (5.0, 0.935), 32: (20.0, 0.979)}


def _confusion(answer: Answer) -> dict[str, Any]:
    labels = _mnist().test.labels
    predictions = labels.astype(int)
    for true, wrong, number in ((4, 9, 30), (9, 4, 10), (3, 5, 20), (7, 2, 15)):
        predictions[np.flatnonzero(labels == true)[:number]] = wrong
    matrix = np.zeros((10, 10), dtype=int)
    np.add.at(matrix, (labels, predictions), 1)
    return {"matrix": matrix, "mistake": (4, 9), "predictions": predictions}


@functools.cache
def _reader() -> Any:
    return bank.cnn()


def _drawing(answer: Answer) -> dict[str, Any]:
    drawing = draw_strokes([[(9, 4), (9, 24), (19, 22)], [(9, 13), (15, 14)]])
    picture = drawing.reshape(1, 28, 28, 1).astype("float32") / 255
    probabilities = np.asarray(_reader()(picture, training=False))
    names = {"cnn": _reader(), "drawing": drawing, "picture": picture, "probabilities": probabilities}
    x_test = _mnist().test.images[:10, ..., None] / 255
    return names | {"digit": int(probabilities.argmax()), "x_test": x_test}


_PLACES = {
    "data.prepare": _data,
    "cnn.prepare": _data,
    "mlp.compile": _compiling,
    "confusion": _confusion,
    "drawing": _drawing,
    "batch.answer": lambda answer: {"measured": MEASURED},
    "batch.predict": lambda answer: {},
    "mlp.train": _compiling,
    "mlp.score": _compiling,
    "cnn.train": lambda answer: {},
}
