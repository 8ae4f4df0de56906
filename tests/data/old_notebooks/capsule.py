# %%
import numpy as np
import tensorflow as tf
import keras
from keras import backend as K
from keras import layers, models, optimizers, initializers
from keras.layers import Layer, Input, Conv2D, Dense, Reshape, Lambda, Activation
from keras.utils import to_categorical
from keras.datasets import mnist
K.set_image_data_format('channels_last')

# %%
def squash(vectors, axis=-1):
    s_squared_norm = K.sum(K.square(vectors), axis, keepdims=True)
    scale = s_squared_norm / (1 + s_squared_norm) / K.sqrt(s_squared_norm + K.epsilon())
    return scale * vectors

class Length(layers.Layer):
    def call(self, inputs, **kwargs):
        return K.sqrt(K.sum(K.square(inputs), -1))
    def compute_output_shape(self, input_shape):
        return input_shape[:-1]

class CapsuleLayer(layers.Layer):
    def __init__(self, num_capsule, dim_vector, num_routing=3, kernel_initializer='glorot_uniform', **kwargs):
        super(CapsuleLayer, self).__init__(**kwargs)
        self.num_capsule = num_capsule
        self.dim_vector = dim_vector
        self.num_routing = num_routing
        self.kernel_initializer = initializers.get(kernel_initializer)

    def build(self, input_shape):
        assert len(input_shape) >= 3
        self.input_num_capsule = input_shape[1]
        self.input_dim_vector = input_shape[2]
        self.W = self.add_weight(shape=[self.input_num_capsule, self.num_capsule, self.input_dim_vector, self.dim_vector],
                                 initializer=self.kernel_initializer, name='W')
        self.built = True

    def call(self, inputs, training=None):
        inputs_expand = K.expand_dims(K.expand_dims(inputs, 2), 2)
        inputs_tiled = K.tile(inputs_expand, [1, 1, self.num_capsule, 1, 1])
        inputs_hat = tf.squeeze(tf.matmul(inputs_tiled, self.W), 3)
        b = K.zeros_like(inputs_hat[:, :, :, 0])
        for i in range(self.num_routing):
            c = K.softmax(b, axis=2)
            outputs = squash(K.sum(K.expand_dims(c, -1) * inputs_hat, axis=1))
            if i != self.num_routing - 1:
                b += K.sum(inputs_hat * K.expand_dims(outputs, 1), -1)
        return outputs

    def compute_output_shape(self, input_shape):
        return tuple([None, self.num_capsule, self.dim_vector])

def PrimaryCap(inputs, dim_vector, n_channels, kernel_size, strides, padding):
    output = layers.Conv2D(filters=dim_vector*n_channels, kernel_size=kernel_size, strides=strides, padding=padding)(inputs)
    outputs = layers.Reshape(target_shape=[-1, dim_vector])(output)
    return layers.Lambda(squash)(outputs)

def margin_loss(y_true, y_pred):
    L = y_true * K.square(K.maximum(0., 0.9 - y_pred)) + \
        0.5 * (1 - y_true) * K.square(K.maximum(0., y_pred - 0.1))
    return K.mean(K.sum(L, 1))

# %%
x = layers.Input(shape=(28, 28, 1))
conv1 = layers.Conv2D(filters=16, kernel_size=9, strides=1, padding='valid', activation='relu', name='conv1')(x)
primarycaps = PrimaryCap(conv1, dim_vector=8, n_channels=2, kernel_size=9, strides=2, padding='valid')
digitcaps = CapsuleLayer(num_capsule=10, dim_vector=16, num_routing=3, name='digitcaps')(primarycaps)
out_caps = Length(name='out_caps')(digitcaps)
model = models.Model(x, out_caps)
model.summary()

# %%
(x_train, y_train), (x_test, y_test) = mnist.load_data()
x_train = x_train.reshape(-1, 28, 28, 1).astype('float32') / 255.
x_test = x_test.reshape(-1, 28, 28, 1).astype('float32') / 255.
y_train = to_categorical(y_train.astype('float32'))
y_test = to_categorical(y_test.astype('float32'))
lr_decay = keras.callbacks.LearningRateScheduler(schedule=lambda epoch: 0.001 * np.exp(-epoch / 10.))
log = keras.callbacks.CSVLogger('log.csv')
checkpoint = keras.callbacks.ModelCheckpoint('weights-{epoch:02d}.h5', save_best_only=True, save_weights_only=True, verbose=1)
model.compile(optimizer=optimizers.Adam(lr=0.001), loss=[margin_loss], metrics={'out_caps': 'accuracy'})
model.fit(x_train, y_train, batch_size=100, epochs=30, validation_data=(x_test, y_test), callbacks=[log, checkpoint, lr_decay])
model.save_weights('trained_model.h5')
y_pred = model.predict(x_test, batch_size=100)
print('Test acc:', np.sum(np.argmax(y_pred, 1) == np.argmax(y_test, 1))/float(y_test.shape[0]))
