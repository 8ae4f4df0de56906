"""After a migration nothing fails that is not marked: inputs of each kind, the tables, the last look."""

import inspect
import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from mnistlab.cli.migrate import migrate
from mnistlab.lesson.migration import magics, migrate_text, python_2, today
from mnistlab.lesson.migration.code import Code
from mnistlab.lesson.migration.documents import CodeCell
from mnistlab.lesson.migration.values import Values

ROOT = Path(__file__).parents[2]
CORPUS = sorted((Path(__file__).parents[1] / "data" / "old_notebooks").glob("*.py"))
SEQUENTIAL = "from keras.models import Sequential\nmodel = Sequential()\n"
FUNCTIONAL = (
    "from keras.models import Model\nfrom keras.layers import Input, Dense\na = Input(shape=(3,))\nb = Dense(2)(a)\n"
)


def migrated(code: str) -> tuple[str, list[str]]:
    """The new code and the reasons of its marks, after a look at whether a second migration changes anything."""
    migration = migrate_text(code, "py")
    again = migrate_text(migration.new_text, "py")
    assert (again.new_text, again.changes) == (migration.new_text, ())
    return migration.new_text, [note.reason for note in migration.notes]


# Old lines, new lines. All come after SEQUENTIAL, or after FUNCTIONAL if they use its names.
CHANGES = {
    "show_accuracy": (
        "model.compile(loss='mse', optimizer='sgd', class_mode='categorical')\n"
        "model.fit(x, y, nb_epoch=2, show_accuracy=True)\nscore = model.evaluate(x, y, show_accuracy=True)\n",
        "model.compile(loss='mse', optimizer='sgd', metrics=['accuracy'])\n"
        "model.fit(x, y, epochs=2)\nscore = model.evaluate(x, y)\n",
    ),
    "samples of an iterator": (
        "model.fit_generator(g, g.N, nb_epoch=1, validation_data=v, nb_val_samples=v.N)\n",
        "model.fit(g, epochs=1, validation_data=v)\n",
    ),
    "samples of a generator": (
        "batch_size = 32\nmodel.fit_generator(g(), 2000, 10, nb_val_samples=800, validation_data=v())\n",
        "batch_size = 32\nmodel.fit(g(), steps_per_epoch=2000 // batch_size, epochs=10, "
        "validation_steps=800 // batch_size, "
        "validation_data=v())\n",
    ),
    "steps of Keras 2": (
        "model.fit_generator(g(), 2000, epochs=10)\n",
        "model.fit(g(), steps_per_epoch=2000, epochs=10)\n",
    ),
    "steps that are a float": (
        "model.fit_generator(g(), steps_per_epoch=n / 32, validation_steps=np.ceil(m))\n",
        "model.fit(g(), steps_per_epoch=n // 32, validation_steps=int(np.ceil(m)))\n",
    ),
    "compile by position": (
        "model.compile('sgd', 'mse', ['accuracy'])\n",
        "model.compile('sgd', 'mse', metrics=['accuracy'])\n",
    ),
    "a metric that is a text": (
        "model.compile('sgd', loss='cosine_proximity', metrics='mse')\n",
        "model.compile('sgd', loss=\"cosine_similarity\", metrics=['mse'])\n",
    ),
    "input and output": (
        "m, n = Model(input=a, output=b), Model(inputs=a, output=b)\n",
        "m, n = Model(inputs=a, outputs=b), Model(inputs=a, outputs=b)\n",
    ),
    "nb_classes": (
        "from keras.utils.np_utils import to_categorical\nrows = to_categorical(y, nb_classes=10)\n",
        "from keras.utils import to_categorical\nrows = to_categorical(y, num_classes=10)\n",
    ),
    "TensorBoard": (
        "from keras.callbacks import TensorBoard\n"
        "t = TensorBoard('logs', write_grads=True, batch_size=32, embeddings_layer_names=None, write_graph=False)\n",
        "from keras.callbacks import TensorBoard\nt = TensorBoard('logs', write_graph=False)\n",
    ),
    "grayscale": (
        "from keras.preprocessing.image import load_img\ni = load_img(p, grayscale=True), load_img(p, False)\n",
        'from keras.preprocessing.image import load_img\ni = load_img(p, color_mode="grayscale"), load_img(p)\n',
    ),
    "params of a callback": (
        "from keras.callbacks import Callback\nclass C(Callback):\n    def on_train_begin(self, logs={}):\n"
        "        print(self.params['nb_epoch'])\n",
        "from keras.callbacks import Callback\nclass C(Callback):\n    def on_train_begin(self, logs={}):\n"
        "        print(self.params['epochs'])\n",
    ),
    "tensors of a Sequential model": (
        "from keras.models import Model\nf = Model(model.input, model.output)\n",
        "from keras.models import Model\nf = Model(model.inputs[0], model.outputs[0])\n",
    ),
    "shapes in a loop": (
        "for i, layer in enumerate(model.layers[1:]):\n    print(i, layer.input_shape, layer.output_shape)\n"
        "rows = [(l.output_shape, k) for l, k in zip(model.layers, names)]\nprint(model.input_shape)\n",
        "for i, layer in enumerate(model.layers[1:]):\n    print(i, layer.input.shape, layer.output.shape)\n"
        "rows = [(l.output.shape, k) for l, k in zip(model.layers, names)]\nprint(model.input_shape)\n",
    ),
    "labels of a score": (
        "score = model.evaluate(x, y)\nprint(model.metrics_names[1], score[1])\n",
        "score = model.evaluate(x, y)\nprint(list(model.get_metrics_result())[1], score[1])\n",
    ),
    "a learning rate that is set": (
        "from keras import backend as K\nK.set_value(model.optimizer.lr, 0.5 * K.get_value(model.optimizer.lr))\n"
        "model.optimizer.lr = 0.1\n",
        "from keras import backend as K\n"
        "model.optimizer.learning_rate = 0.5 * float(model.optimizer.learning_rate)\n"
        "model.optimizer.learning_rate = 0.1\n",
    ),
    "an iterator of the notebook": (
        "class B:\n    def __iter__(self): return self\n    def __next__(self): return x, y\n"
        "b = B()\nmodel.fit_generator(b, steps_per_epoch=3)\n",
        "class B:\n    def __iter__(self): return self\n    def __next__(self): return x, y\n"
        "b = B()\nmodel.fit((batch for batch in b), steps_per_epoch=3)\n",
    ),
    "an iterator of Python 2": (
        "class B:\n    def next(self): return x, y\nb = B()\nmodel.fit_generator(b, steps_per_epoch=3)\n",
        "class B:\n    def next(self): return x, y\n"
        "b = B()\nmodel.fit((batch for batch in iter(b.next, None)), steps_per_epoch=3)\n",
    ),
    "two generators": (
        "both = zip(images(), masks())\nmodel.fit_generator(both, steps_per_epoch=3)\n",
        "both = zip(images(), masks())\nmodel.fit((batch for batch in both), steps_per_epoch=3)\n",
    ),
    "lists as batches": (
        "def batches():\n    while True:\n        yield [left, right], y\n"
        "model.fit_generator(batches(), steps_per_epoch=3)\n",
        "def batches():\n    while True:\n        yield (left, right), y\nmodel.fit(batches(), steps_per_epoch=3)\n",
    ),
    "a discriminator": (
        "whole = Sequential()\nmodel.compile('sgd', 'mse')\nmodel.trainable = False\nwhole.compile('sgd', 'mse')\n"
        "for step in range(9):\n    model.train_on_batch(x, y)\n    whole.train_on_batch(z, y)\n",
        "whole = Sequential()\nmodel.compile('sgd', 'mse')\nmodel.trainable = False\nwhole.compile('sgd', 'mse')\n"
        "for step in range(9):\n    model.trainable = True\n    model.train_on_batch(x, y)\n"
        "    model.trainable = False\n"
        "    whole.train_on_batch(z, y)\n",
    ),
    "acc everywhere": (
        "from keras.callbacks import Callback, EarlyStopping\nimport pandas as pd\n"
        "model.compile('sgd', 'mse', metrics=['accuracy'])\nh = model.fit(x, y)\n"
        "for name in ('acc', 'val_acc'):\n    plt.plot(h.history[name])\n"
        "key = 'acc'\nkey = 'val_acc'\nframe = pd.DataFrame(h.history)\nframe[['acc', 'val_acc']].plot()\n"
        "frame.acc.max()\n"
        "class C(Callback):\n    def on_epoch_end(self, epoch, logs={}):\n"
        "        print(logs.get('acc'), logs['val_' + 'acc'])\n"
        "stop = EarlyStopping('val_acc')\nplt.legend(['acc', 'val_acc'])\n",
        "from keras.callbacks import Callback, EarlyStopping\nimport pandas as pd\n"
        "model.compile('sgd', 'mse', metrics=['accuracy'])\nh = model.fit(x, y)\n"
        "for name in ('accuracy', 'val_accuracy'):\n    plt.plot(h.history[name])\n"
        "key = 'accuracy'\nkey = 'val_accuracy'\nframe = pd.DataFrame(h.history)\n"
        "frame[['accuracy', 'val_accuracy']].plot()\nframe.accuracy.max()\n"
        "class C(Callback):\n    def on_epoch_end(self, epoch, logs={}):\n"
        "        print(logs.get('accuracy'), logs['val_' + 'accuracy'])\n"
        "stop = EarlyStopping('val_accuracy')\nplt.legend(['acc', 'val_acc'])\n",
    ),
    "accuracy where the model says acc": (
        "model.compile('sgd', 'mse', metrics=['acc'])\nh = model.fit(x, y)\nprint(h.history['val_accuracy'])\n",
        "model.compile('sgd', 'mse', metrics=['acc'])\nh = model.fit(x, y)\nprint(h.history['val_acc'])\n",
    ),
    "the channel first": (
        "import keras\nimport numpy as np\nfrom keras import backend as K\nfrom keras.layers import *\n"
        "K.set_image_dim_ordering('th')\n"
        "x = x.reshape(len(x), 1, 28, 28)\n"
        "model.add(Convolution2D(8, 3, 3, input_shape=(1, 28, 28), dim_ordering='th'))\n"
        "model.add(BatchNormalization(axis=1))\nu = np.expand_dims(u, axis=1)\n",
        "import keras\nimport numpy as np\nfrom keras import backend as K\nfrom keras.layers import *\n"
        'K.set_image_data_format("channels_last")\nx = x.reshape(len(x), 28, 28, 1)\n'
        "model.add(keras.Input(shape=(28, 28, 1)))\nmodel.add(Convolution2D(8, (3, 3)))\n"
        "model.add(BatchNormalization(axis=-1))\nu = np.expand_dims(u, axis=-1)\n",
    ),
    "merge": (
        "from keras.layers import merge, Flatten\nc = merge([a, b], mode='concat', concat_axis=-1), "
        "merge([a, b], mode='mul')\n",
        "from keras.layers import concatenate, multiply, Flatten\nc = concatenate([a, b], axis=-1), multiply([a, b])\n",
    ),
    "twins of the backend": (
        "import keras\nfrom keras import backend as K\n"
        "def loss(t, p):\n    return K.mean(K.square(t - p), axis=-1) + K.sum(K.exp(K.log(p))) + K.epsilon()\n"
        "s = K.int_shape(v)[1], K.reshape(v, (-1, 3)), K.transpose(v), K.flatten(v), K.dot(v, w), K.get_value(w)\n"
        "e = K.random_normal(shape=(K.shape(v)[0], 2), mean=0., std=1.), K.concatenate([v, v]), K.argmax(v)\n"
        "K.set_value(w, 3)\n",
        "import keras\nfrom keras import backend as K\n"
        "def loss(t, p):\n    return keras.ops.mean(keras.ops.square(t - p), axis=-1) + "
        "keras.ops.sum(keras.ops.exp(keras.ops.log(p))) + K.epsilon()\n"
        "s = v.shape[1], keras.ops.reshape(v, (-1, 3)), keras.ops.transpose(v), keras.ops.ravel(v), "
        "keras.ops.dot(v, w), "
        "keras.ops.convert_to_numpy(w)\n"
        "e = keras.random.normal(shape=(keras.ops.shape(v)[0], 2), mean=0., stddev=1.), "
        "keras.ops.concatenate([v, v], axis=-1), keras.ops.argmax(v, axis=-1)\nw.assign(3)\n",
    ),
    "functions of all layers": (
        "import keras\nfrom keras import backend as K\n"
        "f = K.function([model.input], [l.output for l in model.layers])\nmaps = f([x])\n",
        "import keras\nfrom keras import backend as K\n"
        "f = keras.Model(model.inputs[0], [l.output for l in model.layers])\nmaps = f.predict(x, verbose=0)\n",
    ),
    "a function with one output": (
        "import keras\nfrom keras import backend as K\nf = K.function([model.input], [model.output])\n"
        "row, rows = f([x])[0], f([x])\n",
        "import keras\nfrom keras import backend as K\nf = keras.Model(model.inputs[0], [model.outputs[0]])\n"
        "row, rows = f.predict(x, verbose=0), [f.predict(x, verbose=0)]\n",
    ),
    "model_to_dot": (
        "from keras.utils.vis_utils import model_to_dot\nd = model_to_dot(model)\n",
        "from keras.utils import model_to_dot\nd = model_to_dot(model)\n",
    ),
    "units of NumPy": (
        "import numpy as np\nfrom keras.layers import Dense\nmodel.add(Dense(np.prod(shape), activation='tanh'))\n",
        "import numpy as np\nfrom keras.layers import Dense\n"
        "model.add(Dense(int(np.prod(shape)), activation='tanh'))\n",
    ),
    "a random index": (
        "import random\ni = random.randint(0, len(x))\n",
        "import random\ni = random.randint(0, len(x) - 1)\n",
    ),
    "NumPy": (
        "import numpy as np\nz = np.zeros(3, dtype=np.float), np.product(s).astype(np.int)\n",
        "import numpy as np\nz = np.zeros(3, dtype=float), np.prod(s).astype(int)\n",
    ),
    "libraries that moved": (
        "from sklearn.cross_validation import train_test_split\nfrom sklearn.externals import joblib\n",
        "from sklearn.model_selection import train_test_split\nimport joblib\n",
    ),
    "TensorFlow 1": (
        "import keras\nimport tensorflow as tf\nmodel.compile(tf.train.AdamOptimizer(1e-3), 'mse')\n"
        "tf.set_random_seed(1)\ntf.logging.set_verbosity(tf.logging.ERROR)\n",
        "import keras\nimport tensorflow as tf\nmodel.compile(keras.optimizers.Adam(1e-3), 'mse')\n"
        'tf.random.set_seed(1)\ntf.get_logger().setLevel("ERROR")\n',
    ),
    "a layer of the notebook": (
        "from keras.layers import Layer\nclass L(Layer):\n    def build(self, shape):\n"
        "        self.w = self.add_weight('w', (3,), initializer='one')\n"
        "    def get_output_shape_for(self, s): return s\n",
        "from keras.layers import Layer\nclass L(Layer):\n    def build(self, shape):\n"
        "        self.w = self.add_weight(name='w', shape=(3,), initializer='one')\n"
        "    def compute_output_shape(self, s): return s\n",
    ),
    "Python 2 that can be read": (
        "for i in xrange(n / 2):\n    print(d.iteritems(), x[:n / 2])\n",
        "for i in range(n // 2):\n    print(d.items(), x[:n // 2])\n",
    ),
    "indented comments at the end": ("a=1\n   # c", "a=1\n   # c"),
}


@pytest.mark.parametrize("case", CHANGES)
def test_a_change(case):
    old, new = CHANGES[case]
    before = FUNCTIONAL if "a, b" in old or "input=a" in old else SEQUENTIAL
    code, marks = migrated(before + old)
    assert code == before + new
    assert not marks


# Old lines after SEQUENTIAL, the start of the marked line, a part of the mark.
MARKS = {
    "samples without a batch size": (
        "model.fit_generator(g, 2000, nb_epoch=10)",
        "model.fit(",
        "divide it by the batch size",
    ),
    "samples that are evaluated": ("s = model.evaluate(g, val_samples=n)", "s = ", "divide it by the batch size"),
    "no such argument": ("from keras.layers import Dense\nd = Dense(3, foo=1)", "d = ", "no argument called foo"),
    "no such argument of fit": ("model.fit(x, y, foo=1)", "model.fit", "fit has no argument called foo"),
    "too many arguments": ("from keras.layers import Flatten\nf = Flatten(1, 2, 3)", "f = ", "at most|one argument"),
    "an argument that is missing": ("from keras.layers import Dense\nd = Dense()", "d = ", "without units"),
    "no such attribute": ("print(model.uses_learning_phase)", "print", "has no uses_learning_phase"),
    "no such attribute of a layer": ("print(model.layers[0].W)", "print", "weights are in kernel"),
    "an attribute that cannot be set": (
        "from keras.layers import Layer\nclass L(Layer):\n    def build(self, s):\n        self.trainable_weights = []",
        "        self.trainable_weights",
        "nothing can be assigned",
    ),
    "validation data of a callback": (
        "from keras.callbacks import Callback\nclass C(Callback):\n    def on_epoch_end(self, e, logs=None):\n"
        "        print(self.validation_data[0])",
        "        print",
        "not given the validation data",
    ),
    "no such loss": ("model.compile('sgd', loss='nonsense')", "model.compile", "no loss called 'nonsense'"),
    "no such metric": (
        "model.compile('sgd', 'mse', metrics=['fmeasure'])",
        "model.compile",
        "no metric called 'fmeasure'",
    ),
    "no such params": (
        "from keras.callbacks import Callback\nclass C(Callback):\n    def on_train_begin(self, logs=None):\n"
        "        print(self.params['samples'])",
        "        print",
        "no longer among them",
    ),
    "no accuracy at all": (
        "model.compile('sgd', 'mse')\nprint(model.fit(x, y).history['acc'])",
        "print",
        "Add metrics",
    ),
    "both names": (
        "model.compile('sgd', 'mse', metrics=['acc'])\nother.compile('sgd', 'mse', metrics=['accuracy'])\n"
        "print(h.history['acc'])",
        "print",
        "one of the two names",
    ),
    "a tensor in TensorFlow": (
        "import tensorflow as tf\nfrom keras.layers import Input\ni = Input((3,))\nj = tf.nn.relu(i)",
        "j = ",
        "cannot take a tensor of Keras",
    ),
    "a loss of tensors": (
        "from keras.layers import Input\nfrom keras.models import Model\ni = Input((3,))\n"
        "def loss(t, p):\n    return t - i\nm = Model(i, i)\nm.compile('sgd', loss)",
        "m.compile",
        "gives a loss nothing but",
    ),
    "add_loss": (
        "from keras.layers import Input\nfrom keras.models import Model\ni = Input((3,))\n"
        "m = Model(i, i)\nm.add_loss(i)",
        "m.add_loss",
        "self.add_loss",
    ),
    "TensorFlow 1": ("import tensorflow as tf\ns = tf.Session()", "s = ", "TensorFlow 1"),
    "placeholder": ("import tensorflow as tf\np = tf.placeholder(tf.float32)", "p = ", "keras.Input takes its place"),
    "contrib": ("from tensorflow.contrib import slim", "from tensorflow", "contrib has moved"),
    "input_data": (
        "from tensorflow.examples.tutorials.mnist import input_data\nm = input_data.read_data_sets('d')",
        "from tensorflow",
        "keras.datasets.mnist.load_data",
    ),
    "tensorflow_version": ("%tensorflow_version 1.x", "%tensorflow_version", "Take the line"),
    "scipy.misc": ("from scipy.misc import imread", "from scipy", "Pillow"),
    "fetch_mldata": ("from sklearn.datasets import fetch_mldata", "from sklearn", "fetch_openml"),
    "cross_validation": ("from sklearn.cross_validation import KFold", "from sklearn", "sklearn.model_selection"),
    "other NumPy": ("import numpy as np\na = np.asscalar(x)", "a = ", "gone from NumPy"),
    "a gap": ("a = 1\nb = 2\nimage = # YOUR CODE HERE", "image = ", "gap of an exercise"),
    "a gap in a function": ("def f(x):\n    # YOUR CODE HERE\n\na = 1\nb = 2", "    # YOUR", "gap of an exercise"),
    "a channel that is looked at": (
        "from keras.layers import *\nimport keras\nimport matplotlib.pyplot as plt\nplt.imshow(x[0][0])\n"
        "keras.config.set_image_data_format('channels_first')\nmodel.add(Conv2D(8, 3, input_shape=(1, 28, 28)))",
        "model.add(Conv2D",
        "channel first",
    ),
    "a backend function without a twin": (
        "from keras import backend as K\ng = K.gradients(a, b)",
        "g = ",
        "GradientTape",
    ),
}


@pytest.mark.parametrize("case", MARKS)
def test_a_mark_stands_above_what_fails(case):
    import re

    old, line, reason = MARKS[case]
    code, marks = migrated(f"{SEQUENTIAL}{old}\n")
    assert len([mark for mark in marks if re.search(reason, mark)]) >= 1, marks
    lines = code.splitlines()
    place = next(number for number, text in enumerate(lines) if text.startswith(line))
    above = place - 1
    while lines[above].lstrip().startswith("# ") and not lines[above].lstrip().startswith("# MIGRATE: "):
        above -= 1
    assert lines[above].lstrip().startswith("# MIGRATE: ")


def test_names_of_an_authors_file_are_those_of_keras():
    code, marks = migrated(
        "from utils import *\nmodel = Sequential([Dense(3)])\nmodel.compile(Adam(lr=0.1), loss='mse')\n"
    )
    assert "Adam(learning_rate=0.1)" in code
    assert len(marks) == 1 and "utils is not part of Keras" in marks[0] and "Adam, Dense, Sequential" in marks[0]


def test_what_an_old_star_gave_is_imported():
    code, marks = migrated(
        "from keras.models import *\nfrom keras.layers import *\nx = np.zeros(3, dtype=np.float)\nK.floatx()\n"
    )
    assert "import numpy as np\n" in code and "from keras import backend as K\n" in code and "dtype=float" in code
    assert not marks


def test_images_from_folders_are_not_marked():
    old = (
        "from keras.preprocessing.image import ImageDataGenerator\nfrom keras.preprocessing import image\n"
        "g = ImageDataGenerator(rescale=1. / 255)\nt = g.flow_from_directory('d')\nu = image.ImageDataGenerator()\n"
    )
    code, marks = migrated(old)
    assert not marks
    assert code.count("from tensorflow.keras.preprocessing.image import ImageDataGenerator\n") == 1


def test_python_2_is_written_as_python_3_and_the_rest_of_the_cell_migrated():
    old = (
        "from keras.utils import np_utils\nprint 'labels', y,  # shown\nprint\ntry:\n"
        "    rows = np_utils.to_categorical(y)\n"
        "except IOError, error:\n    raise ValueError, 'no rows'\n"
    )
    code, marks = migrated(old)
    assert code == (
        "from keras.utils import to_categorical\nprint('labels', y, end=' ')  # shown\nprint()\ntry:\n"
        "    rows = to_categorical(y)\nexcept IOError as error:\n    raise ValueError('no rows')\n"
    )
    assert not marks


@pytest.mark.parametrize("line", ["print(x)", "print = 3", "# print it", "x = 'print this'", "printer 3", "imprint x"])
def test_python_3_is_not_taken_for_python_2(line):
    assert python_2.mend_line(line) is None


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


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_an_old_notebook_is_migrated_once(path):
    code, _ = migrated(path.read_text("utf-8"))
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
