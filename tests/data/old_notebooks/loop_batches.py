# %%
import numpy as np
import keras.backend as K
from keras.models import Sequential
from keras.layers import Dense, Activation, Dropout
from keras.optimizers import Adam
from keras.datasets import mnist
from keras.utils.np_utils import to_categorical
from keras.utils.generic_utils import Progbar

(X, y), (Xt, yt) = mnist.load_data()
X, Y = X.reshape(-1, 784) / 255., to_categorical(y)
Xt, Yt = Xt.reshape(-1, 784) / 255., to_categorical(yt)
model = Sequential([Dense(32, input_shape=(784,)), Activation('relu'), Dropout(.25), Dense(10), Activation('softmax')])
model.compile(loss='categorical_crossentropy', optimizer=Adam(lr=0.001, decay=1e-4), metrics=['accuracy'])
get_hidden = K.function([model.layers[0].input], [model.layers[1].output])
get_both = K.function([model.layers[0].input, K.learning_phase()], [model.layers[2].output])
# %%
losses, accs = [], []
for epoch in range(3):
    bar = Progbar(target=len(X))
    perm = np.random.permutation(len(X))
    for i in range(0, len(X), 128):
        idx = perm[i:i + 128]
        loss, acc = model.train_on_batch(X[idx], Y[idx])
        bar.add(len(idx), values=[('train loss', loss), ('acc', acc)])
    losses.append(loss)
    K.set_value(model.optimizer.lr, 0.5 * K.get_value(model.optimizer.lr))
    score = model.test_on_batch(Xt[:100], Yt[:100])
    print('\nepoch %d: %.4f %.4f' % (epoch, score[0], score[1]))
# %%
h = get_hidden([X[:5]])[0]
print(h.shape, get_both([X[:5], 0])[0].shape)
w, b = model.layers[0].get_weights()
print(model.layers[0].W, model.layers[0].b.get_value().shape, w.shape)
classes = model.predict_classes(Xt, batch_size=32)
proba = model.predict_proba(Xt, batch_size=32)
print(np.mean(classes == yt))
json_string = model.to_json()
open('model.json', 'w').write(json_string)
model.save_weights('weights.h5', overwrite=True)
from keras.models import model_from_json
again = model_from_json(open('model.json').read())
again.load_weights('weights.h5')
again.compile(loss='categorical_crossentropy', optimizer='sgd')
print(again.evaluate(Xt, Yt, verbose=0))
