# %%
import numpy as np
from keras.models import Sequential
from keras.layers import Dense, Merge, Activation, Dropout, MaxoutDense, Highway, Flatten
from keras.layers.convolutional import Convolution2D, MaxPooling2D
from keras.datasets import mnist
from keras.utils.np_utils import to_categorical

# %%
(X_train, y_train), (X_test, y_test) = mnist.load_data()
X_train = X_train.reshape(-1, 784).astype("float32") / 255
Y_train = to_categorical(y_train)
left = Sequential()
left.add(Dense(64, input_shape=(784,), activation='relu'))
right = Sequential()
right.add(Dense(64, input_dim=784, activation='tanh'))
model = Sequential()
model.add(Merge([left, right], mode='concat', concat_axis=-1))
model.add(Dense(10, activation='softmax'))
model.compile(loss='categorical_crossentropy', optimizer='adadelta', metrics=['accuracy'])
model.fit([X_train, X_train], Y_train, batch_size=128, nb_epoch=3)
print(model.predict_classes([X_train[:5], X_train[:5]]))
