# %%
import numpy as np
np.random.seed(123)
import random as rn
import tensorflow as tf
import keras
from keras import backend as K
from keras.models import Sequential
from keras.layers import Dense, Flatten, Conv2D, MaxPool2D, Dropout, InputLayer
from keras.layers import GaussianNoise, GaussianDropout, AlphaDropout, LeakyReLU, ELU
from keras.losses import mse, binary_crossentropy, kld, mean_squared_error, categorical_crossentropy
from keras.metrics import categorical_accuracy, top_k_categorical_accuracy, mae
from keras.datasets import mnist, fashion_mnist
# %%
(X, y), (Xt, yt) = mnist.load_data()
img_rows, img_cols = 28, 28
if K.image_data_format() == 'channels_first':
    X = X.reshape(X.shape[0], 1, img_rows, img_cols)
    input_shape = (1, img_rows, img_cols)
else:
    X = X.reshape(X.shape[0], img_rows, img_cols, 1)
    input_shape = (img_rows, img_cols, 1)
X = X / 255.
y = keras.utils.np_utils.to_categorical(y)
def top_3(t, p):
    return top_k_categorical_accuracy(t, p, k=3)
def recall(y_true, y_pred):
    tp = K.sum(K.round(K.clip(y_true * y_pred, 0, 1)))
    pp = K.sum(K.round(K.clip(y_true, 0, 1)))
    return tp / (pp + K.epsilon())
def weighted(weights):
    weights = K.variable(weights)
    def loss(y_true, y_pred):
        y_pred /= K.sum(y_pred, axis=-1, keepdims=True)
        y_pred = K.clip(y_pred, K.epsilon(), 1 - K.epsilon())
        return -K.sum(y_true * K.log(y_pred) * weights, -1)
    return loss
model = Sequential()
model.add(InputLayer(input_shape=input_shape))
model.add(Conv2D(4, kernel_size=(3, 3), strides=(2, 2)))
model.add(LeakyReLU(alpha=0.3))
model.add(GaussianNoise(0.1))
model.add(Flatten())
model.add(AlphaDropout(0.1))
model.add(Dense(10, activation=tf.nn.softmax))
model.compile(loss=weighted(np.ones((10,))), optimizer=keras.optimizers.RMSprop(lr=0.001, rho=0.9, epsilon=None, decay=0.0), metrics=['accuracy', top_3, recall, mae, categorical_accuracy])
H = model.fit(X, y, batch_size=128, epochs=1, validation_split=0.2, shuffle=True)
print(sorted(H.history.keys()), H.history['val_top_3'], H.params)
print(H.history['acc'], H.history['mean_absolute_error'])
ev = model.evaluate(X, y)
print(model.metrics_names, ev)
# %%
print(K.eval(K.constant(3)))
