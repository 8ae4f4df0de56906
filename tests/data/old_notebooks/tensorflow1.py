# %%
%tensorflow_version 1.x
import tensorflow as tf
from tensorflow.examples.tutorials.mnist import input_data
from keras import backend as K
from keras.layers import Dense
from keras.objectives import categorical_crossentropy
sess = tf.Session()
K.set_session(sess)
# %%
mnist_data = input_data.read_data_sets('MNIST_data', one_hot=True)
img = tf.placeholder(tf.float32, shape=(None, 784))
labels = tf.placeholder(tf.float32, shape=(None, 10))
preds = Dense(10, activation='softmax')(Dense(128, activation='relu')(img))
loss = tf.reduce_mean(categorical_crossentropy(labels, preds))
train_step = tf.train.GradientDescentOptimizer(0.5).minimize(loss)
with sess.as_default():
    for i in range(100):
        batch = mnist_data.train.next_batch(50)
        train_step.run(feed_dict={img: batch[0], labels: batch[1]})
