# %%
import random
import numpy as np
from keras.datasets import mnist
from keras.models import Sequential, Model
from keras.layers import Dense, Dropout, Input, Lambda
from keras.optimizers import RMSprop
from keras import backend as K


def euclidean_distance(vects):
    x, y = vects
    return K.sqrt(K.maximum(K.sum(K.square(x - y), axis=1, keepdims=True), K.epsilon()))


def eucl_dist_output_shape(shapes):
    shape1, shape2 = shapes
    return (shape1[0], 1)


def contrastive_loss(y_true, y_pred):
    margin = 1
    return K.mean(y_true * K.square(y_pred) + (1 - y_true) * K.square(K.maximum(margin - y_pred, 0)))


def create_pairs(x, indices):
    pairs, labels = [], []
    n = min([len(indices[d]) for d in range(10)]) - 1
    for d in range(10):
        for i in range(min(n, 20)):
            z1, z2 = indices[d][i], indices[d][i + 1]
            pairs += [[x[z1], x[z2]]]
            dn = (d + random.randrange(1, 10)) % 10
            pairs += [[x[z1], x[indices[dn][random.randint(0, 10)]]]]
            labels += [1, 0]
    return np.array(pairs), np.array(labels, dtype=np.float)


def compute_accuracy(predictions, labels):
    return labels[predictions.ravel() < 0.5].mean()


def accuracy(y_true, y_pred):
    return K.mean(K.equal(y_true, K.cast(y_pred < 0.5, y_true.dtype)))


# %%
def create_base_network(input_dim):
    seq = Sequential()
    seq.add(Dense(64, input_shape=(input_dim,), activation="relu"))
    seq.add(Dropout(0.1))
    seq.add(Dense(32, activation="relu"))
    return seq


(x_train, y_train), (x_test, y_test) = mnist.load_data()
x_train = x_train.reshape(60000, 784).astype("float32") / 255
digit_indices = [np.where(y_train == i)[0] for i in range(10)]
tr_pairs, tr_y = create_pairs(x_train, digit_indices)
base_network = create_base_network(784)
input_a = Input(shape=(784,))
input_b = Input(shape=(784,))
processed_a = base_network(input_a)
processed_b = base_network(input_b)
distance = Lambda(euclidean_distance, output_shape=eucl_dist_output_shape)([processed_a, processed_b])
model = Model(input=[input_a, input_b], output=distance)
# %%
model.compile(loss=contrastive_loss, optimizer=RMSprop(), metrics=[accuracy])
h = model.fit([tr_pairs[:, 0], tr_pairs[:, 1]], tr_y, validation_split=0.25, batch_size=128, nb_epoch=2)
pred = model.predict([tr_pairs[:, 0], tr_pairs[:, 1]])
print("* Accuracy on training set: %0.2f%%" % (100 * compute_accuracy(pred, tr_y)))
print(h.history["accuracy"])
