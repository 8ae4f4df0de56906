# %%
'''Reads MNIST row by row with a recurrent network (IRNN), Keras 1.'''
from __future__ import print_function
import numpy as np
np.random.seed(1337)
from keras.datasets import mnist
from keras.models import Sequential
from keras.layers import Dense, Activation
from keras.layers.recurrent import SimpleRNN, LSTM, GRU
from keras.initializations import normal, identity
from keras.optimizers import RMSprop
from keras.utils import np_utils

batch_size = 32
nb_classes = 10
nb_epochs = 200
hidden_units = 100
learning_rate = 1e-6
clip_norm = 1.0

# %%
(X_train, y_train), (X_test, y_test) = mnist.load_data()
X_train = X_train.reshape(X_train.shape[0], -1, 1)[:, ::28]
X_test = X_test.reshape(X_test.shape[0], -1, 1)[:, ::28]
X_train = X_train.astype('float32') / 255
X_test = X_test.astype('float32') / 255
Y_train = np_utils.to_categorical(y_train, nb_classes)
Y_test = np_utils.to_categorical(y_test, nb_classes)

# %%
model = Sequential()
model.add(SimpleRNN(output_dim=hidden_units,
                    init=lambda shape, name: normal(shape, scale=0.001, name=name),
                    inner_init=lambda shape, name: identity(shape, scale=1.0, name=name),
                    activation='relu',
                    input_shape=X_train.shape[1:]))
model.add(Dense(nb_classes))
model.add(Activation('softmax'))
rmsprop = RMSprop(lr=learning_rate)
model.compile(loss='categorical_crossentropy', optimizer=rmsprop, metrics=['accuracy'])
model.fit(X_train, Y_train, batch_size=batch_size, nb_epoch=nb_epochs, verbose=1, validation_data=(X_test, Y_test))
scores = model.evaluate(X_test, Y_test, verbose=0)
print('IRNN test score:', scores[0])
print('IRNN test accuracy:', scores[1])

# %%
lstm = Sequential()
lstm.add(LSTM(32, return_sequences=True, dropout_W=0.2, dropout_U=0.2, consume_less='gpu', input_length=28, input_dim=1))
lstm.add(GRU(16, inner_activation='hard_sigmoid', go_backwards=True))
lstm.add(Dense(nb_classes, activation='softmax'))
lstm.compile('adam', 'categorical_crossentropy', metrics=['accuracy'])
hist = lstm.fit(X_train, Y_train, nb_epoch=2, validation_split=.1)
print(hist.history['val_acc'][-1], lstm.layers[0].output_shape, lstm.layers[0].W_i if hasattr(lstm.layers[0], 'W_i') else '')
for layer in lstm.layers:
    print(layer.name, layer.input_shape, layer.output_shape, layer.count_params())
