# %%
import os, h5py, json
import numpy as np
from keras.models import Model, load_model, model_from_json, Sequential
from keras.layers import Input, Dense, Activation, Dropout
from keras.layers.core import Lambda
from keras.utils.generic_utils import get_custom_objects, CustomObjectScope
from keras.datasets import mnist
from keras.utils import to_categorical
import keras.backend as K
import keras.losses

def swish(x):
    return x * K.sigmoid(x)

def focal(y_true, y_pred, gamma=2.):
    y_pred = K.clip(y_pred, K.epsilon(), 1. - K.epsilon())
    return -K.sum(y_true * K.pow(1 - y_pred, gamma) * K.log(y_pred), axis=-1)

def mean_pred(y_true, y_pred):
    return K.mean(y_pred)

get_custom_objects().update({'swish': Activation(swish)})
keras.losses.focal = focal

# %%
(x, y), _ = mnist.load_data()
x = x.reshape(-1, 784) / 255.
Y = to_categorical(y)
inp = Input((784,))
h = Dense(32)(inp)
h = Activation(swish)(h)
h = Dense(16, activation=swish)(h)
out = Dense(10, activation='softmax')(h)
model = Model(inputs=inp, outputs=out)
model.compile('adam', loss=focal, metrics=['accuracy', mean_pred])
model.fit(x, Y, epochs=1, batch_size=128)
model.save('my_model.h5')
del model

# %%
model = load_model('my_model.h5', custom_objects={'swish': swish, 'focal': focal, 'mean_pred': mean_pred})
print(model.evaluate(x, Y, verbose=0))
json_string = model.to_json()
open('architecture.json', 'w').write(json_string)
model.save_weights('weights.h5', overwrite=True)
model2 = model_from_json(open('architecture.json').read(), custom_objects={'swish': swish})
model2.load_weights('weights.h5')
with CustomObjectScope({'swish': swish, 'focal': focal, 'mean_pred': mean_pred}):
    model3 = load_model('my_model.h5')
f = h5py.File('weights.h5', 'r')
print(list(f.keys()))
f.close()
