# %%
import numpy as np
from keras.callbacks import Callback
from keras.models import Sequential
from keras.layers.core import Dense


class Scores(Callback):
    def on_train_begin(self, logs={}):
        self.scores = []

    def on_epoch_end(self, batch, logs={}):
        predict = np.asarray(self.model.predict(self.validation_data[0])).round()
        self.scores.append((predict == self.validation_data[1]).mean())


# %%
x, y = np.random.rand(100, 8), np.random.randint(0, 2, 100)
model = Sequential()
model.add(Dense(1, input_dim=8, init="normal", activation="sigmoid"))
model.compile("adam", "binary_crossentropy", metrics=["acc"])
# %%
scores = Scores()
h = model.fit(x, y, validation_split=0.2, nb_epoch=2, callbacks=[scores], verbose=0)
print(scores.scores, h.history["accuracy"])
