"""What starts quickly must not import what starts slowly; and nothing of TensorFlow's own log reaches the user."""

import pytest

from processes import imports_of, run_python

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
    assert imports_of(f"import mnistlab.{module}", "keras", "tensorflow", "jax", "torch") == []


def test_keras_is_imported_in_silence():
    result = run_python("from mnistlab.backend import keras; keras.ops.ones(3); print(keras.backend.backend())")
    assert (result.stdout, result.stderr) == ("tensorflow\n", "")


def test_a_failing_import_says_why():
    result = run_python("from mnistlab import backend", KERAS_BACKEND="nonsense")
    assert result.returncode == 1
    assert "nonsense" in result.stderr
