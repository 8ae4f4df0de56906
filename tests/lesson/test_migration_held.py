"""After a migration nothing fails that is not marked: inputs of each kind that are rewritten."""

import pytest

from migrations import marked

SEQUENTIAL = "from keras.models import Sequential\nmodel = Sequential()\n"
FUNCTIONAL = (
    "from keras.models import Model\nfrom keras.layers import Input, Dense\na = Input(shape=(3,))\nb = Dense(2)(a)\n"
)


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
    code, marks = marked(before + old)
    assert code == before + new
    assert not marks
