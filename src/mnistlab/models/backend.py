"""Keras and TensorFlow, imported quietly and nowhere else, on the backend that the user chose.

`KERAS_BACKEND` decides between TensorFlow (the default), JAX and PyTorch, as everywhere with Keras. TensorFlow writes
lines about its build to the process's standard error before any setting can silence them. They are of no use here, so
the file descriptor points elsewhere during the import.
"""

import contextlib
import importlib.metadata
import importlib.util
import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import numpy as np

from mnistlab import __version__
from mnistlab.exceptions import UsageError
from mnistlab.system.extras import require_extra
from mnistlab.system.processor import choose_kernels, processor, uses_onednn

__all__ = ["describe_environment", "keras", "silenced", "tensorflow"]


@contextlib.contextmanager
def silenced(stream: TextIO) -> Iterator[None]:
    """Holds back what native code writes to standard output or standard error, and shows it only if the block fails."""
    number = 1 if stream is sys.stdout else 2
    with tempfile.TemporaryFile() as sink:
        saved = os.dup(number)
        os.dup2(sink.fileno(), number)
        try:
            yield
        except Exception:  # not on Ctrl-C, which TensorFlow's messages do not explain
            sink.seek(0)
            os.write(saved, sink.read())
            raise
        finally:
            os.dup2(saved, number)
            os.close(saved)


@contextlib.contextmanager
def _nothing_in_the_home_folder() -> Iterator[None]:
    """Keeps Keras from writing `keras.json` where there is none, as it does whenever it is imported.

    For as long as the import takes, Keras' folder is one that nothing can be written into; afterwards it is the user's
    again, where data sets may lie. A `keras.json` that is there is read as always.
    """
    named = os.environ.get("KERAS_HOME")
    folder = Path(named or "~/.keras")
    with contextlib.suppress(RuntimeError):  # a user without a home
        folder = folder.expanduser()
    if "keras" in sys.modules or (folder / "keras.json").exists():
        yield
        return
    os.environ["KERAS_HOME"] = os.devnull
    try:
        yield
    finally:
        del os.environ["KERAS_HOME"]
        if named is not None:
            os.environ["KERAS_HOME"] = named
        if config := sys.modules.get("keras.src.backend.config"):
            config._KERAS_DIR = str(folder)  # type: ignore[attr-defined]


BACKENDS = ("tensorflow", "jax", "torch")

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
if os.environ["KERAS_BACKEND"] not in BACKENDS:
    raise UsageError(f"KERAS_BACKEND is {os.environ['KERAS_BACKEND']!r}; expected one of {', '.join(BACKENDS)}.")
require_extra("train", "Training")
if importlib.util.find_spec(os.environ["KERAS_BACKEND"]) is None:
    raise UsageError(
        f"KERAS_BACKEND is {os.environ['KERAS_BACKEND']}, which is not installed. Install it, or unset KERAS_BACKEND."
    )
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # 3: nothing below fatal
choose_kernels()
with silenced(sys.stderr), _nothing_in_the_home_folder():
    import keras
    import tensorflow  # on every backend: Keras imports it when it saves a model, and then not silently

    tensorflow.get_logger().setLevel("ERROR")


def describe_environment() -> dict[str, str | int]:
    """Hardware and versions that a run's numbers depend on besides its recipe; never names of machines or paths."""
    backend = keras.backend.backend()
    packages = {"tensorflow": ("tensorflow-cpu", "tensorflow"), "jax": ("jax",), "torch": ("torch",)}[backend]
    return {
        "mnistlab": __version__,
        "python": platform.python_version(),
        "keras": keras.__version__,
        "backend": backend,
        backend: _installed_version(*packages),
        "numpy": np.__version__,
        "system": platform.system(),
        "machine": platform.machine(),
        "cpu": _cpu_name() or platform.processor() or "unknown",
        "processor": processor().kind,
        **({"onednn": "on" if uses_onednn() else "off"} if backend == "tensorflow" else {}),
        "num_cpus": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1),
    }


def _installed_version(*packages: str) -> str:
    for package in packages:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            return importlib.metadata.version(package)
    return "unknown"


def _cpu_name() -> str | None:
    """The processor's marketing name, where Linux gives it."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return None
