# %%
import numpy as np
from keras.applications.vgg16 import VGG16, preprocess_input
from keras.preprocessing import image
from keras.models import Model, Sequential
from keras.layers import Dense, GlobalAveragePooling2D, Flatten
from keras.optimizers import SGD
from keras import backend as K
from keras.datasets import cifar10
from keras.utils import to_categorical

(x, y), _ = cifar10.load_data()
x, y = x[:64].astype("float32"), to_categorical(y[:64], 10)
# %%
base_model = VGG16(weights="imagenet", include_top=False, input_shape=(32, 32, 3))
print(base_model.output_shape, len(base_model.layers))
x_out = base_model.output
x_out = GlobalAveragePooling2D()(x_out)
x_out = Dense(16, activation="relu")(x_out)
predictions = Dense(10, activation="softmax")(x_out)
model = Model(input=base_model.input, output=predictions)
for layer in base_model.layers:
    layer.trainable = False
model.compile(optimizer="rmsprop", loss="categorical_crossentropy")
# %%
model.fit(preprocess_input(x), y, nb_epoch=1, batch_size=16)
for i, layer in enumerate(base_model.layers):
    print(i, layer.name, layer.output_shape)
for layer in model.layers[:15]:
    layer.trainable = False
for layer in model.layers[15:]:
    layer.trainable = True
model.compile(optimizer=SGD(lr=0.0001, momentum=0.9), loss="categorical_crossentropy", metrics=["accuracy"])
print(model.evaluate(preprocess_input(x), y))
# %%
get_features = K.function([model.layers[0].input, K.learning_phase()], [model.layers[3].output])
maps = get_features([preprocess_input(x[:2]), 0])[0]
print(maps.shape)
