"""Lines of old notebooks for each rule of the migration, with what becomes of them and why."""

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
        "keras.utils.np_utils was removed",
    ),
    "np_utils from its module": (
        "from keras.utils.np_utils import to_categorical as rows_of\nrows = rows_of(y)\n",
        "from keras.utils import to_categorical as rows_of\nrows = rows_of(y)\n",
        "keras.utils.np_utils was removed",
    ),
    "np_utils as an attribute": (
        "import keras.utils.np_utils\nrows = keras.utils.np_utils.to_categorical(y)\n",
        "import keras\nrows = keras.utils.to_categorical(y)\n",
        "keras.utils.np_utils was removed",
    ),
    "np_utils where to_categorical is taken": (
        "from keras.utils import np_utils\ndef to_categorical(y):\n    return np_utils.to_categorical(y)\n",
        "from keras import utils as np_utils\ndef to_categorical(y):\n    return np_utils.to_categorical(y)\n",
        "keras.utils.np_utils was removed",
    ),
    "layers.core": (
        "from keras.layers.core import (\n    Dense,  # wide\n    Dropout,\n)\n",
        "from keras.layers import (\n    Dense,  # wide\n    Dropout,\n)\n",
        "keras.layers.core was removed",
    ),
    "layers.normalization, with a star": (
        "from keras.layers.normalization import *\nfrom keras.layers.convolutional import *\n"
        "x = BatchNormalization()\n",
        "from keras.layers import *\nfrom keras.layers import *\nx = BatchNormalization()\n",
        "keras.layers.normalization was removed",
    ),
    "layers.pooling, dotted": (
        "import keras\nx = keras.layers.pooling.MaxPooling2D()\n",
        "import keras\nx = keras.layers.MaxPooling2D()\n",
        "keras.layers.pooling.MaxPooling2D was removed",
    ),
    "engine": (
        "from keras.engine.topology import Layer, Input\nfrom keras.engine import Model\n",
        "from keras.layers import Layer, Input\nfrom keras.models import Model\n",
        "keras.engine.topology was removed",
    ),
    "tensorflow.python.keras": (
        "from tensorflow.python.keras.layers.core import Dense\n",
        "from tensorflow.keras.layers import Dense\n",
        "was removed",
    ),
    "contrib": (
        "from tensorflow.contrib import keras as k\nx = k.layers.Dense(1)\n",
        "from tensorflow import keras as k\nx = k.layers.Dense(1)\n",
        "tensorflow.contrib.keras was removed",
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
        "Keras 3 no longer has lr",
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
        "the position of the highest probability",
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
        "K.learning_phase were removed",
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
