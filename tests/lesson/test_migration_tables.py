"""What a migration knows of today's Keras and of values, and that the corpus of old notebooks is migrated once."""

import inspect
import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from migrations import marked
from mnistlab.cli.migrate import migrate
from mnistlab.lesson.migration import magics, today
from mnistlab.lesson.migration.code import Code
from mnistlab.lesson.migration.documents import CodeCell
from mnistlab.lesson.migration.values import Values

ROOT = Path(__file__).parents[2]
CORPUS = sorted((Path(__file__).parents[1] / "data" / "old_notebooks").glob("*.py"))
SEQUENTIAL = "from keras.models import Sequential\nmodel = Sequential()\n"
FUNCTIONAL = (
    "from keras.models import Model\nfrom keras.layers import Input, Dense\na = Input(shape=(3,))\nb = Dense(2)(a)\n"
)


def test_hidden_text_has_the_same_length_and_lines():
    for source in (
        "a=1\n   # c",
        "%matplotlib inline\nx = # gap\ny = 1\nz = 2\n   ",
        "def f():\n    # gap\n\nx = 1\ny = 2",
    ):
        hidden, unread = magics.hide_all(source)
        assert len(hidden) == len(source.encode()) and hidden.count(b"\n") == source.count("\n")
        compile(hidden, "cell", "exec")
        assert all("gap" in source.splitlines()[number] for number in unread)


def test_what_variables_hold():
    source = (
        "from keras.models import Sequential, Model\nfrom keras.layers import Dense, Input\n"
        "def build():\n    a = Input((3,))\n    return Model(a, Dense(2)(a)), a\n"
        "class Gan:\n    def __init__(self):\n        self.net = self.make()\n    def make(self):\n"
        "        return Sequential()\n"
        "m, t = build()\ng = Gan()\nh = g.net.fit(1)\nfor i, layer in enumerate(m.layers):\n    seen = layer\n"
    )
    code = Code([(CodeCell(1, source), source.encode())])
    values = Values(code)
    found = {name: values.kinds(code.uses_of[name][-1]) for name in ("m", "t", "g", "h", "layer", "seen")}
    assert found == {
        "m": {"keras.Model"},
        "t": {"tensor"},
        "g": {"own:Gan"},
        "h": {"history"},
        "layer": {"layer"},
        "seen": {"layer"},
    }


@pytest.mark.slow
def test_the_tables_are_those_of_the_installed_keras():
    """Made in a process of its own, because a module of TensorFlow has more names when more of it was used."""
    import keras

    code = "import json; from benchmarks.shipped.keras_tables import make_tables; print(json.dumps(make_tables()))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    made, installed = json.loads(ran.stdout.splitlines()[-1]), today.tables()
    if made["versions"] != installed["versions"]:
        pytest.skip(f"the tables are of {installed['versions']}, and {made['versions']} are installed")
    assert made == json.loads(json.dumps(installed))
    assert set(inspect.signature(keras.Model.fit).parameters) - {"self"} == set(
        today.method_signature("Model", "fit").keywords
    )


def test_the_tables_refuse_what_keras_refuses():
    """Of each layer that can be made from a number: Keras and the tables agree about arguments."""
    from keras import layers

    for name in ("Dense", "Conv2D", "LSTM", "Dropout", "MaxPooling2D", "Embedding", "BatchNormalization", "Flatten"):
        signature = today.signature(f"keras.layers.{name}")
        needed = dict.fromkeys(signature.required, 1)
        for keyword in ("border_mode", "init", "nb_filter", "no_such_thing"):
            assert keyword not in signature.keywords
            with pytest.raises((TypeError, ValueError)):
                getattr(layers, name)(**needed, **{keyword: 1})
        getattr(layers, name)(**needed, name="x", dtype="float32", trainable=False)
        assert {"name", "dtype", "trainable"} <= signature.keywords


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, id=path.stem, marks=[pytest.mark.slow] * (number % 3 > 0))
        for number, path in enumerate(CORPUS)
    ],
)
def test_an_old_notebook_is_migrated_once(path):
    code, _ = marked(path.read_text("utf-8"))
    for gone in (
        "nb_epoch=",
        "border_mode=",
        "np_utils",
        "fit_generator",
        "show_accuracy",
        "predict_classes",
        ".layers.core",
    ):
        assert gone not in code, gone


def test_there_are_enough_old_notebooks():
    assert len(CORPUS) >= 25


def test_a_migration_reads_no_keras_for_the_last_look(tmp_path):
    old = tmp_path / "old.py"
    old.write_text("import keras\nd = keras.layers.Dense(3, foo=1)\n")
    result = CliRunner().invoke(migrate, [str(old), "--diff-only"])
    assert "no argument called foo" in result.output
    assert sys.modules.get("mnistlab.lesson.migration.today") is not None
