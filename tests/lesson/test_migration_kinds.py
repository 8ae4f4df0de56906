"""Kinds of failures that trials of old notebooks found: each is changed or marked."""

import pytest

from mnistlab.lesson.migration import migrate_text

LAMBDA = "from keras.layers import Lambda, Dense\nfrom keras.models import Sequential, load_model, clone_model\n"
TWO = (
    "from keras.models import Model\nfrom keras.layers import Input, Dense\na = Input(shape=(3,))\n"
    "b, c = Dense(2, name='digit')(a), Dense(2, name='odd')(a)\nmodel = Model(a, [b, c])\n"
)
SEQUENTIAL = "from keras.models import Sequential\nfrom keras.optimizers import SGD\nmodel = Sequential()\n"


def migrated(code: str) -> tuple[list[str], list[str]]:
    """The new lines and the reasons of the marks, after a look at whether a second migration changes anything."""
    migration = migrate_text(code, "py")
    again = migrate_text(migration.new_text, "py")
    assert (again.new_text, again.changes) == (migration.new_text, ())
    return migration.new_text.splitlines(), [note.reason for note in migration.notes]


def test_a_lambda_that_needs_nothing_is_trusted_when_its_model_is_loaded():
    lines, marks = migrated(
        f"{LAMBDA}m = Sequential([Lambda(lambda x: x / 255.0)])\nm.save('m.h5')\nn = load_model('m.h5')\n"
    )
    assert lines[-1] == "n = load_model('m.keras', safe_mode=False)"
    assert not marks


def test_a_lambda_that_is_copied_is_trusted():
    lines, marks = migrated(f"{LAMBDA}m = Sequential([Lambda(lambda x: x / 255.0)])\nn = clone_model(m)\n")
    assert lines[-2:] == ["keras.config.enable_unsafe_deserialization()", "n = clone_model(m)"]
    assert not marks


def test_a_lambda_that_uses_other_names_is_marked_where_it_is_loaded():
    code = (
        f"{LAMBDA}from keras import backend as K\nm = Sequential([Lambda(lambda x: K.sqrt(x))])\nn = clone_model(m)\n"
    )
    lines, marks = migrated(code)
    assert lines[-1] == "n = clone_model(m)"
    assert len(marks) == 1 and "the copy does not find them" in marks[0]


def test_a_function_of_a_lambda_layer_is_registered():
    code = f"{LAMBDA}def half(x):\n    return x / 2\nm = Sequential([Lambda(half)])\nn = clone_model(m)\n"
    lines, marks = migrated(code)
    assert lines[lines.index("def half(x):") - 1] == "@keras.saving.register_keras_serializable()"
    assert not marks


def test_lambdas_of_models_that_are_not_saved_stay():
    lines, marks = migrated(f"{LAMBDA}m = Sequential([Lambda(lambda x: x / k, input_shape=(3,))])\n")
    assert not any("safe_mode" in line or "deserialization" in line for line in lines)
    assert not marks


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("lambda shape, name=None: f(shape)", "lambda shape, name=None, dtype=None: f(shape)"),
        ("lambda shape, name: f(shape)", "lambda shape, name=None, dtype=None: f(shape)"),
        ("lambda shape, dtype=None: f(shape)", "lambda shape, dtype=None: f(shape)"),
        ("lambda shape, **rest: f(shape)", "lambda shape, **rest: f(shape)"),
    ],
)
def test_an_initializer_takes_what_keras_gives_it(old, new):
    lines, marks = migrated(f"from keras.layers import Dense\nd = Dense(3, init={old})\n")
    assert lines[-1] == f"d = Dense(3, kernel_initializer={new})"
    assert not marks


def test_an_initializer_that_is_a_function_takes_what_keras_gives_it():
    lines, _ = migrated(
        "from keras.layers import Dense\ndef f(shape, name=None):\n    return g(shape)\nd = Dense(3, init=f)\n"
    )
    assert "def f(shape, name=None, dtype=None):" in lines


@pytest.mark.parametrize("setting", ["K.set_value(model.optimizer.lr, 0.1)", "model.optimizer.lr = 0.1"])
def test_a_decay_becomes_no_schedule_where_the_rate_is_set(setting):
    code = f"from keras import backend as K\n{SEQUENTIAL}model.compile(SGD(lr=0.1, decay=1e-4), 'mse')\n{setting}\n"
    lines, marks = migrated(code)
    assert lines[-1] == "model.optimizer.learning_rate = 0.1"
    assert not any("schedules.InverseTimeDecay(0.1" in line for line in lines)
    assert len(marks) == 1 and "the line that sets the learning rate in this notebook cannot" in marks[0]


def test_the_history_of_a_model_is_there_to_this_day():
    lines, marks = migrated(f"{SEQUENTIAL}model.fit(x, y, nb_epoch=1)\nprint(model.history.epoch)\n")
    assert lines[-1] == "print(model.history.epoch)"
    assert not marks


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("model.outputs = [model.layers[-2].output]", "Make another model from the tensors"),
        ("model.layers.pop()", "pop changes nothing in the model"),
        ("model.reset_states()", "reset_states() of each layer"),
    ],
)
def test_what_has_no_effect_or_is_refused_on_a_model_is_marked(line, said):
    lines, marks = migrated(f"{SEQUENTIAL}{line}\n")
    assert lines[-1] == line
    assert len(marks) == 1 and said in marks[0]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("'sgd', loss='mse', metrics=['accuracy']", "'sgd', loss='mse', metrics=[['accuracy']] * 2"),
        ("'sgd', loss='mse', loss_weights=[1, 2]", "'sgd', loss=['mse'] * 2, loss_weights=[1, 2]"),
        ("'sgd', loss='mse', metrics={'odd': 'acc'}", "'sgd', loss='mse', metrics={'odd': 'acc'}"),
        ("'sgd', loss='mse', metrics=[['mae'], ['mse']]", "'sgd', loss='mse', metrics=[['mae'], ['mse']]"),
    ],
)
def test_what_is_said_once_for_two_outputs_is_said_for_each(old, new):
    lines, marks = migrated(f"{TWO}model.compile({old})\n")
    assert lines[-1] == f"model.compile({new})"
    assert not marks


def test_keys_of_two_outputs_are_what_compile_says():
    code = f"{TWO}model.compile('sgd', 'mse', metrics=['accuracy'])\nprint(h['val_digit_acc'], h['my_acc'])\n"
    lines, _ = migrated(code)
    assert lines[-1] == "print(h['val_digit_accuracy'], h['my_acc'])"


def test_training_with_the_channel_first_is_marked_where_it_fails():
    code = (
        "import matplotlib.pyplot as plt\nfrom keras.layers import Convolution2D\n"
        + SEQUENTIAL
        + "plt.imshow(x[0][0])\n"
        "model.add(Convolution2D(8, 3, 3, input_shape=(1, 28, 28)))\nmodel.fit(x, y, nb_epoch=1)\n"
    )
    lines, marks = migrated(code)
    assert lines[-1] == "model.fit(x, y, epochs=1)"
    assert "cannot train on many CPUs" in marks[-1]


def test_two_things_wrong_with_a_line_are_one_mark():
    code = f"{SEQUENTIAL}from keras.layers import Conv2D, Dense\nmodel.add(Conv2D(8, 3, 3, weights=w, input_dim=n()))\n"
    lines, marks = migrated(code)
    assert sum(line.startswith("# MIGRATE: ") for line in lines) == len(marks) == 1
    assert "set_weights" in marks[0] and "with a stride of 3" in marks[0]


def test_labels_are_cast_in_a_metric_that_calculates_with_them():
    code = (
        f'{SEQUENTIAL}def hits(t, p):\n    """Hits."""\n    return t * p\ndef plain(t, p):\n    return p\n'
        "model.compile('sgd', 'mse', metrics=[hits, plain])\n"
    )
    lines, marks = migrated(code)
    place = lines.index("def hits(t, p):")
    assert lines[place + 2 : place + 4] == ["    t = keras.ops.cast(t, p.dtype)", "    return t * p"]
    assert lines[lines.index("def plain(t, p):") + 1] == "    return p"
    assert not marks


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            "f = K.function([model.layers[0].input], [model.layers[3].output])\ng = f([x])[0]",
            "keras.Model(model.inputs[0], ",
        ),
        ("f = Model(model.layers[0].input, model.layers[3].output)", "Model(model.inputs[0], model.layers[3].output)"),
    ],
)
def test_the_input_of_the_first_layer_is_that_of_the_model(old, new):
    code = f"from keras import backend as K\nfrom keras.models import Model\n{SEQUENTIAL}{old}\n"
    lines, marks = migrated(code)
    assert any(new in line for line in lines), lines
    assert not marks
