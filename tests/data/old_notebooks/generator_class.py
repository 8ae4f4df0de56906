# %%
import threading
import numpy as np
from keras.datasets import mnist
from keras.models import Sequential
from keras.layers import Dense, Flatten
from keras.utils import to_categorical, Sequence


class Batches(object):
    """Hands out batches for ever."""

    def __init__(self, x, y, size):
        self.x, self.y, self.size, self.i = x, y, size, 0
        self.lock = threading.Lock()

    def __iter__(self):
        return self

    def __next__(self):
        with self.lock:
            self.i = (self.i + self.size) % 50000
            return self.x[self.i : self.i + self.size], self.y[self.i : self.i + self.size]


class Rows(Sequence):
    def __init__(self, x, y, size):
        self.x, self.y, self.size = x, y, size

    def __len__(self):
        return int(np.ceil(len(self.x) / float(self.size)))

    def __getitem__(self, idx):
        part = slice(idx * self.size, (idx + 1) * self.size)
        return [self.x[part], self.y[part]]


# %%
(x, y), (u, v) = mnist.load_data()
x, u = x / 255.0, u / 255.0
y, v = to_categorical(y), to_categorical(v)
model = Sequential([Flatten(input_shape=(28, 28)), Dense(10, activation="softmax")])
model.compile("sgd", "categorical_crossentropy", ["acc"])
# %%
train = Batches(x, y, 50)
h = model.fit_generator(train, steps_per_epoch=60000 / 50, epochs=3, verbose=2)
print(h.history["acc"])
model.fit_generator(Rows(x, y, 100), steps_per_epoch=len(x) // 100, epochs=1, workers=2, use_multiprocessing=False)
print(model.evaluate_generator(Rows(u, v, 100), steps=10))
