# %%
import numpy as np
from keras.models import Sequential
from keras.layers import Conv2D, Flatten, Dense
from keras import backend as K

model = Sequential()
model.add(Conv2D(4, (3, 3), activation="relu", input_shape=(28, 28, 1), name="conv"))
model.add(Flatten())
model.add(Dense(10, activation="softmax"))
layer_dict = dict([(layer.name, layer) for layer in model.layers])
# %%
outputs = [layer.output for layer in model.layers]
functor = K.function([model.input], outputs)
acts = functor([np.random.rand(1, 28, 28, 1)])
print([a.shape for a in acts])
print(K.image_dim_ordering() == "tf", K.image_data_format())
# %%
layer_output = layer_dict["conv"].output
loss = K.mean(layer_output[:, :, :, 0])
grads = K.gradients(loss, model.input)[0]
grads /= K.sqrt(K.mean(K.square(grads))) + 1e-5
iterate = K.function([model.input], [loss, grads])
