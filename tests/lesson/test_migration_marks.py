"""The migration of Keras 1 and 2 notebooks: what is marked, and how the marks stand in the code."""

import pytest

from migrations import migrated
from mnistlab.lesson.migration import migrate_text

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
    assert lines[2].startswith("    # MIGRATE: Keras 3 no longer has keras.backend.gradients")
    assert lines[-1] == "    if i: j = keras.backend.gradients(x, y)"
