# %%
import numpy as np
from keras.models import Model
from keras.layers import Input, Dense, Embedding, LSTM, merge, Flatten
from keras.engine.topology import Layer
from keras.utils.visualize_util import plot

# %%
a = Input(shape=(16,), name="left")
b = Input(shape=(16,), name="right")
shared = Dense(8, activation="tanh", W_regularizer="l2")
left, right = shared(a), shared(b)
both = merge([left, right], mode="concat", concat_axis=-1)
total = merge([left, right], mode="sum")
times = merge([left, right], mode="mul")
out = Dense(1, activation="sigmoid", name="main")(merge([both, total, times], mode="concat"))
aux = Dense(1, activation="sigmoid", name="aux")(total)
model = Model(input=[a, b], output=[out, aux])
model.compile(
    optimizer="rmsprop",
    loss={"main": "binary_crossentropy", "aux": "binary_crossentropy"},
    loss_weights={"main": 1.0, "aux": 0.2},
)
plot(model, to_file="two.png", show_shapes=True)
# %%
xa, xb = np.random.rand(200, 16), np.random.rand(200, 16)
y = np.random.randint(0, 2, (200, 1))
hist = model.fit({"left": xa, "right": xb}, {"main": y, "aux": y}, nb_epoch=3, batch_size=32, verbose=0)
print(sorted(hist.history))
p, q = model.predict([xa, xb])
print(model.get_layer("main").output_shape, shared.get_output_at(0))
