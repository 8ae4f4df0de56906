# %%
from __future__ import print_function
import keras
from keras.datasets import mnist
from keras.models import Model
from keras.layers import Input, Dense, TimeDistributed, LSTM, Bidirectional, Masking, RepeatVector, Permute, Flatten, Embedding, Conv1D, GlobalMaxPooling1D, MaxPooling1D, Dropout, Concatenate, Reshape, Multiply, Activation
from keras.layers.merge import add, concatenate, multiply, Dot
from keras.callbacks import CSVLogger
batch_size = 32
num_classes = 10
(x_train, y_train), (x_test, y_test) = mnist.load_data()
x_train = x_train.reshape(x_train.shape[0], 28, 28, 1).astype('float32') / 255
x_test = x_test.reshape(x_test.shape[0], 28, 28, 1).astype('float32') / 255
y_train = keras.utils.to_categorical(y_train, num_classes)
y_test = keras.utils.to_categorical(y_test, num_classes)
row, col, pixel = x_train.shape[1:]
# %%
x = Input(shape=(row, col, pixel))
encoded_rows = TimeDistributed(LSTM(32))(x)
encoded_columns = LSTM(32)(encoded_rows)
prediction = Dense(num_classes, activation='softmax')(encoded_columns)
model = Model(x, prediction)
model.compile(loss='categorical_crossentropy', optimizer='rmsprop', metrics=['accuracy'])
model.fit(x_train[:500], y_train[:500], batch_size=batch_size, epochs=5, verbose=1, validation_data=(x_test[:200], y_test[:200]))
scores = model.evaluate(x_test[:200], y_test[:200], verbose=0)
print('Test loss:', scores[0], 'Test accuracy:', scores[1])
for i, layer in enumerate(model.layers):
    print(i, layer.name, layer.input_shape, layer.output_shape, layer.trainable)
config = model.get_config()
m2 = Model.from_config(config)
m2.set_weights(model.get_weights())
weights = model.layers[1].get_weights()
print(len(weights), model.layers[2].units, model.layers[-1].activation.__name__)
# %%
a = Input(shape=(28, 28))
att = Dense(1, activation='tanh')(a)
att = Flatten()(att)
att = Activation('softmax')(att)
att = RepeatVector(28)(att)
att = Permute([2, 1])(att)
merged = multiply([a, att])
l = Bidirectional(LSTM(8, return_sequences=False, unroll=True), merge_mode='sum')(merged)
o = Dense(10, activation='softmax')(l)
m = Model([a], [o])
m.compile('adam', 'categorical_crossentropy', metrics=['categorical_accuracy'])
h = m.fit(x_train[:200, :, :, 0], y_train[:200], epochs=1, verbose=2, callbacks=[CSVLogger('a.csv', separator=',', append=False)])
print(h.history['categorical_accuracy'])
am = Model(inputs=m.input, outputs=m.get_layer(index=4).output)
print(am.predict(x_train[:2, :, :, 0]).shape)
for w, n in zip(m.get_weights(), [w.name for w in m.weights]): print(n, w.shape)
for w in m.trainable_weights: print(w.name, keras.backend.int_shape(w))
tot = sum(keras.backend.count_params(p) for p in m.trainable_weights)
import numpy as np
tr = int(np.sum([keras.backend.count_params(p) for p in set(m.trainable_weights)]))
print(tot, tr)
