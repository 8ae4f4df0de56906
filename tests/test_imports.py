"""What starts quickly must not import what starts slowly; and nothing of TensorFlow's own log reaches the user."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "mnistlab"
PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"
CONTRACTS = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
ROOMS_WITHOUT_KERAS = next(
    contract["source_modules"] for contract in CONTRACTS if "keras" in contract.get("forbidden_modules", [])
)


@pytest.mark.parametrize("room", [*ROOMS_WITHOUT_KERAS, "mnistlab.cli"])
def test_rooms_without_keras_import_none(room):
    """Every module of the room, in one process: also what it imports from elsewhere while it is imported."""
    code = (
        "import importlib, pkgutil, sys\n"
        f"room = importlib.import_module({room!r})\n"
        f"for module in pkgutil.walk_packages(getattr(room, '__path__', []), {room + '.'!r}):\n"
        "    if not module.name.endswith('__main__'):\n"
        "        importlib.import_module(module.name)\n"
        "heavy = {'keras', 'tensorflow', 'jax', 'torch'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_the_package_is_imported_with_the_standard_library_alone():
    """And with that the switches are set that its libraries look at when they are imported."""
    code = (
        "import sys\n"
        "before = set(sys.modules)\n"
        "import mnistlab, os\n"
        "print(*sorted({name.partition('.')[0] for name in set(sys.modules) - before}))\n"
        "print(*(os.environ[name] for name in ('ORT_DISABLE_TELEMETRY', 'RAY_USAGE_STATS_ENABLED')))"
    )
    environment = os.environ | {"ORT_DISABLE_TELEMETRY": "", "RAY_USAGE_STATS_ENABLED": "1"}
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert result.stdout == "mnistlab\n1 0\n"


def test_keras_and_tensorflow_are_imported_in_one_place():
    """Which keeps them silent, and Keras from writing into the home folder; whoever imports them first decides that."""
    found = {
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*.py")
        if re.search(r"^ *(import|from) (keras|tensorflow)\b(?!\.src\.legacy)", path.read_text(encoding="utf-8"), re.M)
    }
    assert found == {
        "models/backend.py",
        "cli/usage.py",  # in the notes beside exported files
        "lesson/migration/__init__.py",  # in an example
    }


def test_keras_is_imported_in_silence():
    code = "from mnistlab.models.backend import keras; keras.ops.ones(3); print(keras.backend.backend())"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (result.stdout, result.stderr) == ("tensorflow\n", "")


def test_a_failing_import_says_why():
    code = "from mnistlab.models import backend"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env={"KERAS_BACKEND": "nonsense"}
    )
    assert result.returncode == 1
    assert "nonsense" in result.stderr
