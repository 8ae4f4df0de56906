"""Idioms of blogs and of students' scripts: each is changed to what runs today, or marked."""

import pytest

from migrations import marked

SEQUENTIAL = "import keras\nfrom keras.models import Sequential\nmodel = Sequential()\n"

# Lines after SEQUENTIAL, and what stands in their place.
CHANGES = {
    "a rate of an optimizer's own name": (
        "opt = model.optimizer\nprint(opt.lr, opt.lr.get_value())\nopt.lr.set_value(0.1)\n",
        "opt = model.optimizer\nprint(opt.learning_rate, float(opt.learning_rate))\nopt.learning_rate = 0.1\n",
    ),
    "the rate in a config": (
        "print(model.optimizer.get_config()['lr'])\n",
        'print(model.optimizer.get_config()["learning_rate"])\n',
    ),
    "a decay that hardly matters, beside a rate that is set": (
        "from keras.optimizers import SGD\nmodel.compile(SGD(lr=0.1, decay=1e-6), 'mse')\nmodel.optimizer.lr = 0.01\n",
        "from keras.optimizers import SGD\nmodel.compile(SGD(learning_rate=0.1), 'mse')\n"
        "model.optimizer.learning_rate = 0.01\n",
    ),
    "a transposed convolution": (
        "from keras.layers import Deconvolution2D\n"
        "d = Deconvolution2D(8, 3, 3, output_shape=(None, 14, 14, 8), border_mode='same', subsample=(2, 2))\n",
        "from keras.layers import Conv2DTranspose as Deconvolution2D\n"
        "d = Deconvolution2D(8, (3, 3), padding='same', strides=(2, 2))\n",
    ),
    "a convolution with holes": (
        "from keras.layers import AtrousConvolution2D\nd = AtrousConvolution2D(8, 3, 3, atrous_rate=(2, 2))\n",
        "from keras.layers import Conv2D as AtrousConvolution2D\n"
        "d = AtrousConvolution2D(8, (3, 3), dilation_rate=(2, 2))\n",
    ),
    "a PReLU": (
        "from keras.layers import PReLU\np = PReLU(init='zero', weights=None)\n",
        "from keras.layers import PReLU\np = PReLU(alpha_initializer='zero')\n",
    ),
    "pooling by default": (
        "from keras.layers import AveragePooling2D\np, q = AveragePooling2D(), AveragePooling2D(strides=1)\n",
        "from keras.layers import AveragePooling2D\n"
        "p, q = AveragePooling2D(pool_size=(2, 2)), AveragePooling2D(strides=1, pool_size=(2, 2))\n",
    ),
    "regularizers of Keras 1": (
        "from keras.regularizers import l1l2, activity_l2\nr, a = l1l2(l1=0.1, l2=0.2), activity_l2(0.1)\n",
        "from keras.regularizers import L1L2 as l1l2, L2 as activity_l2\n"
        "r, a = l1l2(l1=0.1, l2=0.2), activity_l2(0.1)\n",
    ),
    "first weights of Keras 1": (
        "from keras.initializations import normal, identity\nfrom keras.layers import Dense\n"
        "d = Dense(3, init=lambda shape, name: normal(shape, scale=0.01, name=name))\n"
        "e = Dense(3, init=lambda shape, name=None: identity(shape, name=name))\n",
        "from keras.initializers import RandomNormal as normal, identity\nfrom keras.layers import Dense\n"
        "d = Dense(3, kernel_initializer=lambda shape, name=None, dtype=None: normal(stddev=0.01)(shape))\n"
        "e = Dense(3, kernel_initializer=lambda shape, name=None, dtype=None: identity()(shape))\n",
    ),
    "an initializer by its name": (
        "from keras import initializations\ni = initializations.get('normal')\n",
        "from keras import initializers as initializations\ni = initializations.get('normal')\n",
    ),
    "a shape where a tensor says it": (
        "from keras.layers import Flatten, Input\nf = Flatten(input_shape=(28, 28))(Input((28, 28)))\n",
        "from keras.layers import Flatten, Input\nf = Flatten()(Input((28, 28)))\n",
    ),
    "shapes of layers that may be inputs": (
        "from keras.models import load_model\nm = load_model('m.keras')\n"
        "for layer in m.layers:\n    print(layer.input_shape, layer.output_shape)\n",
        "from keras.models import load_model\nm = load_model('m.keras')\n"
        'for layer in m.layers:\n    print(getattr(layer.input, "shape", None), layer.output.shape)\n',
    ),
    "a function put into Keras": (
        "def focal(t, p):\n    return p\nkeras.losses.focal = focal\n",
        'def focal(t, p):\n    return p\nkeras.saving.get_custom_objects()["focal"] = focal\n',
    ),
    "a file that is put together": (
        "import os\nname = 'w.h5'\nmodel.save_weights(os.path.join('out', name))\n"
        "if os.path.exists('w.h5'):\n    model.load_weights(os.path.join('out', name), by_name=False)\n"
        "model.save('m_%d.h5' % 1)\nmodel.save_weights('w' + str(1) + '.hdf5')\n",
        "import os\nname = 'w.weights.h5'\nmodel.save_weights(os.path.join('out', name))\n"
        "if os.path.exists('w.weights.h5'):\n    model.load_weights(os.path.join('out', name))\n"
        "model.save('m_%d.keras' % 1)\nmodel.save_weights('w' + str(1) + '.weights.h5')\n",
    ),
    "labels in a list": (
        "import numpy as np\ny = [1] * 8 + [0] * 8\nmodel.train_on_batch(x, y)\nmodel.fit([a, b], [1, 2])\n",
        "import numpy as np\ny = [1] * 8 + [0] * 8\nmodel.train_on_batch(x, np.array(y))\n"
        "model.fit([a, b], np.array([1, 2]))\n",
    ),
    "one optimizer for two models": (
        "from keras.optimizers import Adam\nother = Sequential()\nadam = Adam(0.1)\n"
        "model.compile(adam, 'mse')\nother.compile(loss='mse', optimizer=adam)\n",
        "from keras.optimizers import Adam\nother = Sequential()\nadam = Adam(0.1)\n"
        "model.compile(adam, 'mse')\nother.compile(loss='mse', optimizer=adam.from_config(adam.get_config()))\n",
    ),
    "the names of what evaluate returns": (
        "model.compile('sgd', 'mse', metrics=['mae'])\nprint(model.metrics_names[1], model.evaluate(x, y)[1])\n",
        "model.compile('sgd', 'mse', metrics=['mae'])\nprint([\"loss\", \"mae\"][1], model.evaluate(x, y)[1])\n",
    ),
    "weights counted": (
        "import numpy as np\nfrom keras import backend as K\n"
        "print(np.sum([K.count_params(w) for w in set(model.trainable_weights)]))\n",
        "import numpy as np\nfrom keras import backend as K\n"
        "print(np.sum([int(np.prod(w.shape)) for w in list(model.trainable_weights)]))\n",
    ),
    "activations of TensorFlow in a model that is loaded": (
        "import tensorflow as tf\nfrom keras.models import load_model\nfrom keras.layers import Dense\n"
        "model.add(Dense(3, activation=tf.nn.relu))\nmodel.save('m.keras')\nm = load_model('m.keras')\n",
        "import tensorflow as tf\nfrom keras.models import load_model\nfrom keras.layers import Dense\n"
        "model.add(Dense(3, activation=\"relu\"))\nmodel.save('m.keras')\nm = load_model('m.keras')\n",
    ),
    "a model of JSON with a metric of one's own": (
        "from keras.models import model_from_json\ndef hits(t, p):\n    return p\n"
        "model.compile('sgd', 'mse', metrics=[hits])\nm = model_from_json(model.to_json())\n",
        "from keras.models import model_from_json\n@keras.saving.register_keras_serializable()\n"
        "def hits(t, p):\n    return p\n"
        "model.compile('sgd', 'mse', metrics=[hits])\nm = model_from_json(model.to_json())\n",
    ),
    "an attribute that is asked for first": (
        "from keras.layers import Dense\nd = Dense(3)\nprint(d.W if hasattr(d, 'W') else 0)\n",
        "from keras.layers import Dense\nd = Dense(3)\nprint(d.W if hasattr(d, 'W') else 0)\n",
    ),
}


@pytest.mark.parametrize("case", CHANGES)
def test_an_idiom_becomes_what_runs_today(case):
    old, new = CHANGES[case]
    code, marks = marked(SEQUENTIAL + old)
    assert code == SEQUENTIAL + new
    assert not marks


# Lines after SEQUENTIAL, the start of the marked line, a part of the mark.
MARKS = {
    "numbers of the first Keras": (
        "from keras.layers import Dense\nmodel.add(Dense(784, 512))\n",
        "model.add(Dense(784, 512))",
        "write Dense(512), and keras.Input(shape=(784,))",
    ),
    "an import of which a part is gone": (
        "from keras.layers.convolutional import Convolution2D, LocallyConnected2D\n",
        "from keras.layers.convolutional import LocallyConnected2D",
        "Use keras.layers.Conv2D",
    ),
    "weights by name": (
        "model.save_weights('w.h5')\nmodel.load_weights('w.h5', by_name=True)\n",
        "model.load_weights('w.weights.h5', by_name=True)",
        "refuses it (ValueError)",
    ),
    "a model read as HDF5": (
        "import h5py\nmodel.save('m.h5')\nf = h5py.File('m.h5', 'r')\n",
        "f = h5py.File('m.keras', 'r')",
        "is a zip archive",
    ),
    "weights under a name that is only known later": (
        "def save(name):\n    model.save_weights(name)\n",
        "    model.save_weights(name)",
        "make sure that it ends in .weights.h5",
    ),
    "a variable of Theano": (
        "from keras.layers import Dense\nd = Dense(3)\nprint(d.kernel.get_value())\n",
        "print(d.kernel.get_value())",
        "keras.ops.convert_to_numpy",
    ),
    "the decay in a config": (
        "print(model.optimizer.get_config()['decay'])\n",
        "print(model.optimizer.get_config()['decay'])",
        "KeyError",
    ),
    "an iterator of a dataset": (
        "import tensorflow as tf\nd = tf.data.Dataset.from_tensor_slices(x)\ni = d.make_one_shot_iterator()\n",
        "i = d.make_one_shot_iterator()",
        "Give the dataset itself to fit",
    ),
    "normalization by the batch alone": (
        "from keras.layers import BatchNormalization\nb = BatchNormalization(mode=2)\n",
        "b = BatchNormalization(mode=2)",
        "leave it out",
    ),
}


@pytest.mark.parametrize("case", MARKS)
def test_what_cannot_be_changed_is_marked_where_it_fails(case):
    old, line, said = MARKS[case]
    code, marks = marked(SEQUENTIAL + old)
    assert len(marks) == 1 and said in marks[0], marks
    lines = code.splitlines()
    place = lines.index(line)
    assert "#" in lines[place - 1]
    assert sum(one.strip().startswith("# MIGRATE: ") for one in lines) == 1
