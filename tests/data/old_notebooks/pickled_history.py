# %%
import pickle
try:
    import cPickle
except ImportError:
    import pickle as cPickle
import numpy as np
import matplotlib.pyplot as plt
%matplotlib inline
from IPython.display import SVG, Image
from keras.utils.visualize_util import plot, model_to_dot
from keras.utils.vis_utils import plot_model
from keras.datasets import mnist
from keras.models import Sequential
from keras.layers.core import Dense, Dropout, Activation, Flatten, Reshape
from keras.layers.convolutional import Convolution2D
from keras.layers.pooling import MaxPooling2D
from keras.regularizers import l2, activity_l2
from keras.utils import np_utils
import itertools

# %%
(X_train, y_train), (X_test, y_test) = mnist.load_data()
X_train = X_train.reshape(X_train.shape[0], 28, 28, 1)
X_test = X_test.reshape(X_test.shape[0], 28, 28, 1)
X_train = X_train.astype('float32'); X_test = X_test.astype('float32')
X_train /= 255
X_test /= 255
Y_train = np_utils.to_categorical(y_train, 10)
Y_test = np_utils.to_categorical(y_test, 10)

model = Sequential()
model.add(Convolution2D(nb_filter=8, nb_row=3, nb_col=3, input_shape=(28,28,1), border_mode='valid', W_regularizer=l2(0.01)))
model.add(Activation('relu'))
model.add(MaxPooling2D((2,2), strides=(2,2), dim_ordering='tf'))
model.add(Dropout(p=0.25))
model.add(Flatten())
model.add(Dense(output_dim=10, activity_regularizer=activity_l2(0.01)))
model.add(Activation('softmax'))
model.compile(optimizer='rmsprop', loss='categorical_crossentropy', metrics=['accuracy'])
hist = model.fit(X_train, Y_train, batch_size=128, nb_epoch=5, verbose=1, validation_data=(X_test, Y_test))

# %%
plot(model, to_file='model.png', show_shapes=True)
SVG(model_to_dot(model).create(prog='dot', format='svg'))
plot_model(model, to_file='model2.png', show_shapes=True, show_layer_names=True)

# %%
with open('history.pkl', 'wb') as f:
    pickle.dump(hist.history, f)
history = pickle.load(open('history.pkl', 'rb'))
plt.plot(history['acc'])
plt.plot(history['val_acc'])
pickle.dump(hist, open('h2.pkl', 'wb'))
pickle.dump(model, open('model.pkl', 'wb'))
np.save('hist.npy', hist.history)
d = np.load('hist.npy', allow_pickle=True).item()
print(d['val_acc'])

# %%
pred = model.predict_classes(X_test)
prob = model.predict_proba(X_test)
incorrects = np.nonzero(model.predict_classes(X_test).reshape((-1,)) != y_test)
print(len(incorrects[0]))
y_pred = model.predict_classes(X_test, batch_size=32, verbose=0)
print((y_pred == np.argmax(Y_test, axis=1)).mean(), np.sum(np.argmax(Y_test,1) == y_pred) / 10000.)
