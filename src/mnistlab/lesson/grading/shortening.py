"""Training cut to a few steps, which `mnistlab lesson check` does to `fit` so that layers can be checked in seconds."""

import functools
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from mnistlab.lesson.checking import SESSION

NUM_STEPS = 8  # as many as `accelerate` hands to TensorFlow in one call


def shorten_training() -> None:
    """Makes every later `keras.Model.fit` of this process take a few steps of one epoch.

    Keras is not imported for that: its `fit` is replaced once somebody else has imported it. What only a whole training
    run could show is then not checked, and the cells that wait for it run.
    """
    SESSION.is_shortened = True
    if "keras" in sys.modules:
        _shorten(sys.modules["keras"])
    else:
        sys.meta_path.insert(0, _Finder())


def _shorten(keras: Any) -> None:
    whole = keras.Model.fit

    @functools.wraps(whole)
    def fit(self: Any, *arguments: Any, **options: Any) -> Any:
        start = options.get("initial_epoch") or 0
        asked = options.get("steps_per_epoch") or NUM_STEPS
        options |= {"epochs": start + 1, "steps_per_epoch": min(asked, NUM_STEPS)}
        if options.get("validation_data") is not None or options.get("validation_split"):
            options["validation_steps"] = 1
        return whole(self, *arguments[:2], **(dict(zip(_POSITIONAL, arguments[2:], strict=False)) | options))

    keras.Model.fit = fit


_POSITIONAL = ("batch_size",)  # what follows x and y; the number of epochs after it is not kept


class _Finder(importlib.abc.MetaPathFinder):
    """Finds Keras where Python would, and replaces `fit` as soon as it is imported."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The specification of Keras, which says where it is; `None` for other modules."""
        if name != "keras":
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        if spec is None or spec.loader is None:
            return spec
        execute = spec.loader.exec_module

        def execute_and_shorten(module: ModuleType) -> None:
            sys.meta_path.remove(self)  # not before: others may only ask whether Keras is there
            execute(module)
            _shorten(module)

        spec.loader.exec_module = execute_and_shorten  # type: ignore[method-assign]
        return spec
