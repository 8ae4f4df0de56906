# %%
import numpy as np
from sklearn.cross_validation import train_test_split
from sklearn.datasets import fetch_mldata
from scipy.misc import imresize, imread
from keras.models import Sequential
from keras.layers import Dense

# %%
digits = fetch_mldata("MNIST original")
X_train, X_test, y_train, y_test = train_test_split(digits.data / 255.0, digits.target.astype(np.int), test_size=0.33)
model = Sequential([Dense(10, input_dim=784, activation="softmax")])
model.compile("sgd", "sparse_categorical_crossentropy")
model.fit(X_train, y_train, nb_epoch=1)
