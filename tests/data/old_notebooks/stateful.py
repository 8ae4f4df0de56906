# %%
# Stateful LSTM, generator with yield, own ROC callback, keras 2.0
import numpy as np
import keras
from keras.models import Sequential
from keras.layers import LSTM, Dense, Dropout, TimeDistributed, Activation, CuDNNLSTM, CuDNNGRU, ConvLSTM2D
from keras.datasets import mnist
from keras.utils import np_utils, Sequence
from keras.callbacks import Callback
bs = 50
(x, y), (xt, yt) = mnist.load_data()
x = x[:2000].reshape(-1, 28, 28) / 255.0
y = np_utils.to_categorical(y[:2000], 10)
# %%
class Metrics(keras.callbacks.Callback):
    def __init__(self, val_data, batch_size=20):
        super().__init__()
        self.validation_data = val_data
        self.batch_size = batch_size
    def on_train_begin(self, logs={}):
        self.f1 = []
        print(self.params)
    def on_epoch_end(self, epoch, logs={}):
        p = np.asarray(self.model.predict(self.validation_data[0], batch_size=50)).argmax(1)
        t = self.validation_data[1].argmax(1)
        self.f1.append((p == t).mean())
        logs['val_f1'] = self.f1[-1]
        print('val', self.f1[-1], logs.keys())
        return
class Reset(Callback):
    def on_epoch_end(self, epoch, logs=None):
        pass
m = Sequential()
m.add(LSTM(16, batch_input_shape=(bs, 28, 28), stateful=True, return_sequences=True))
m.add(LSTM(8, stateful=True))
m.add(Dense(10))
m.add(Activation('softmax'))
m.compile(loss='categorical_crossentropy', optimizer='adam', metrics=['accuracy'])
met = Metrics((x[:100], y[:100]))
for i in range(3):
    m.fit(x, y, batch_size=bs, epochs=1, shuffle=False, callbacks=[met])
    for layer in m.layers:
        if layer.name.startswith('lstm'):
            layer.reset_states()
def gen(x, y, bs):
    while 1:
        for i in range(0, len(x), bs):
            yield x[i:i+bs], y[i:i+bs]
h = m.fit_generator(generator=gen(x, y, bs), steps_per_epoch=len(x)/bs, epochs=2, validation_data=gen(x, y, bs), validation_steps=np.ceil(len(x) / bs), max_queue_size=10, use_multiprocessing=True, workers=2)
r = m.evaluate_generator(gen(x, y, bs), 4)
pp = m.predict_generator(gen(x, y, bs), 4)
print(r, pp.shape, h.history['val_acc'])
# %%
class Seq(Sequence):
    def __init__(self, x, y, b):
        self.x, self.y, self.b = x, y, b
    def __len__(self):
        return int(np.ceil(len(self.x) / float(self.b)))
    def __getitem__(self, i):
        return np.array(self.x[i*self.b:(i+1)*self.b]), np.array(self.y[i*self.b:(i+1)*self.b])
n = Sequential()
n.add(CuDNNGRU(8, input_shape=(28, 28)))
n.add(Dense(10, activation='softmax'))
n.compile('adam', 'categorical_crossentropy', metrics=['acc'])
n.fit_generator(Seq(x, y, 50), epochs=1, steps_per_epoch=40, callbacks=[keras.callbacks.LambdaCallback(on_batch_end=lambda b, l: None, on_epoch_end=lambda e, l: print(l['acc']))])
print(n.predict_classes(x[:3]), n.predict_proba(x[:3]).max())
