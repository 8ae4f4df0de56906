# %%
import numpy as np
from keras.datasets import mnist
from keras.models import Sequential
from keras.layers import Dense, Flatten, Convolution2D
from keras.utils.np_utils import to_categorical

(X, y), (Xt, yt) = mnist.load_data()
batch_size = 64


def batches(X, y):
    i = 0
    while 1:
        i = (i + batch_size) % (len(X) - batch_size)
        yield [X[i : i + batch_size, ..., None] / 255.0, to_categorical(y[i : i + batch_size], 10)]


# %%
model = Sequential()
model.add(Convolution2D(4, 3, 3, subsample=(2, 2), activation="relu", input_shape=(28, 28, 1)))
model.add(Flatten())
model.add(Dense(10, activation="softmax"))
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
# %%
model.fit_generator(
    batches(X, y),
    samples_per_epoch=len(X),
    nb_epoch=2,
    validation_data=batches(Xt, yt),
    nb_val_samples=800,
    max_q_size=10,
    nb_worker=1,
    pickle_safe=False,
)
score = model.evaluate_generator(batches(Xt, yt), val_samples=1000)
print("loss %.3f acc %.3f" % tuple(score))
p = model.predict_generator(batches(Xt, yt), val_samples=640)
print(p.shape)
