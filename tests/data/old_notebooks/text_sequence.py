# %%
import numpy as np
from keras.preprocessing import sequence
from keras.models import Sequential
from keras.layers import Dense, Dropout, Activation, Embedding, LSTM, Bidirectional, TimeDistributed
from keras.layers.recurrent import GRU
from keras.layers.wrappers import TimeDistributed as Each

max_features, maxlen = 200, 12
rng = np.random.RandomState(0)
X = sequence.pad_sequences([list(rng.randint(1, max_features, rng.randint(3, 20))) for _ in range(100)], maxlen=maxlen)
y = rng.randint(0, 2, 100)
# %%
model = Sequential()
model.add(Embedding(max_features, 8, input_length=maxlen, dropout=0.2))
model.add(LSTM(8, dropout_W=0.2, dropout_U=0.2, return_sequences=True, consume_less="mem"))
model.add(Bidirectional(GRU(4, inner_activation="hard_sigmoid", unroll=False)))
model.add(Dense(1))
model.add(Activation("sigmoid"))
model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
score, acc = 0, 0
# %%
model.fit(X, y, batch_size=32, nb_epoch=1, validation_data=(X, y))
score, acc = model.evaluate(X, y, batch_size=32)
print("Test accuracy:", acc)
