# %%
"""Trains a deep MLP on MNIST, Keras 1."""

from __future__ import print_function
import numpy as np

np.random.seed(1337)
from keras.datasets import mnist
from keras.models import Sequential
from keras.layers.core import Dense, Dropout, Activation
from keras.optimizers import RMSprop
from keras.utils import np_utils

batch_size = 128
nb_classes = 10
nb_epoch = 20
# %%
(X_train, y_train), (X_test, y_test) = mnist.load_data()
X_train = X_train.reshape(60000, 784).astype("float32") / 255
X_test = X_test.reshape(10000, 784).astype("float32") / 255
Y_train = np_utils.to_categorical(y_train, nb_classes)
Y_test = np_utils.to_categorical(y_test, nb_classes=nb_classes)
# %%
model = Sequential()
model.add(Dense(512, input_shape=(784,), init="uniform"))
model.add(Activation("relu"))
model.add(Dropout(p=0.2))
model.add(Dense(output_dim=nb_classes))
model.add(Activation("softmax"))
model.compile(
    loss="categorical_crossentropy", optimizer=RMSprop(lr=0.001, rho=0.9, epsilon=1e-06), class_mode="categorical"
)
# %%
history = model.fit(
    X_train,
    Y_train,
    batch_size=batch_size,
    nb_epoch=nb_epoch,
    show_accuracy=True,
    verbose=2,
    validation_data=(X_test, Y_test),
)
score = model.evaluate(X_test, Y_test, show_accuracy=True, verbose=0)
print("Test score:", score[0])
print("Test accuracy:", score[1])
print(history.history["val_acc"][-1])
classes = model.predict_classes(X_test, verbose=0)
assert classes.shape == (10000,)
assert model.predict_proba(X_test, verbose=0).shape == (10000, 10)
    # end