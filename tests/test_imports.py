"""What starts quickly must not import what starts slowly; and nothing of TensorFlow's own log reaches the user."""

import subprocess
import sys

import pytest

LIGHT = [
    "calibration",
    "cli",
    "datasets",
    "evaluation",
    "figures",
    "inference",
    "looks",
    "metrics",
    "preprocessing",
    "pretrained",
    "recipes",
    "refusal",
    "reports",
    "server.serving",
    "usage",
]


@pytest.mark.parametrize("module", [*LIGHT, "runs"])
def test_light_modules_import_no_keras(module):
    code = (
        f"import sys, mnistlab.{module}; "
        "heavy = {'keras', 'tensorflow', 'jax', 'torch'} & set(sys.modules); "
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_keras_is_imported_in_silence():
    code = "from mnistlab.models.backend import keras; keras.ops.ones(3); print(keras.backend.backend())"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (result.stdout, result.stderr) == ("tensorflow\n", "")


def test_a_failing_import_says_why():
    code = "from mnistlab import backend"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env={"KERAS_BACKEND": "nonsense"}
    )
    assert result.returncode == 1
    assert "nonsense" in result.stderr
