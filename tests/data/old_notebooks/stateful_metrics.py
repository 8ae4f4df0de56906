# %%
import numpy as np
from keras import backend as K
from keras.models import Sequential
from keras.layers import Dense
from keras.regularizers import l2
from keras.constraints import maxnorm
from keras.layers.noise import GaussianNoise


def precision(y_true, y_pred):
    hits = K.sum(K.round(K.clip(y_true * y_pred, 0, 1)))
    return hits / (K.sum(K.round(K.clip(y_pred, 0, 1))) + K.epsilon())


def focal(gamma=2.0):
    def loss(y_true, y_pred):
        p = K.clip(y_pred, K.epsilon(), 1 - K.epsilon())
        return -K.mean(K.pow(1 - p, gamma) * y_true * K.log(p) + K.pow(p, gamma) * (1 - y_true) * K.log(1 - p))

    return loss


# %%
model = Sequential()
model.add(GaussianNoise(sigma=0.1, input_shape=(8,)))
model.add(Dense(16, W_regularizer=l2(l=0.01), W_constraint=maxnorm(m=2), activation="relu"))
model.add(Dense(1, activation="sigmoid", bias=True))
model.compile(loss=focal(), optimizer="nadam", metrics=["accuracy", precision])
x, y = np.random.rand(100, 8), np.random.randint(0, 2, (100, 1))
h = model.fit(x, y, epochs=2, verbose=0, class_weight="auto", validation_split=0.2)
print(h.history["precision"], h.history["val_acc"])
scores = model.evaluate(x, y, verbose=0)
for name, value in zip(model.metrics_names, scores):
    print(name, value)
model.compile(loss="kullback_leibler_divergence", optimizer="sgd", metrics="accuracy")
