# %%
from keras.layers import Input, Conv2D, Lambda, Dense, Flatten, MaxPooling2D
from keras.models import Model, Sequential
from keras.regularizers import l2
from keras import backend as K
from keras.optimizers import SGD, Adam
import numpy as np
import numpy.random as rng
from keras.datasets import mnist

def W_init(shape, name=None):
    values = rng.normal(loc=0, scale=1e-2, size=shape)
    return K.variable(values, name=name)

def b_init(shape, name=None):
    values = rng.normal(loc=0.5, scale=1e-2, size=shape)
    return K.variable(values, name=name)

# %%
input_shape = (28, 28, 1)
left_input = Input(input_shape)
right_input = Input(input_shape)
convnet = Sequential()
convnet.add(Conv2D(8, (5, 5), activation='relu', input_shape=input_shape, kernel_initializer=W_init, kernel_regularizer=l2(2e-4)))
convnet.add(MaxPooling2D())
convnet.add(Flatten())
convnet.add(Dense(32, activation="sigmoid", kernel_regularizer=l2(1e-3), kernel_initializer=W_init, bias_initializer=b_init))
encoded_l = convnet(left_input)
encoded_r = convnet(right_input)
L1_distance = lambda x: K.abs(x[0] - x[1])
both = Lambda(L1_distance, output_shape=lambda x: x[0])([encoded_l, encoded_r])
prediction = Dense(1, activation='sigmoid', bias_initializer=b_init)(both)
siamese_net = Model(input=[left_input, right_input], output=prediction)
optimizer = Adam(0.00006)
siamese_net.compile(loss="binary_crossentropy", optimizer=optimizer)
siamese_net.count_params()

# %%
(x, y), _ = mnist.load_data()
x = x[..., np.newaxis] / 255.
def get_batch(n):
    a, b = rng.randint(0, 60000, n), rng.randint(0, 60000, n)
    return [x[a], x[b]], (y[a] == y[b]).astype(float)
for i in range(1, 90000):
    (inputs, targets) = get_batch(16)
    loss = siamese_net.train_on_batch(inputs, targets)
    if i % 100 == 0:
        print("iteration {}, training loss: {:.2f},".format(i, loss))
probs = siamese_net.predict(get_batch(20)[0])
print(np.argmax(probs))
