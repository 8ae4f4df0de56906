# %%
import numpy as np
import keras
import matplotlib.pyplot as plt
from keras import backend as K
from keras.datasets import mnist
from keras.models import Sequential
from keras.layers import Conv2D, MaxPooling2D, Dense, Flatten, Dropout
from keras.preprocessing import image
from keras.utils import to_categorical

(x, y), (xt, yt) = mnist.load_data()
x = x.reshape(-1, 28, 28, 1).astype('float32') / 255
model = Sequential()
model.add(Conv2D(8, kernel_size=(3, 3), activation='relu', input_shape=(28, 28, 1), name='c1'))
model.add(MaxPooling2D(pool_size=(2, 2)))
model.add(Flatten())
model.add(Dense(10, activation='softmax', name='preds'))
model.compile(loss=keras.losses.categorical_crossentropy, optimizer=keras.optimizers.Adadelta(), metrics=['accuracy'])
model.fit(x, to_categorical(y), batch_size=128, epochs=1, verbose=1)

# %%
layer_dict = dict([(layer.name, layer) for layer in model.layers])
get_c1 = K.function([model.layers[0].input, K.learning_phase()], [layer_dict['c1'].output])
fm = get_c1([x[:1], 0])[0]
print(fm.shape)
inp = model.input
outputs = [layer.output for layer in model.layers]
functor = K.function([inp] + [K.learning_phase()], outputs)
layer_outs = functor([x[:1], 1.])

# %%
class_output = model.output[:, 3]
grads = K.gradients(class_output, layer_dict['c1'].output)[0]
pooled = K.mean(grads, axis=(0, 1, 2))
iterate = K.function([model.input], [pooled, layer_dict['c1'].output[0]])
