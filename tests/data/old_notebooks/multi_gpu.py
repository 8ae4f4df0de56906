# %%
import os
os.environ["CUDA_VISIBLE_DEVICES"] = "0,1"
import tensorflow as tf
from keras.utils import multi_gpu_model
from keras.utils.training_utils import multi_gpu_model as mgm
from keras.backend.tensorflow_backend import set_session
from keras.models import Sequential
from keras.layers import Dense
from keras.datasets import mnist
from keras.utils import to_categorical
config = tf.ConfigProto()
config.gpu_options.allow_growth = True
config.gpu_options.per_process_gpu_memory_fraction = 0.3
set_session(tf.Session(config=config))

# %%
with tf.device('/cpu:0'):
    model = Sequential()
    model.add(Dense(10, activation='softmax', input_dim=784))
parallel_model = multi_gpu_model(model, gpus=2)
parallel_model.compile(loss='categorical_crossentropy', optimizer='rmsprop')
(x, y), _ = mnist.load_data()
parallel_model.fit(x.reshape(-1, 784)/255, to_categorical(y), epochs=20, batch_size=256)
model.save('my_model.h5')
