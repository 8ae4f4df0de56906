# %%
import random
import numpy as np
from keras.datasets import mnist
from keras.models import Sequential, Model
from keras.layers import Dense, Dropout, Input, Lambda, Flatten
from keras.optimizers import SGD, RMSprop
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


def create_pairs(x, digit_indices):
    pairs = []
    labels = []
    n = min([len(digit_indices[d]) for d in range(10)]) - 1
    for d in range(10):
        for i in range(n):
            z1, z2 = digit_indices[d][i], digit_indices[d][i + 1]
            pairs += [[x[z1], x[z2]]]
            inc = random.randrange(1, 10)
            dn = (d + inc) % 10
            z1, z2 = digit_indices[d][i], digit_indices[dn][i]
            pairs += [[x[z1], x[z2]]]
            labels += [1, 0]
    return np.array(pairs), np.array(labels)


def create_base_network(input_dim):
    seq = Sequential()
    seq.add(Dense(32, input_shape=(input_dim,), activation='relu'))
    seq.add(Dropout(0.1))
    seq.add(Dense(32, activation='relu'))
    return seq


def compute_accuracy(predictions, labels):
    return labels[predictions.ravel() < 0.5].mean()


def accuracy(y_true, y_pred):
    return K.mean(K.equal(y_true, K.cast(y_pred < 0.5, y_true.dtype)))


# %%
(X_train, y_train), (X_test, y_test) = mnist.load_data()
X_train = X_train.reshape(60000, 784)[:2000].astype('float32') / 255
y_train = y_train[:2000]
input_dim = 784
digit_indices = [np.where(y_train == i)[0] for i in range(10)]
tr_pairs, tr_y = create_pairs(X_train, digit_indices)
# %%
base_network = create_base_network(input_dim)
input_a = Input(shape=(input_dim,))
input_b = Input(shape=(input_dim,))
processed_a = base_network(input_a)
processed_b = base_network(input_b)
distance = Lambda(euclidean_distance, output_shape=eucl_dist_output_shape)([processed_a, processed_b])
model = Model(input=[input_a, input_b], output=distance)
rms = RMSprop()
model.compile(loss=contrastive_loss, optimizer=rms, metrics=[accuracy])
model.fit([tr_pairs[:, 0], tr_pairs[:, 1]], tr_y, validation_split=.1, batch_size=128, nb_epoch=2)
# %%
pred = model.predict([tr_pairs[:, 0], tr_pairs[:, 1]])
print('* Accuracy: %0.2f%%' % (100 * compute_accuracy(pred, tr_y)))
model.save('siamese.h5')
from keras.models import load_model
m2 = load_model('siamese.h5', custom_objects={'contrastive_loss': contrastive_loss, 'accuracy': accuracy})
print(m2.get_layer(index=2).get_output_at(0), m2.get_layer(index=2).get_output_shape_at(0))
L1 = Lambda(lambda t: K.abs(t[0] - t[1]), output_shape=lambda s: s[0])
both = L1([processed_a, processed_b])
out = Dense(1, activation='sigmoid', bias_initializer=lambda shape, name=None: np.random.normal(0.5, 0.01, shape))(both)
net = Model(input=[input_a, input_b], output=out)
net.compile(loss='binary_crossentropy', optimizer='adam', metrics=['acc'])
net.fit([tr_pairs[:, 0], tr_pairs[:, 1]], tr_y, nb_epoch=1)
