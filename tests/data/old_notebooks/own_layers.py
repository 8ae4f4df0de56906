# %%
import numpy as np
from keras import backend as K
from keras.engine.topology import Layer
from keras.models import Sequential
from keras.layers import Dense, Activation
from keras import initializations, regularizers


class Antirectifier(Layer):
    def get_output_shape_for(self, input_shape):
        return (input_shape[0], input_shape[1] * 2)

    def call(self, x, mask=None):
        x -= K.mean(x, axis=1, keepdims=True)
        x = K.l2_normalize(x, axis=1)
        return K.concatenate([K.relu(x), K.relu(-x)], axis=1)


class Scale(Layer):
    def __init__(self, size, **kwargs):
        self.size = size
        self.init = initializations.get("one")
        super(Scale, self).__init__(**kwargs)

    def build(self, input_shape):
        self.kernel = self.add_weight(
            name="kernel", shape=(input_shape[1], self.size), initializer="glorot_uniform", trainable=True
        )
        self.gain = self.add_weight("gain", (self.size,), initializer="one")
        super(Scale, self).build(input_shape)

    def call(self, x):
        return K.dot(x, self.kernel) * self.gain

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.size)


# %%
model = Sequential()
model.add(Dense(16, input_shape=(8,)))
model.add(Antirectifier())
model.add(Scale(4))
model.add(Activation("softmax"))
model.compile(loss="categorical_crossentropy", optimizer="rmsprop", metrics=["accuracy"])
x = np.random.rand(200, 8)
y = np.eye(4)[np.random.randint(0, 4, 200)]
model.fit(x, y, nb_epoch=1, validation_split=0.1)
print([layer.output_shape for layer in model.layers], model.layers[2].get_weights()[1])


# %%
class Old(Layer):
    def build(self, input_shape):
        self.W = K.variable(np.random.random((input_shape[1], 2)))
        self.trainable_weights = [self.W]

    def call(self, x, mask=None):
        return K.dot(x, self.W)


old = Sequential([Old(input_shape=(8,))])
