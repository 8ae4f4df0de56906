"""The migration of Keras 1 and 2 notebooks: what is rewritten, rule by rule."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from migrations import migrated, notebook
from mnistlab.lesson.migration import migrate_text
from old_lines import CHANGES


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
    @example(["\r\x1f", "from keras.utils import np_utils"])
    def migrate_twice(lines):
        text = "\n".join(["import keras", *lines])
        new = migrate_text(text, "py").new_text
        again = migrate_text(new, "py")
        assert (again.new_text, again.changes) == (new, ())

    migrate_twice()
