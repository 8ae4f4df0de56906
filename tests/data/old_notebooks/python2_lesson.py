# %%
import cPickle as pickle
import numpy as np
from keras.models import Sequential
from keras.layers.core import Dense, Dropout, Activation
from keras.utils import np_utils
from keras.datasets import mnist
# %%
(X_train, y_train), (X_test, y_test) = mnist.load_data()
print "X_train original shape", X_train.shape
X_train = X_train.reshape(60000, 784).astype("float32") / 255
print 'classes:', len(set(y_train)),
print
for i in xrange(3):
    print "image %d is a %d" % (i, y_train[i])
# %%
model = Sequential()
model.add(Dense(64, input_shape=(784,)))
model.add(Activation('relu'))
model.add(Dense(10))
model.add(Activation('softmax'))
model.compile(loss='categorical_crossentropy', optimizer='adam')
model.fit(X_train, np_utils.to_categorical(y_train, 10), batch_size=128, nb_epoch=4, show_accuracy=True, verbose=1)
# %%
names = {'a': 1, 'b': 2}
for k, v in names.iteritems():
    print k, v
half = X_train[:len(X_train) / 2]
for start in range(0, 100 / 50):
    print start, half.shape
try:
    pickle.loads('nonsense')
except Exception, error:
    print "cannot load:", error
