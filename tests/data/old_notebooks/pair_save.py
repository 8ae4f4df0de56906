# %%
import numpy as np
from keras.models import Sequential, model_from_json, load_model
from keras.layers import Dense
from keras.utils import np_utils
from keras.datasets import mnist

(X, y), (Xt, yt) = mnist.load_data()
X = X.reshape(60000, 784) / 255.0
Xt = Xt.reshape(10000, 784) / 255.0
Y = np_utils.to_categorical(y)
model = Sequential()
model.add(Dense(32, input_dim=784, kernel_initializer="normal", activation="relu"))
model.add(Dense(10, kernel_initializer="normal", activation="softmax"))
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
model.fit(X, Y, validation_split=0.1, epochs=3, batch_size=200, verbose=2)
# %%
model_json = model.to_json()
with open("model.json", "w") as json_file:
    json_file.write(model_json)
model.save_weights("model.h5")
model.save("whole_model.h5")
print("Saved model to disk")
# %%
json_file = open("model.json", "r")
loaded_model = model_from_json(json_file.read())
json_file.close()
loaded_model.load_weights("model.h5")
loaded_model.compile(loss="categorical_crossentropy", optimizer="rmsprop", metrics=["accuracy"])
score = loaded_model.evaluate(Xt, np_utils.to_categorical(yt), verbose=0)
print("%s: %.2f%%" % (loaded_model.metrics_names[1], score[1] * 100))
whole = load_model("whole_model.h5")
print(whole.predict_classes(Xt[:10]))
