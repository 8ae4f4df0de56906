# %%
"""Student pair 2018: functions, argparse, model in a class, plots."""
import argparse, logging
import numpy as np
import matplotlib
matplotlib.use('Agg')
import matplotlib.pyplot as plt
import keras
from keras.datasets import mnist
from keras.models import Sequential, Model, model_from_json
from keras.layers import Conv2D, Dense, Dropout, Activation, Flatten, MaxPooling2D, BatchNormalization, Input, concatenate, ZeroPadding2D, AveragePooling2D
from keras.optimizers import SGD, Adam, Nadam
from keras.losses import categorical_crossentropy
from keras.initializers import glorot_uniform, he_normal
from keras.regularizers import l2
import keras.backend as K
K.set_image_data_format('channels_last')

# %%
class Net(object):
    def __init__(self, n_classes=10, lr=0.01):
        self.n_classes = n_classes
        self.lr = lr
        self.model = self.build()
        self.history = None
    def build(self):
        inp = Input((28, 28, 1))
        X = ZeroPadding2D((3, 3))(inp)
        X = Conv2D(8, (7, 7), strides=(1, 1), name='conv0', kernel_initializer=glorot_uniform(seed=0))(X)
        X = BatchNormalization(axis=3, name='bn0')(X)
        X = Activation('relu')(X)
        X_shortcut = X
        X = Conv2D(8, (3, 3), padding='same')(X)
        X = keras.layers.Add()([X, X_shortcut])
        X = MaxPooling2D((2, 2), name='max_pool')(X)
        X = AveragePooling2D()(X)
        X = Flatten()(X)
        X = Dense(self.n_classes, activation='softmax', name='fc', kernel_regularizer=l2(0.))(X)
        model = Model(inputs=inp, outputs=X, name='HappyModel')
        model.compile(loss=categorical_crossentropy, optimizer=Adam(self.lr, decay=1e-6), metrics=['accuracy'])
        return model
    def train(self, x, y, epochs=1):
        self.history = self.model.fit(x, y, epochs=epochs, batch_size=64, verbose=0, validation_split=0.1)
        return self.history
    def plot(self):
        h = self.history.history
        plt.plot(self.history.epoch, h['acc'], label='train')
        plt.plot(self.history.epoch, h['val_acc'], label='val')
        plt.savefig('h.png')
    def save(self, name='net'):
        with open(name + '.json', 'w') as f:
            f.write(self.model.to_json())
        self.model.save_weights(name + '.h5')
    def load(self, name='net'):
        with open(name + '.json') as f:
            self.model = model_from_json(f.read())
        self.model.load_weights(name + '.h5')
        self.model.compile(loss='categorical_crossentropy', optimizer=SGD(lr=self.lr, momentum=.9), metrics=['accuracy'])
# %%
(x, y), (xt, yt) = mnist.load_data()
x = np.expand_dims(x, 3).astype(K.floatx()) / 255
xt = xt.reshape(xt.shape[0], 28, 28, 1).astype('float32') / 255
Y = keras.utils.to_categorical(y, 10)
net = Net(lr=1e-3)
net.train(x, Y)
net.plot()
net.save()
net.load()
print('%s: %.2f' % (net.model.metrics_names[1], net.model.evaluate(x, Y, verbose=0)[1]))
preds = net.model.predict(xt)
cm = np.zeros((10, 10), dtype=np.int)
for t, p in zip(yt, preds.argmax(axis=-1)):
    cm[t][p] += 1
print(cm)

net.model.layers[-1].outbound_nodes = []
feat = Model(net.model.input, net.model.get_layer('max_pool').output)
print(feat.predict(xt[:3]).shape, feat.output_shape, net.model.layers[1].output_shape)
