# %%
import keras, time, sys
import numpy as np
from keras.callbacks import Callback, ModelCheckpoint, EarlyStopping, ReduceLROnPlateau, TensorBoard, LambdaCallback
from keras.datasets import mnist
from keras.models import Sequential
from keras.layers import Dense, Dropout
from keras.optimizers import SGD
import keras.backend as K

# %%
class Progress(Callback):
    def on_train_begin(self, logs={}):
        self.losses = []
        self.n = self.params['nb_epoch']
        self.seen = 0

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.time()
        print('Epoch %d/%d' % (epoch + 1, self.params['epochs']))

    def on_batch_end(self, batch, logs={}):
        self.seen += logs.get('size', 0)
        self.losses.append(logs.get('loss'))
        if self.seen % 10000 == 0:
            pass

    def on_epoch_end(self, epoch, logs={}):
        lr = K.get_value(self.model.optimizer.lr)
        print('lr', float(lr), 'took', time.time() - self.start, logs['acc'], logs.get('val_acc'))
        K.set_value(self.model.optimizer.lr, lr * 0.9)

class LossHistory(keras.callbacks.Callback):
    def on_train_begin(self, logs={}):
        self.losses = []
        self.lr = []
    def on_epoch_end(self, batch, logs={}):
        self.losses.append(logs.get('loss'))
        opt = self.model.optimizer
        self.lr.append(float(K.eval(opt.lr)))

# %%
(x, y), (xt, yt) = mnist.load_data()
x = x.reshape(60000, 784) / 255.
xt = xt.reshape(10000, 784) / 255.
y = keras.utils.to_categorical(y, 10); yt = keras.utils.to_categorical(yt, 10)
m = Sequential()
m.add(Dense(32, input_dim=784, activation='relu'))
m.add(Dropout(0.5))
m.add(Dense(10, activation='softmax'))
m.compile(loss='categorical_crossentropy', optimizer=SGD(lr=0.1, momentum=0.9, decay=1e-4, nesterov=True), metrics=['acc'])
lh = LossHistory()
h = m.fit(x, y, epochs=3, validation_data=(xt, yt), callbacks=[Progress(), lh,
   ModelCheckpoint('w.{epoch:02d}-{val_acc:.2f}.hdf5', monitor='val_acc', mode='max', save_best_only=True, period=1),
   EarlyStopping(monitor='val_acc', patience=2, verbose=0, mode='auto'),
   LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch, logs['acc']))])
print(lh.lr)
