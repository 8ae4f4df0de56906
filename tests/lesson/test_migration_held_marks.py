"""After a migration nothing fails that is not marked: inputs of each kind that are marked, names that stars gave."""

import pytest

from migrations import marked
from mnistlab.lesson.migration import python_2

SEQUENTIAL = "from keras.models import Sequential\nmodel = Sequential()\n"
FUNCTIONAL = (
    "from keras.models import Model\nfrom keras.layers import Input, Dense\na = Input(shape=(3,))\nb = Dense(2)(a)\n"
)


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
        "cannot take a Keras tensor",
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
    code, marks = marked(f"{SEQUENTIAL}{old}\n")
    assert len([mark for mark in marks if re.search(reason, mark)]) >= 1, marks
    lines = code.splitlines()
    place = next(number for number, text in enumerate(lines) if text.startswith(line))
    above = place - 1
    while lines[above].lstrip().startswith("# ") and not lines[above].lstrip().startswith("# MIGRATE: "):
        above -= 1
    assert lines[above].lstrip().startswith("# MIGRATE: ")


def test_names_of_an_authors_file_are_those_of_keras():
    code, marks = marked(
        "from utils import *\nmodel = Sequential([Dense(3)])\nmodel.compile(Adam(lr=0.1), loss='mse')\n"
    )
    assert "Adam(learning_rate=0.1)" in code
    assert len(marks) == 1 and "utils is not part of Keras" in marks[0] and "Adam, Dense, Sequential" in marks[0]


def test_what_an_old_star_gave_is_imported():
    code, marks = marked(
        "from keras.models import *\nfrom keras.layers import *\nx = np.zeros(3, dtype=np.float)\nK.floatx()\n"
    )
    assert "import numpy as np\n" in code and "from keras import backend as K\n" in code and "dtype=float" in code
    assert not marks


def test_images_from_folders_are_not_marked():
    old = (
        "from keras.preprocessing.image import ImageDataGenerator\nfrom keras.preprocessing import image\n"
        "g = ImageDataGenerator(rescale=1. / 255)\nt = g.flow_from_directory('d')\nu = image.ImageDataGenerator()\n"
    )
    code, marks = marked(old)
    assert not marks
    assert code.count("from tensorflow.keras.preprocessing.image import ImageDataGenerator\n") == 1


def test_python_2_is_written_as_python_3_and_the_rest_of_the_cell_migrated():
    old = (
        "from keras.utils import np_utils\nprint 'labels', y,  # shown\nprint\ntry:\n"
        "    rows = np_utils.to_categorical(y)\n"
        "except IOError, error:\n    raise ValueError, 'no rows'\n"
    )
    code, marks = marked(old)
    assert code == (
        "from keras.utils import to_categorical\nprint('labels', y, end=' ')  # shown\nprint()\ntry:\n"
        "    rows = to_categorical(y)\nexcept IOError as error:\n    raise ValueError('no rows')\n"
    )
    assert not marks


@pytest.mark.parametrize("line", ["print(x)", "print = 3", "# print it", "x = 'print this'", "printer 3", "imprint x"])
def test_python_3_is_not_taken_for_python_2(line):
    assert python_2.mend_line(line) is None
