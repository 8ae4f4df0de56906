# %%
import math
import numpy as np
from keras.models import Sequential
from keras.layers import Dense
from keras.callbacks import LearningRateScheduler, ReduceLROnPlateau
from keras.datasets import mnist
from keras.utils import np_utils
from keras.optimizers import SGD, Adam
from keras import backend as K

def step_decay(epoch):
    initial_lrate = 0.1
    drop = 0.5
    epochs_drop = 10.0
    return initial_lrate * math.pow(drop, math.floor((1+epoch)/epochs_drop))

def scheduler(epoch):
    if epoch % 2 == 0 and epoch != 0:
        lr = K.get_value(model.optimizer.lr)
        K.set_value(model.optimizer.lr, lr * 0.1)
        print("lr changed to {}".format(lr * 0.1))
    return K.get_value(model.optimizer.lr)

# %%
(x_train, y_train), (x_test, y_test) = mnist.load_data()
x_train = x_train.reshape(60000, 784).astype('float32') / 255
y_train = np_utils.to_categorical(y_train, 10)
model = Sequential([Dense(64, activation='relu', input_shape=(784,)), Dense(10, activation='softmax')])
epochs = 50
learning_rate = 0.1
decay_rate = learning_rate / epochs
momentum = 0.8
sgd = SGD(lr=learning_rate, momentum=momentum, decay=decay_rate, nesterov=False)
model.compile(loss='categorical_crossentropy', optimizer=sgd, metrics=['accuracy'])
model.fit(x_train, y_train, epochs=epochs, batch_size=28, verbose=2, validation_split=0.3)

# %%
sgd = SGD(lr=0.0, momentum=0.9, decay=0.0, nesterov=False)
model.compile(loss='categorical_crossentropy', optimizer=sgd, metrics=['accuracy'])
lrate = LearningRateScheduler(step_decay)
history = model.fit(x_train, y_train, validation_split=0.33, epochs=2, batch_size=28, callbacks=[lrate], verbose=2)
reduce_lr = LearningRateScheduler(scheduler)
model.fit(x_train, y_train, epochs=5, callbacks=[reduce_lr, ReduceLROnPlateau(monitor='val_loss', factor=0.2, patience=5, min_lr=0.001, epsilon=1e-4)], validation_split=.1)
print('current lr: %f' % K.eval(model.optimizer.lr))
print(model.optimizer.get_config()['lr'])
print(K.eval(model.optimizer.iterations))
