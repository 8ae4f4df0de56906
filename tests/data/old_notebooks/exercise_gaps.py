# %%
import numpy as np
from keras.datasets import mnist
from keras.models import Sequential
from keras.layers.core import Dense, Flatten
(x_train, y_train), (x_test, y_test) = mnist.load_data()
# %%
# Exercise 1: the shapes of the data
num_train = x_train.shape[0]
num_test = # YOUR CODE HERE
print(num_train)
# %%
def build():
    model = Sequential()
    model.add(Flatten(input_shape=(28, 28)))
    model.add(Dense(output_dim=10, activation='softmax'))
    return model
