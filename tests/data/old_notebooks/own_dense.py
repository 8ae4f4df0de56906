# %%
"""Adversarial examples and style features as in a blog of 2017."""
import numpy as np
from keras import backend as K
from keras.models import load_model, Sequential, Model
from keras.layers import Dense, Input
from keras.datasets import mnist
from keras.utils.np_utils import to_categorical
from keras.engine.topology import Layer
from keras.engine import InputSpec
from keras import activations, initializations, regularizers
# %%
class MyDense(Layer):
    def __init__(self, output_dim, activation='linear', init='glorot_uniform', **kwargs):
        self.output_dim = output_dim
        self.activation = activations.get(activation)
        self.init = initializations.get(init)
        self.input_spec = [InputSpec(ndim=2)]
        super(MyDense, self).__init__(**kwargs)
    def build(self, input_shape):
        self.W = self.add_weight((input_shape[1], self.output_dim), initializer=self.init, name='{}_W'.format(self.name))
        self.b = self.add_weight((self.output_dim,), initializer='zero', name='{}_b'.format(self.name))
        self.built = True
    def call(self, x, mask=None):
        return self.activation(K.dot(x, self.W) + self.b)
    def get_output_shape_for(self, input_shape):
        return (input_shape[0], self.output_dim)
    def get_config(self):
        base = super(MyDense, self).get_config()
        return dict(list(base.items()) + [('output_dim', self.output_dim)])
# %%
(x, y), (xt, yt) = mnist.load_data()
x = x.reshape(-1, 784).astype('float32') / 255
m = Sequential()
m.add(MyDense(32, activation='relu', input_shape=(784,)))
m.add(Dense(10, activation='softmax'))
m.compile('sgd', 'categorical_crossentropy', ['accuracy'])
m.fit(x, to_categorical(y), nb_epoch=1)
m.save('own.h5')
# %%
z = load_model('own.h5', custom_objects={'MyDense': MyDense})
print(z.evaluate(x, to_categorical(y)))
