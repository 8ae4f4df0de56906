# %%
import numpy as np
from keras.models import Sequential, load_model
from keras.layers import Lambda, Dense, Flatten
from keras.datasets import mnist

(x, y), _ = mnist.load_data()
# %%
model = Sequential()
model.add(Lambda(lambda x: x / 255.0, input_shape=(28, 28)))
model.add(Flatten())
model.add(Dense(10, activation="softmax"))
model.compile(loss="sparse_categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
history_object = model.fit(x, y, nb_epoch=2, verbose=1, validation_split=0.2)
print(history_object.history.keys())
print(history_object.history["val_acc"])
model.save("model.h5")
# %%
again = load_model("model.h5")
print(again.predict(x[:4]).shape)
