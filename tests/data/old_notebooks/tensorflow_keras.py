# %%
from __future__ import absolute_import, division, print_function
import tensorflow as tf
from tensorflow import keras
from tensorflow.python.keras.layers import Dense as D, Flatten
from tensorflow.keras.layers import BatchNormalization
import numpy as np
tf.logging.set_verbosity(tf.logging.ERROR)
print(tf.__version__)
tf.set_random_seed(7)

# %%
mnist = tf.keras.datasets.mnist
(x_train, y_train), (x_test, y_test) = mnist.load_data()
x_train, x_test = x_train / 255.0, x_test / 255.0
model = tf.keras.models.Sequential([
  tf.keras.layers.Flatten(input_shape=(28, 28)),
  tf.keras.layers.Dense(64, activation=tf.nn.relu),
  tf.keras.layers.Dropout(rate=1 - 0.8),
  tf.keras.layers.Dense(10, activation=tf.nn.softmax)
])
model.compile(optimizer=tf.train.AdamOptimizer(0.001), loss='sparse_categorical_crossentropy', metrics=['accuracy'])

class myCallback(tf.keras.callbacks.Callback):
  def on_epoch_end(self, epoch, logs={}):
    if(logs.get('acc')>0.99):
      print("\nReached 99% accuracy so cancelling training!")
      self.model.stop_training = True
callbacks = myCallback()
history = model.fit(x_train, y_train, epochs=10, callbacks=[callbacks])
print(history.epoch, history.history['acc'][-1])
model.evaluate(x_test, y_test)

# %%
dataset = tf.data.Dataset.from_tensor_slices((x_train, y_train)).shuffle(1000).batch(32).repeat()
model.fit(dataset, epochs=5, steps_per_epoch=60000 // 32)
test_loss, test_acc = model.evaluate(x_test, y_test, verbose=0)
tf.keras.models.save_model(model, './model.hdf5', include_optimizer=False)
new_model = tf.keras.models.load_model('./model.hdf5', compile=False)
