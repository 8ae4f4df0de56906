# %%
import numpy as np
import matplotlib.pyplot as plt
from keras.datasets import mnist
from keras.models import Sequential
from keras.layers import *
from keras.optimizers import SGD
from keras.utils.np_utils import to_categorical

# %%
(X_train, y_train), (X_test, y_test) = mnist.load_data()
X_train = np.expand_dims(X_train, 1) / 255.0
X_test = np.expand_dims(X_test, 1) / 255.0
plt.imshow(X_train[0, 0], cmap="gray")
# %%
model = Sequential(
    [
        ZeroPadding2D((1, 1), input_shape=(1, 28, 28)),
        Convolution2D(8, 3, 3, activation="relu"),
        MaxPooling2D((2, 2), strides=(2, 2)),
        Flatten(),
        Dense(10, activation="softmax"),
    ]
)
model.compile(SGD(lr=0.01, decay=1e-6, momentum=0.9, nesterov=True), "categorical_crossentropy", ["accuracy"])
# %%
model.fit(X_train, to_categorical(y_train), nb_epoch=1, batch_size=64)
