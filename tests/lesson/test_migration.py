"""The migration of Keras 1 and 2 notebooks: every rule, what it must leave alone, and a whole notebook that runs."""

import json
import re
import subprocess
import sys
from pathlib import Path

import nbclient
import nbformat
import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mnistlab.cli.migrate import migrate
from mnistlab.exceptions import DataError, UsageError
from mnistlab.lesson.migration import default_path, migrate_file, migrate_text
from mnistlab.lesson.migration.homes import LEAVES, MODULES, exists

OLD_NOTEBOOK = Path(__file__).parents[1] / "data" / "keras2_mnist.ipynb"
GENERATOR = Path(sys.modules["mnistlab.lesson.migration"].__file__).parent / "rules" / "image_generator.txt"


def migrated(code: str) -> str:
    """The new code, after a look at whether a second migration changes anything."""
    new = migrate_text(code, "py").new_text
    again = migrate_text(new, "py")
    assert (again.new_text, again.changes) == (new, ())
    return new


# Old code, new code, a part of the reason.
CHANGES = {
    "np_utils": (
        "from keras.utils import np_utils\nrows = np_utils.to_categorical(y, 10)\n",
        "from keras.utils import to_categorical\nrows = to_categorical(y, 10)\n",
        "cannot import name 'np_utils'",
    ),
    "np_utils of tensorflow.keras": (
        "from tensorflow.keras.utils import np_utils\nrows = np_utils.to_categorical(y)\n",
        "from tensorflow.keras.utils import to_categorical\nrows = to_categorical(y)\n",
        "cannot import name 'np_utils'",
    ),
    "np_utils with another name": (
        "import keras.utils.np_utils as u\nrows = u.to_categorical(y)\n",
        "import keras.utils as u\nrows = u.to_categorical(y)\n",
        "keras.utils.np_utils is gone",
    ),
    "np_utils from its module": (
        "from keras.utils.np_utils import to_categorical as rows_of\nrows = rows_of(y)\n",
        "from keras.utils import to_categorical as rows_of\nrows = rows_of(y)\n",
        "keras.utils.np_utils is gone",
    ),
    "np_utils as an attribute": (
        "import keras.utils.np_utils\nrows = keras.utils.np_utils.to_categorical(y)\n",
        "import keras\nrows = keras.utils.to_categorical(y)\n",
        "keras.utils.np_utils is gone",
    ),
    "np_utils where to_categorical is taken": (
        "from keras.utils import np_utils\ndef to_categorical(y):\n    return np_utils.to_categorical(y)\n",
        "from keras import utils as np_utils\ndef to_categorical(y):\n    return np_utils.to_categorical(y)\n",
        "keras.utils.np_utils is gone",
    ),
    "layers.core": (
        "from keras.layers.core import (\n    Dense,  # wide\n    Dropout,\n)\n",
        "from keras.layers import (\n    Dense,  # wide\n    Dropout,\n)\n",
        "keras.layers.core is gone",
    ),
    "layers.normalization, with a star": (
        "from keras.layers.normalization import *\nfrom keras.layers.convolutional import *\n"
        "x = BatchNormalization()\n",
        "from keras.layers import *\nfrom keras.layers import *\nx = BatchNormalization()\n",
        "keras.layers.normalization is gone",
    ),
    "layers.pooling, dotted": (
        "import keras\nx = keras.layers.pooling.MaxPooling2D()\n",
        "import keras\nx = keras.layers.MaxPooling2D()\n",
        "keras.layers.pooling.MaxPooling2D is gone",
    ),
    "engine": (
        "from keras.engine.topology import Layer, Input\nfrom keras.engine import Model\n",
        "from keras.layers import Layer, Input\nfrom keras.models import Model\n",
        "keras.engine.topology is gone",
    ),
    "tensorflow.python.keras": (
        "from tensorflow.python.keras.layers.core import Dense\n",
        "from tensorflow.keras.layers import Dense\n",
        "is gone",
    ),
    "contrib": (
        "from tensorflow.contrib import keras as k\nx = k.layers.Dense(1)\n",
        "from tensorflow import keras as k\nx = k.layers.Dense(1)\n",
        "tensorflow.contrib.keras is gone",
    ),
    "two names for Keras": (
        "import keras\nimport tensorflow as tf\nfrom tensorflow.keras.layers import Dense\n"
        "x = [Dense(1), keras.layers.Dense(2), tf.keras.layers.Dense(3)]\n",
        "import keras\nimport tensorflow as tf\nfrom keras.layers import Dense\n"
        "x = [Dense(1), keras.layers.Dense(2), keras.layers.Dense(3)]\n",
        "under two names",
    ),
    "lr": (
        "from keras.optimizers import adam, SGD\na, b = adam(lr=1e-3), SGD(lr=0.1, momentum=0.9)\n",
        "from keras.optimizers import Adam as adam, SGD\na, b = adam(learning_rate=1e-3), SGD(learning_rate=0.1, "
        "momentum=0.9)\n",
        "Keras 3 refuses lr",
    ),
    "decay": (
        "import keras\nx = keras.optimizers.SGD(0.1, decay=1e-4, nesterov=True)\n",
        "import keras\nx = keras.optimizers.SGD(keras.optimizers.schedules.InverseTimeDecay(0.1, decay_steps=1, "
        "decay_rate=1e-4), nesterov=True)\n",
        "1 + decay x steps",
    ),
    "decay of nothing": (
        "from keras.optimizers import Adam\nx = Adam(lr=0.1, epsilon=None, decay=0.0)\n",
        "from keras.optimizers import Adam\nx = Adam(learning_rate=0.1)\n",
        "a decay of 0 did nothing",
    ),
    "the rate of an optimizer": (
        "import keras\nmodel.optimizer.lr = 0.01\n",
        "import keras\nmodel.optimizer.learning_rate = 0.01\n",
        "lr is gone",
    ),
    "nb_epoch": (
        "import keras\nmodel.fit(x, y, nb_epoch=3, show_accuracy=True)\n",
        "import keras\nmodel.fit(x, y, epochs=3)\n",
        "nb_epoch has been called epochs",
    ),
    "arguments of Keras 1": (
        "from keras.layers import Convolution2D as C\nx = C(32, 3, 3, border_mode='same', dim_ordering='th', "
        "subsample=(2, 2))\n",
        "from keras.layers import Convolution2D as C\nx = C(32, (3, 3), padding='same', "
        'data_format="channels_first", strides=(2, 2))\n',
        "takes the second for the stride",
    ),
    "rows and columns of a kernel": (
        "from keras.layers import Convolution2D\n"
        "x = Convolution2D(nb_filter=8, nb_row=5, nb_col=n, init='he_normal')\n",
        "from keras.layers import Convolution2D\nx = Convolution2D(filters=8, kernel_size=(5, n), "
        "kernel_initializer='he_normal')\n",
        "the size is one tuple now",
    ),
    "arguments of other layers": (
        "from keras.layers import BatchNormalization, Dense, Dropout, Embedding\n"
        "x = Dense(output_dim=3), Dropout(p=0.5), BatchNormalization(mode=0), Embedding(9, output_dim=4)\n",
        "from keras.layers import BatchNormalization, Dense, Dropout, Embedding\n"
        "x = Dense(units=3), Dropout(rate=0.5), BatchNormalization(), Embedding(9, output_dim=4)\n",
        "p of Dropout has been called rate",
    ),
    "input_shape in a list": (
        "import keras\nm = keras.Sequential([\n    keras.layers.Dense(8, input_shape=(784,)),  # first\n"
        "    keras.layers.Dense(2, input_dim=8),\n])\n",
        "import keras\nm = keras.Sequential([\n    keras.Input(shape=(784,)), keras.layers.Dense(8),  # first\n"
        "    keras.layers.Dense(2),\n])\n",
        "Do not pass an `input_shape`",
    ),
    "input_dim in add": (
        "from keras.models import Sequential\nfrom keras.layers import Dense\ndef build():\n    m = Sequential()\n"
        "    m.add(Dense(8, input_dim=784))\n    m.add(Dense(8, input_dim=8))\n    return m\n",
        "import keras\nfrom keras.models import Sequential\nfrom keras.layers import Dense\ndef build():\n"
        "    m = Sequential()\n    m.add(keras.Input(shape=(784,)))\n    m.add(Dense(8))\n    m.add(Dense(8))\n"
        "    return m\n",
        "keras.Input in front of the first layer",
    ),
    "input_shape with tensorflow.keras alone": (
        "import tensorflow as tf\nm = tf.keras.Sequential([tf.keras.layers.Flatten(input_shape=(28, 28))])\n",
        "import tensorflow as tf\n"
        "m = tf.keras.Sequential([tf.keras.Input(shape=(28, 28)), tf.keras.layers.Flatten()])\n",
        "Do not pass an `input_shape`",
    ),
    "batch_input_shape": (
        "import keras\nm = keras.Sequential()\n"
        "m.add(keras.layers.LSTM(8, batch_input_shape=(1, 5, 2), stateful=True))\n",
        "import keras\nm = keras.Sequential()\nm.add(keras.Input(batch_shape=(1, 5, 2)))\n"
        "m.add(keras.layers.LSTM(8, stateful=True))\n",
        "batch_input_shape on a layer",
    ),
    "fit_generator on a generator": (
        "import keras\n"
        "model.fit_generator(batches(), 100, 5, 2, validation_data=more(), validation_steps=10, workers=4)\n",
        "import keras\nmodel.fit(batches(), steps_per_epoch=100, epochs=5, verbose=2, validation_data=more(), "
        "validation_steps=10)\n",
        "no attribute 'fit_generator'",
    ),
    "fit_generator on arrays with transforms": (
        "import keras\ntrain = generator.flow(x, y, batch_size=32)\nn = len(x) // 32\n"
        "model.fit_generator(generator=train, steps_per_epoch=n, nb_epoch=5)\n",
        "import keras\ntrain = generator.flow(x, y, batch_size=32)\nn = len(x) // 32\nmodel.fit(x=train, epochs=5)\n",
        "ran out of data",
    ),
    "samples_per_epoch": (
        "import keras\nmodel.fit_generator(g.flow(x, y), samples_per_epoch=len(x), nb_epoch=2, nb_worker=2)\n",
        "import keras\nmodel.fit(g.flow(x, y), epochs=2)\n",
        "counted images",
    ),
    "steps of a pipeline that ends": (
        "import keras\nimport tensorflow as tf\ndata = tf.data.Dataset.from_tensor_slices((x, y)).batch(64)\n"
        "for_ever = data.repeat()\nmodel.fit(data, steps_per_epoch=60000 // 64)\n"
        "model.fit(for_ever, steps_per_epoch=60000 // 64)\n",
        "import keras\nimport tensorflow as tf\ndata = tf.data.Dataset.from_tensor_slices((x, y)).batch(64)\n"
        "for_ever = data.repeat()\nmodel.fit(data)\nmodel.fit(for_ever, steps_per_epoch=60000 // 64)\n",
        "ran out of data",
    ),
    "evaluate_generator and predict_generator": (
        "import keras\ns = model.evaluate_generator(g, steps=10)\np = model.predict_generator(g, 10, verbose=1)\n",
        "import keras\ns = model.evaluate(g, steps=10)\np = model.predict(g, steps=10, verbose=1)\n",
        "no attribute 'evaluate_generator'",
    ),
    "predict_classes": (
        "import keras\nprint(model.predict_classes(x, batch_size=32) == y)\n",
        "import numpy as np\nimport keras\nprint(np.argmax(model.predict(x, batch_size=32), axis=-1) == y)\n",
        "the place of the highest probability",
    ),
    "predict_proba": (
        "from keras.models import Sequential\nm = Sequential()\np = m.predict_proba(x)\n",
        "from keras.models import Sequential\nm = Sequential()\np = m.predict(x)\n",
        "same probabilities",
    ),
    "integers with a categorical loss": (
        "import keras\n(x, y), (u, v) = keras.datasets.mnist.load_data()\n"
        "m.compile('adam', loss='categorical_crossentropy')\nm.fit(x, y)\nm.evaluate(u, v)\n",
        "import keras\n(x, y), (u, v) = keras.datasets.mnist.load_data()\n"
        "m.compile('adam', loss='sparse_categorical_crossentropy')\nm.fit(x, y)\nm.evaluate(u, v)\n",
        "never made one-hot",
    ),
    "acc": (
        "from keras.callbacks import EarlyStopping\nm.compile('adam', 'mse', metrics=['accuracy'])\n"
        "h = m.fit(x, y, callbacks=[EarlyStopping(monitor='val_acc')])\n"
        "print(h.history['acc'], h.history['val_acc'])\n",
        "from keras.callbacks import EarlyStopping\nm.compile('adam', 'mse', metrics=['accuracy'])\n"
        "h = m.fit(x, y, callbacks=[EarlyStopping(monitor='val_accuracy')])\n"
        "print(h.history['accuracy'], h.history['val_accuracy'])\n",
        "the keys are accuracy and val_accuracy",
    ),
    "files": (
        "from keras.models import load_model, Sequential\nm = Sequential()\nm.save('a/cnn.h5')\n"
        "m = load_model('a/cnn.h5')\n"
        "m.save_weights('w.hdf5')\nm.load_weights('w.hdf5')\n",
        "from keras.models import load_model, Sequential\nm = Sequential()\nm.save('a/cnn.keras')\n"
        "m = load_model('a/cnn.keras')\nm.save_weights('w.weights.h5')\nm.load_weights('w.weights.h5')\n",
        "only under names that end in .weights.h5",
    ),
    "checkpoints": (
        "from keras.callbacks import ModelCheckpoint\nm.compile('adam', 'mse', metrics=['accuracy'])\n"
        "path = 'best-{val_acc:.2f}.hdf5'\n"
        "a = ModelCheckpoint(path, period=1), ModelCheckpoint('w.h5', save_weights_only=True)\n",
        "from keras.callbacks import ModelCheckpoint\nm.compile('adam', 'mse', metrics=['accuracy'])\n"
        "path = 'best-{val_accuracy:.2f}.keras'\n"
        "a = ModelCheckpoint(path), ModelCheckpoint('w.weights.h5', save_weights_only=True)\n",
        "Keras 3 saves models as .keras files",
    ),
    "K.function": (
        "import keras\nfrom keras import backend as K\n"
        "f = K.function([m.layers[0].input, K.learning_phase()], [m.layers[3].output])\nmaps = f([x[:1], 0])[0]\n",
        "import keras\nfrom keras import backend as K\n"
        "f = keras.Model(m.inputs[0], [m.layers[3].output])\nmaps = f.predict(x[:1], verbose=0)\n",
        "K.learning_phase are gone",
    ),
    "order of axes": (
        "from keras import backend as K\nif K.image_dim_ordering() == 'th':\n    K.set_image_dim_ordering('tf')\n",
        'from keras import backend as K\nif K.image_data_format() == "channels_first":\n'
        '    K.set_image_data_format("channels_last")\n',
        "set_image_data_format",
    ),
    "shapes of layers": (
        "import keras\nprint(m.layers[0].output_shape, [l.output_shape for l in m.layers], m.output_shape)\n",
        "import keras\nprint(m.layers[0].output.shape, [l.output.shape for l in m.layers], m.output_shape)\n",
        "its output knows its shape",
    ),
    "tf2onnx": (
        "import keras, tf2onnx\nproto, _ = tf2onnx.convert.from_keras(m, opset=13, output_path='m.onnx')\n",
        "import keras, tf2onnx\nm.export('m.onnx', format=\"onnx\", opset_version=13)\n",
        "'output_names'",
    ),
}


@pytest.mark.parametrize("rule", CHANGES)
def test_a_change(rule):
    old, new, reason = CHANGES[rule]
    migration = migrate_text(old, "py")
    assert migrated(old) == new
    assert not migration.notes
    assert any(reason in change.reason for change in migration.changes)
    for change in migration.changes:
        assert change.cell == 1 and change.old != change.new
        assert change.old in old and change.new in new


MARKS = {
    "learning_phase": ("from keras import backend as K\nK.set_learning_phase(0)\n", "training=True"),
    "a function with dropout": (
        "from keras import backend as K\nf = K.function([a, K.learning_phase()], [b])\nf([x, 1])\n",
        "Make a keras.Model",
    ),
    "gradients": ("import keras.backend as K\nx = K.gradients(a, b)\n", "GradientTape"),
    "scikit_learn": ("from keras.wrappers.scikit_learn import KerasClassifier\n", "SKLearnClassifier"),
    "an older model": ("from keras.models import load_model\nm = load_model('old.h5')\n", "written by older code"),
    "older weights": ("import keras\nm.load_weights('vgg.h5')\n", "These weights were written by older code"),
    "tfjs": ("import keras\nimport tensorflowjs as t\nt.converters.save_keras_model(m, 'web')\n", "ONNX Runtime Web"),
    "tf2onnx with a result": (
        "import keras\nimport tf2onnx\np, _ = tf2onnx.convert.from_keras(m)\nuse(p)\n",
        "onnx.load(path)",
    ),
    "some integer labels": (
        "import keras\n(x, y), (u, v) = keras.datasets.mnist.load_data()\n"
        "m.compile('sgd', 'categorical_crossentropy')\n"
        "m.fit(x, y)\nm.evaluate(u, keras.utils.to_categorical(v))\n",
        "Some labels here are integers",
    ),
    "steps that may be meant": (
        "import keras\nmodel.fit(g.flow(x, y), steps_per_epoch=100)\n",
        "Leave steps_per_epoch out",
    ),
    "images counted": ("import keras\nmodel.fit(endless(), samples_per_epoch=60000)\n", "divide it by the batch size"),
    "decay with a scheduler": (
        "from keras.callbacks import ReduceLROnPlateau\nfrom keras.optimizers import SGD\nx = SGD(0.1, decay=1e-3)\n"
        "y = ReduceLROnPlateau()\n",
        "cannot change a schedule",
    ),
    "one output": ("from keras.layers import Dense\nx = Dense(1)\np = m.predict_classes(x)\n", "one sigmoid output"),
    "input_shape somewhere": ("import keras\nlayer = keras.layers.Dense(3, input_shape=(2,))\n", "with a warning"),
    "accuracy unknown": ("import keras\nprint(h.history['acc'])\n", "does not show which"),
    "an old version": ("import keras\n!pip install keras==2.2.4\n", "Take the line out"),
    "tfjs in the shell": ("import keras\n!tensorflowjs_converter m.h5 web\n", "ONNX Runtime Web"),
    "no Python": ("import keras\nmodel.fit(x,\n", "not Python 3"),
}


@pytest.mark.parametrize("place", MARKS)
def test_a_mark_explains_and_changes_nothing_else(place):
    old, reason = MARKS[place]
    migration = migrate_text(old, "py")
    new = migrated(old)
    assert [note for note in migration.notes if reason in note.reason]
    lines = new.splitlines()
    comments = [number for number, line in enumerate(lines) if line.startswith("# ")]
    assert lines[comments[0]].startswith("# MIGRATE: ")
    assert "\n".join(line for number, line in enumerate(lines) if number not in comments) + "\n" == old


def test_soft_marks_come_with_an_old_notebook_only():
    """`Conv2D(32, 3, 3)` and `Adadelta()` mean one thing in old code and another one in new code."""
    new = "import keras\nx = keras.layers.Conv2D(32, 3, 3), keras.optimizers.Adadelta()\n"
    assert not migrate_text(new, "py").notes
    reasons = " ".join(note.reason for note in migrate_text(new + "model.fit(x, nb_epoch=3)\n", "py").notes)
    assert "stride of 3" in reasons and "learning_rate=1.0" in reasons


def test_a_mark_stands_above_its_line_as_far_to_the_right():
    old = "import keras\nfor i in range(3):\n    if i: j = keras.backend.gradients(x, y)\n"
    lines = migrated(old).splitlines()
    assert lines[2].startswith("    # MIGRATE: keras.backend.gradients")
    assert lines[-1] == "    if i: j = keras.backend.gradients(x, y)"


def test_image_generator_is_replaced_and_its_uses_stay():
    old = (
        "from keras.preprocessing.image import ImageDataGenerator as Gen, img_to_array\n"
        "gen = Gen(rotation_range=8, zca_whitening=False)\ngen.fit(x)\n"
        "model.fit_generator(gen.flow(x, y), nb_epoch=1)\n"
    )
    new = migrated(old)
    assert new.startswith(
        "import keras\nimport numpy as np\nfrom keras.preprocessing.image import img_to_array\n\n\nclass"
    )
    end = "Gen = ImageDataGenerator\ngen = Gen(rotation_range=8)\ngen.fit(x)\nmodel.fit(gen.flow(x, y), epochs=1)\n"
    assert new.endswith(end)
    assert any("in degrees" in change.reason for change in migrate_text(old, "py").changes)


def test_what_is_imported_in_a_block_is_defined_above_it():
    old = (
        '"""Trains."""\nfrom __future__ import print_function\ntry:\n'
        "    from keras.preprocessing.image import ImageDataGenerator\nexcept ImportError:\n    pass\n"
    )
    new = migrated(old)
    assert new.startswith(
        '"""Trains."""\nfrom __future__ import print_function\nimport keras\nimport numpy as np\n\n\nclass ImageBatches'
    )
    assert new.endswith("\n\n\ntry:\n    pass\nexcept ImportError:\n    pass\n")
    compile(new, "new", "exec")


def test_image_generator_for_folders_stays_tensorflows():
    old = "from keras.preprocessing import image\nx = image.ImageDataGenerator().flow_from_directory('digits')\n"
    lines = [line for line in migrated(old).splitlines() if not line.startswith("#")]
    assert lines[1:] == [
        "from tensorflow.keras.preprocessing.image import ImageDataGenerator",
        "x = ImageDataGenerator().flow_from_directory('digits')",
    ]


def _new_generator() -> dict:
    import keras

    names = {"keras": keras, "np": np}
    exec(GENERATOR.read_text("utf-8").replace("{keras}", "keras").replace("{np}", "np"), names)
    return names


class _Drawn:
    """Keeps what a generator draws."""

    def __init__(self) -> None:
        self._rng = np.random.default_rng(5)
        self.drawn: list[np.ndarray] = []

    def uniform(self, *arguments):
        self.drawn.append(self._rng.uniform(*arguments))
        return self.drawn[-1]


def test_image_generator_makes_the_images_that_the_old_one_made(mnist):
    from keras.src.legacy.preprocessing.image import apply_affine_transform

    images = mnist.train.images[:20, ..., None].astype("float32")
    generator = _new_generator()["ImageDataGenerator"](
        rotation_range=20, width_shift_range=0.1, height_shift_range=0.05, shear_range=15, zoom_range=0.2
    )
    rng = _Drawn()
    transformed = generator.transform(images, rng)
    theta, shear, down, right, (zoom_y, zoom_x) = rng.drawn
    assert np.abs(theta).max() > 10 and np.abs(theta).max() <= 20 and np.abs(shear).max() <= 15
    for number, image in enumerate(images):
        expected = apply_affine_transform(
            image,
            theta=theta[number],
            tx=right[number] * 28,
            ty=down[number] * 28,
            shear=shear[number],
            zx=zoom_x[number],
            zy=zoom_y[number],
            row_axis=0,
            col_axis=1,
            channel_axis=2,
        )
        np.testing.assert_allclose(transformed[number], expected, atol=0.01)  # of 255


def test_batches_hold_every_image_once_and_end():
    images = np.arange(7, dtype="float32").reshape(7, 1, 1, 1) * np.ones((1, 4, 4, 1), "float32")
    batches = _new_generator()["ImageDataGenerator"](rescale=0.5).flow(images, np.arange(7), batch_size=3, seed=1)
    orders = []
    for _ in range(2):
        seen = [batches[index] for index in range(len(batches))]
        assert [len(labels) for _, labels in seen] == [3, 3, 1]
        orders.append(np.concatenate([labels for _, labels in seen]))
        for batch, labels in seen:
            np.testing.assert_array_equal(batch[:, 0, 0, 0], labels * 0.5)
        batches.on_epoch_end()
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(7))
    assert list(orders[0]) != list(orders[1])


def test_the_schedule_is_the_old_decay():
    import keras

    schedule = keras.optimizers.schedules.InverseTimeDecay(0.1, decay_steps=1, decay_rate=1e-3)
    for step in (0, 1, 1000, 20_000):
        assert float(schedule(step)) == pytest.approx(0.1 * (1 / (1 + 1e-3 * step)), rel=1e-5)


def test_every_new_home_is_in_keras():
    """`exists` reads files; the imported package must agree."""
    import importlib

    for old, new in (MODULES | LEAVES).items():
        module, _, name = new.rpartition(".")
        assert exists(new), (old, new)
        assert hasattr(importlib.import_module(module), name)
    for gone in ("keras.layers.core", "keras.backend.function", "keras.utils.np_utils", "keras.layers.Merge"):
        module, _, name = gone.rpartition(".")
        assert not exists(gone) and not hasattr(importlib.import_module(module), name)


def notebook(*sources: str, **metadata) -> str:
    cells = [nbformat.v4.new_code_cell(source, execution_count=3) for source in sources]
    cells[0].outputs = [nbformat.v4.new_output("stream", text="old\n")]
    cells.insert(0, nbformat.v4.new_markdown_cell("# Title, `np_utils`"))
    return nbformat.writes(nbformat.v4.new_notebook(cells=cells, metadata=metadata))


def test_names_reach_from_cell_to_cell_and_magics_stay():
    text = notebook(
        "%matplotlib inline\nfrom keras.utils import np_utils\n!ls *.h5",
        "%%time\nrows = np_utils.to_categorical(y)\nfiles = !ls\nrows?",
        "%%bash\necho np_utils",
    )
    migration = migrate_text(text)
    new = nbformat.reads(migration.new_text, as_version=4)
    assert [cell.source for cell in new.cells] == [
        "# Title, `np_utils`",
        "%matplotlib inline\nfrom keras.utils import to_categorical\n!ls *.h5",
        "%%time\nrows = to_categorical(y)\nfiles = !ls\nrows?",
        "%%bash\necho np_utils",
    ]
    assert [change.cell for change in migration.changes] == [2, 3]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in new.cells[1:])
    assert migrate_text(migration.new_text).new_text == migration.new_text
    assert "-rows = np_utils.to_categorical(y)\n+rows = to_categorical(y)\n" in migration.diff()


def test_a_python_2_kernel_becomes_python_3():
    text = notebook("import keras", kernelspec={"name": "python2", "display_name": "Python 2"})
    migration = migrate_text(text)
    assert json.loads(migration.new_text)["metadata"]["kernelspec"]["name"] == "python3"
    assert migration.changes[0].cell == 0
    assert not migrate_text(migration.new_text).is_changed


def test_cells_that_cannot_be_read_do_not_stop_the_others():
    migration = migrate_text(notebook("from keras.utils import np_utils", "print 'x'", "np_utils.to_categorical(y)"))
    sources = [source for _, source in migration.new_cells]
    assert sources[0] == "from keras.utils import to_categorical" and sources[2] == "to_categorical(y)"
    assert sources[1] == "print('x')"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is not JSON"),
        ("not JSON", "not JSON"),
        ("[1, 2]", "a list and not a notebook"),
        ('{"a": 1}', "not a notebook: a list of cells"),
        ('{"cells": 3}', "a list of cells was expected"),
        ('{"cells": [4], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}', "damaged notebook"),
        ("[" * 100_000, "nested too deeply|cut off"),
    ],
)
def test_what_is_no_notebook_is_refused_in_a_sentence(text, said):
    with pytest.raises(DataError, match=said):
        migrate_text(text)


def test_code_that_is_nested_beyond_measure_is_marked():
    for deep in ("(" * 5000 + "1" + ")" * 5000, "[" * 150 + "]" * 150, "-" * 5000 + "1", "1" + " + 1" * 5000):
        assert len(migrate_text(notebook(f"import keras\nx = {deep}")).notes) == 1


MODERN = st.sampled_from(
    [
        *("import keras", "import tensorflow as tf", "from keras import layers"),
        *("%matplotlib inline", "!ls", "# ä comment with keras.layers.core", "text = 'np_utils, fit_generator'", ""),
        "model = keras.Sequential([keras.Input(shape=(784,)), layers.Dense(10, activation='softmax')])",
        "model.add(layers.Conv2D(32, (3, 3), padding='same', strides=2))",
        "model.compile('adam', loss='sparse_categorical_crossentropy', metrics=['accuracy'])",
        "history = model.fit(x, y, epochs=3, batch_size=128, validation_split=0.1)",
        "model.save('cnn.keras'); model.save_weights('cnn.weights.h5')",
        "labels = keras.utils.to_categorical(y, 10)",
        "data = tf.data.Dataset.from_tensor_slices((x, y)).batch(32).repeat()",
        "model.fit(data, steps_per_epoch=100)",
        "def build():\n    return keras.models.clone_model(model)",
        "text = '''\n%not a magic\n!nor this\n'''",
        "from sklearn.svm import SVC\nprobabilities = SVC().fit(x, y).predict_proba(x)",
        "print(f'{history.history[\"accuracy\"][-1]:.3f}')",
    ]
)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(MODERN, max_size=6).map("\n".join), min_size=1, max_size=5))
def test_code_without_old_keras_is_returned_to_the_byte(sources):
    text = notebook("import keras", *sources)  # a name that nobody binds is imported
    migration = migrate_text(text)
    assert migration.new_text == text
    assert (migration.changes, migration.notes) == ((), ())


OLD_LINES = st.sampled_from(
    [line for old, _, _ in CHANGES.values() for line in re.split(r"\n(?! |\]|\))", old) if line]
)


@pytest.mark.parametrize("number", [12, pytest.param(200, marks=pytest.mark.slow)])
def test_any_mixture_of_lines_is_migrated_once(number):
    """No traceback, and a second migration finds nothing more to change."""

    @settings(max_examples=number, deadline=None)
    @given(st.lists(st.one_of(OLD_LINES, MODERN, st.text(max_size=30)), max_size=8))
    @example(["import keras", "x = '\x0c'; y = K.f(\u2028)"])
    @example(["def to_categorical(y):\n    return np_utils.to_categorical(y)"])
    def migrate_twice(lines):
        text = "\n".join(["import keras", *lines])
        new = migrate_text(text, "py").new_text
        again = migrate_text(new, "py")
        assert (again.new_text, again.changes) == (new, ())

    migrate_twice()


def test_the_old_file_is_never_touched_and_nothing_is_overwritten(tmp_path):
    old = tmp_path / "mnist.ipynb"
    old.write_bytes(OLD_NOTEBOOK.read_bytes())
    migrate_file(old)
    assert old.read_bytes() == OLD_NOTEBOOK.read_bytes()
    new = default_path(old)
    assert new.name == "mnist-keras3.ipynb" and nbformat.read(new, as_version=4).cells
    before = new.read_bytes()
    with pytest.raises(UsageError, match="exists and is left as it is"):
        migrate_file(old)
    with pytest.raises(UsageError, match="exists and is left as it is"):
        migrate_file(old, old)
    assert (old.read_bytes(), new.read_bytes()) == (OLD_NOTEBOOK.read_bytes(), before)


def test_files_that_cannot_be_read_are_refused_in_a_sentence(tmp_path):
    with pytest.raises(UsageError, match=r"ends in \.ipynb or \.py"):
        migrate_file(tmp_path / "mnist.txt")
    with pytest.raises(DataError, match=r"There is no file .*mnist\.ipynb"):
        migrate_file(tmp_path / "mnist.ipynb")
    (tmp_path / "bytes.ipynb").write_bytes(b'{"cells": [\n"it\x92s"]}')
    with pytest.raises(
        DataError, match=r"bytes\.ipynb is not text in UTF-8: byte 0x92 in line 2, column 4, which is ’"
    ):
        migrate_file(tmp_path / "bytes.ipynb")


def test_files_in_other_encodings_become_utf_8(tmp_path):
    (tmp_path / "wide.ipynb").write_bytes(OLD_NOTEBOOK.read_text("utf-8").encode("utf-16"))
    assert migrate_file(tmp_path / "wide.ipynb").new_text == migrate_text(OLD_NOTEBOOK.read_text("utf-8")).new_text
    old = tmp_path / "old.py"
    old.write_bytes("# coding: latin-1\nfrom keras.layers.core import Dense  # Zoë\n".encode("latin-1"))
    migrate_file(old)
    new = default_path(old).read_text("utf-8")
    assert new == "# coding: utf-8\nfrom keras.layers import Dense  # Zoë\n"


def test_the_command_says_what_why_and_where(tmp_path):
    new = tmp_path / "new.ipynb"
    result = CliRunner().invoke(migrate, [str(OLD_NOTEBOOK), "--out", str(new)])
    assert result.exit_code == 0, result.output
    assert "  - from keras.utils import np_utils\n  + from keras.utils import to_categorical\n" in result.output
    assert "for you to look at\n  ? " in result.output
    assert f"The new notebook is {new}" in result.output
    assert new.exists()


def test_diff_only_prints_a_diff_and_writes_nothing(tmp_path):
    old = tmp_path / "old.py"
    old.write_text("from keras.layers.core import Dense\n")
    result = CliRunner().invoke(migrate, [str(old), "--diff-only"])
    assert "-from keras.layers.core import Dense\n+from keras.layers import Dense\n" in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["old.py"]


def test_a_notebook_of_today_gets_no_copy(tmp_path):
    old = tmp_path / "today.py"
    old.write_text("import keras\n")
    result = CliRunner().invoke(migrate, [str(old)])
    assert "no file was written" in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["today.py"]


def test_a_migration_imports_no_keras():
    code = (
        "import sys; from mnistlab.lesson.migration import migrate_text; "
        "migrate_text('from keras.layers.core import Dense', 'py'); "
        "sys.exit(' '.join({'keras', 'tensorflow'} & set(sys.modules)) or 0)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


# Keras trusts an mnist.npz only by its checksum; this one holds the same images, packed by NumPy here.
LOAD_LOCALLY = "from keras.src.datasets import mnist as _mnist\n_mnist.get_file = lambda *args, **kwargs: {path!r}"


def run_migrated(mnist, folder: Path, *, num_images: int) -> nbformat.NotebookNode:
    """Migrates the old notebook and runs it from top to bottom on the first images of the real MNIST."""
    train, test = mnist.train, mnist.test
    path = folder / "mnist.npz"
    arrays = {"x_train": train.images[:num_images], "y_train": train.labels[:num_images]}
    np.savez(path, x_test=test.images, y_test=test.labels, **arrays)
    new = migrate_text(OLD_NOTEBOOK.read_text("utf-8"))
    book = nbformat.reads(new.new_text, as_version=4)
    book.cells.insert(0, nbformat.v4.new_code_cell(LOAD_LOCALLY.format(path=str(path))))
    place = {"metadata": {"path": str(folder)}}
    nbclient.NotebookClient(book, timeout=1800, kernel_name="python3", resources=place).execute()
    return book


def printed(book: nbformat.NotebookNode, pattern: str) -> float:
    text = "".join(output.get("text", "") for cell in book.cells for output in cell.get("outputs", []))
    found = re.search(pattern + r"\s+([\d.]+)", text)
    assert found is not None, text[-2000:]
    return float(found.group(1))


def test_the_old_notebook_has_every_breakage_and_loses_it():
    old = OLD_NOTEBOOK.read_text("utf-8")
    names = ("np_utils", "keras.layers.core", "keras.layers.convolutional", "fit_generator", "ImageDataGenerator")
    names += ("steps_per_epoch", "input_shape", "predict_classes", ".h5", "learning_phase", "from_keras", "tfjs")
    names += ("nb_epoch", "samples_per_epoch", "border_mode", "tensorflow.keras", "random.randint", "lr=", "'acc'")
    assert [name for name in names if name not in old] == []
    migration = migrate_text(old)
    code = "\n".join(source for _, source in migration.new_cells)
    gone = set(names) - {"ImageDataGenerator", ".h5", "tfjs", "random.randint"}
    assert [name for name in gone if name in code.replace("cnn_weights.weights.h5", "")] == []
    assert "keras.preprocessing.image import ImageDataGenerator" not in code and "'cnn.h5'" not in code
    assert [note.cell for note in migration.notes] == [8, 21]  # decay beside a rate that a later cell sets; tfjs
    assert migrate_text(migration.new_text).new_text == migration.new_text


@pytest.mark.slow
def test_the_migrated_notebook_runs_to_the_end_and_reaches_98_percent(mnist, tmp_path):
    book = run_migrated(mnist, tmp_path, num_images=20_000)
    assert printed(book, "CNN test accuracy:") > 0.98
    assert printed(book, "read again:") > 0.96  # of 500 images, by the model that was saved and loaded
    assert (tmp_path / "cnn.onnx").stat().st_size > 10_000


@pytest.mark.slow
def test_the_migrated_notebook_on_all_images(mnist, tmp_path):
    book = run_migrated(mnist, tmp_path, num_images=60_000)
    assert printed(book, "CNN test accuracy:") > 0.985
    assert printed(book, "dense") > 0.95
