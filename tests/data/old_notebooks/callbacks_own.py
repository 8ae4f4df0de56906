# %%
import numpy as np
import keras
from keras.datasets import mnist
from keras.models import Sequential
from keras.layers import Dense, Activation
from keras.callbacks import Callback, EarlyStopping, ModelCheckpoint, ReduceLROnPlateau, LearningRateScheduler
from keras import backend as K


class LossHistory(keras.callbacks.Callback):
    def on_train_begin(self, logs={}):
        self.losses = []
        self.lr = []
        print("epochs", self.params["nb_epoch"])

    def on_batch_end(self, batch, logs={}):
        self.losses.append(logs.get("loss"))

    def on_epoch_end(self, epoch, logs={}):
        self.lr.append(K.get_value(self.model.optimizer.lr))
        K.set_value(self.model.optimizer.lr, 0.5 * K.get_value(self.model.optimizer.lr))
        if logs.get("acc") > 0.99 and logs.get("val_acc") > 0.98:
            self.model.stop_training = True


# %%
(x, y), (u, v) = mnist.load_data()
x = x.reshape(-1, 784) / 255.0
u = u.reshape(-1, 784) / 255.0
y = keras.utils.np_utils.to_categorical(y)
v = keras.utils.np_utils.to_categorical(v)
model = Sequential([Dense(32, input_dim=784), Activation("relu"), Dense(10), Activation("softmax")])
model.compile(optimizer=keras.optimizers.SGD(lr=0.1), loss="categorical_crossentropy", metrics=["accuracy"])
# %%
history = LossHistory()
best = ModelCheckpoint(
    "best.{epoch:02d}-{val_acc:.2f}.hdf5", monitor="val_acc", save_best_only=True, mode="max", period=1
)
stop = EarlyStopping(monitor="val_acc", patience=2)
plateau = ReduceLROnPlateau(monitor="val_acc", factor=0.5, patience=1, epsilon=1e-3, mode="max")
log = model.fit(x, y, nb_epoch=5, batch_size=128, validation_data=(u, v), callbacks=[history, best, stop, plateau])
print(len(history.losses), history.lr)
for name in ["acc", "val_acc"]:
    print(name, log.history[name][-1])


# %%
def step_decay(epoch):
    return 0.1 * 0.5 ** (epoch // 2)


model.optimizer.lr = 0.05
model.fit(x, y, nb_epoch=2, callbacks=[LearningRateScheduler(step_decay)], verbose=0)
