"""What makes a trial quick, and independent of the network: few steps and images, MNIST itself, random weights."""

import ast
import functools
import inspect
import itertools
import multiprocessing.pool
import re
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module, util
from pathlib import Path
from typing import Any

import numpy as np

from mnistlab.datasets import load_mnist
from mnistlab.lesson.migration import magics
from mnistlab.lesson.trying.threads import Threads

NEEDS = "mnistlab: "
NUM_STEPS, NUM_ROWS, NUM_ROUNDS = 3, 256, 2
TRAINS = frozenset(
    {"fit", "train_on_batch", "test_on_batch", "predict", "predict_on_batch", "evaluate", "train", "train_step"}
)
SMALL_RANGE = 5
_DATASETS = ("mnist", "fashion_mnist", "cifar10", "cifar100")
_TIMER = re.compile(r"^\s*%%(time|timeit|capture|prun)\b.*$", re.MULTILINE)


def prepare_source(source: str) -> str:
    """A cell whose loops around training go round a few times; its lines keep their numbers.

    Example:
        >>> prepare_source("for step in range(20000):\\n    model.train_on_batch(x, y)")
        'for step in _few(range(20000)):\\n    model.train_on_batch(x, y)'
    """
    found = magics.hide(source)
    if source.lstrip().startswith("%%"):
        source = _TIMER.sub(lambda match: "#" + match[0].lstrip()[1:], source, count=1)
    if found is None:
        return source
    text, places = source.encode(), list[tuple[int, bytes]]()
    starts = [0, *(match.end() for match in re.finditer(rb"\n", text))]
    for node in ast.walk(ast.parse(found)):
        expression = node.iter if isinstance(node, ast.For) else node.test if isinstance(node, ast.While) else None
        if (
            expression is None
            or not _trains(node)
            or expression.end_lineno is None
            or expression.end_col_offset is None
        ):
            continue
        call = b"_few(" if isinstance(node, ast.For) else b"_more(lambda: "
        places.append((starts[expression.lineno - 1] + expression.col_offset, call))
        places.append((starts[expression.end_lineno - 1] + expression.end_col_offset, b")"))
    for place, added in sorted(places, reverse=True):
        text = text[:place] + added + text[place:]
    return text.decode()


def _trains(loop: ast.AST) -> bool:
    return any(
        isinstance(node, ast.Call)
        and ((isinstance(node.func, ast.Attribute) and node.func.attr in TRAINS) or "train" in ast.dump(node.func))
        for node in ast.walk(loop)
    )


def few(rows: Iterable[Any]) -> Iterator[Any]:
    """The first rounds of a loop; all of them if it is short."""
    if isinstance(rows, range) and len(rows) <= SMALL_RANGE:
        return iter(rows)
    if isinstance(rows, list | tuple | dict) and len(rows) <= 2 * SMALL_RANGE:
        return iter(rows)
    return itertools.islice(rows, NUM_ROUNDS)


def more(is_true: Callable[[], bool], counts: dict[Any, int] | None = None) -> bool:
    """Whether a `while` goes on: as it says, but for a few rounds at most."""
    counts = _ROUNDS if counts is None else counts
    place = is_true.__code__
    counts[place] = counts.get(place, 0) + 1
    return counts[place] <= NUM_ROUNDS and bool(is_true())


_ROUNDS: dict[Any, int] = {}


def take_shortcuts(names: dict[str, Any]) -> None:
    """Puts everything in place before the first cell.

    Args:
        names: The notebook's own names, which get those that `prepare_source` calls.
    """
    keras = import_module("keras")
    names |= {"_few": few, "_more": more}
    _shorten_training(keras)
    multiprocessing.pool.ThreadPool = Threads  # type: ignore[misc,assignment]
    roots = [keras, import_module("keras._tf_keras.keras")]
    for root in roots:
        for name in _DATASETS:
            getattr(root.datasets, name).load_data = functools.partial(_load, name)
        for name in ("imdb", "reuters", "boston_housing", "california_housing"):
            getattr(root.datasets, name).load_data = functools.partial(_refuse, f"the data set {name} from the network")
        root.utils.get_file = functools.partial(_refuse, "a file from the network")
        _give_random_weights(root.applications)
        if util.find_spec("tensorboard") is None:
            _stop_writing(root.callbacks.TensorBoard)
        if util.find_spec("pydot") is None:
            root.utils.plot_model, root.utils.model_to_dot = _draw_nothing, _make_no_graph


def _shorten_training(keras: Any) -> None:
    fit, evaluate, predict = keras.Model.fit, keras.Model.evaluate, keras.Model.predict

    @functools.wraps(fit)
    def short_fit(self: Any, *places: Any, **given: Any) -> Any:
        given = inspect.signature(fit).bind(self, *places, **given).arguments
        given.pop("self")
        given["epochs"] = int(given.get("initial_epoch") or 0) + 1
        _shorten_source(given, NUM_STEPS * int(given.get("batch_size") or 32), "steps_per_epoch")
        held_out = given.get("validation_data")
        if isinstance(held_out, list | tuple):
            given["validation_data"] = tuple(_first(part, _num_rows(given.get("batch_size"))) for part in held_out)
            given.pop("validation_steps", None)
        elif held_out is not None:
            given["validation_steps"] = 1
        return fit(self, **given)

    @functools.wraps(evaluate)
    def short_evaluate(self: Any, *places: Any, **given: Any) -> Any:
        given = inspect.signature(evaluate).bind(self, *places, **given).arguments
        given.pop("self")
        given |= given.pop("kwargs", {})
        _shorten_source(given, _num_rows(given.get("batch_size")), "steps")
        return evaluate(self, **given)

    @functools.wraps(predict)
    def short_predict(self: Any, *places: Any, **given: Any) -> Any:
        given = inspect.signature(predict).bind(self, *places, **given).arguments
        given.pop("self")
        if not _is_arrays(given.get("x")):
            return predict(self, **given)
        num_rows = len(_parts(given["x"])[0])
        given["x"] = _first(given["x"], _num_rows(given.get("batch_size")))
        return _repeated(predict(self, **given), num_rows)

    keras.Model.fit, keras.Model.evaluate, keras.Model.predict = short_fit, short_evaluate, short_predict


def _shorten_source(given: dict[str, Any], num_rows: int, steps: str) -> None:
    """Leaves the first rows of the arrays among the arguments of a call, or a few steps of another source."""
    if _is_arrays(given.get("x")):
        given |= {name: _first(given[name], num_rows) for name in ("x", "y", "sample_weight") if name in given}
        given.pop(steps, None)
    else:
        given[steps] = min(given.get(steps) or NUM_STEPS, NUM_STEPS)


def _num_rows(batch_size: Any) -> int:
    """About `NUM_ROWS`, in whole batches: a model may take no others."""
    size = int(batch_size or 32)
    return max(NUM_ROWS // size, 1) * size


def _parts(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return list(value) if isinstance(value, list | tuple) else [value]


def _is_arrays(value: Any) -> bool:
    return value is not None and all(isinstance(part, np.ndarray) for part in _parts(value))


def _first(value: Any, num_rows: int) -> Any:
    """The first rows of an array, or of each array of a list or dictionary; everything else as it is."""
    if isinstance(value, np.ndarray):
        return value[:num_rows]
    if isinstance(value, dict):
        return {name: _first(part, num_rows) for name, part in value.items()}
    if isinstance(value, list | tuple) and _is_arrays(value):
        return type(value)(_first(part, num_rows) for part in value)
    return value


def _repeated(value: Any, num_rows: int) -> Any:
    """Predictions of the first rows, repeated until there is one for each row."""
    if isinstance(value, np.ndarray) and 0 < len(value) < num_rows:
        return np.concatenate([value] * -(-num_rows // len(value)))[:num_rows]
    if isinstance(value, list | tuple):
        return [_repeated(part, num_rows) for part in value]
    if isinstance(value, dict):
        return {name: _repeated(part, num_rows) for name, part in value.items()}
    return value


@functools.cache
def _arrays() -> Any:
    mnist = load_mnist()
    return mnist.train.images, mnist.train.labels, mnist.test.images, mnist.test.labels


def _load(name: str, *_: Any, **__: Any) -> Any:
    """MNIST in the form of one of Keras' data sets of images."""
    train, train_labels, test, test_labels = (np.array(part) for part in _arrays())
    if name in ("mnist", "fashion_mnist"):
        return (train, train_labels), (test, test_labels)

    def colour(images: Any) -> Any:
        padded = np.pad(images, ((0, 0), (2, 2), (2, 2)))
        return np.repeat(padded[..., None], 3, axis=-1)  # (n, 28, 28) -> (n, 32, 32, 3)

    return (colour(train[:50_000]), train_labels[:50_000, None]), (colour(test), test_labels[:, None])


def _refuse(what: str, *_: Any, **__: Any) -> Any:
    raise RuntimeError(f"{NEEDS}{what}")


def _give_random_weights(applications: Any) -> None:
    """Makes the networks of `keras.applications` start with random weights; those of ImageNet would be downloaded."""

    def wrapped(make: Any) -> Any:
        signature = inspect.signature(make)

        @functools.wraps(make)
        def make_random(*places: Any, **given: Any) -> Any:
            arguments = signature.bind(*places, **given).arguments
            options = arguments.pop("kwargs", {})
            return make(**{**arguments, **options, "weights": None})

        return make_random

    modules = [applications, *(part for part in vars(applications).values() if inspect.ismodule(part))]
    for module in modules:
        for name, value in list(vars(module).items()):
            if inspect.isfunction(value) and name[:1].isupper() and "weights" in inspect.signature(value).parameters:
                setattr(module, name, wrapped(value))


def _stop_writing(callback: Any) -> None:
    """Makes TensorBoard's callback, which every root of Keras offers, take its arguments and do nothing else."""
    for name in [name for name in dir(callback) if name.startswith("on_")] + ["set_model"]:
        setattr(callback, name, _do_nothing)


def _do_nothing(*_: Any, **__: Any) -> None:
    """Stands for a method that is not to do its work."""


def _draw_nothing(_: Any, to_file: str = "model.png", **__: Any) -> None:
    from PIL import Image

    Image.new("L", (8, 8), 255).save(Path(to_file))


def _make_no_graph(*_: Any, **__: Any) -> Any:
    class Graph:
        def create(self, *_: Any, **__: Any) -> bytes:
            return b"<svg xmlns='http://www.w3.org/2000/svg'/>"

        write_png = write = create

    return Graph()
