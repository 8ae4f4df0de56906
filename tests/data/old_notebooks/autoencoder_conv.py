# %%
from keras.layers import Input, Convolution2D, MaxPooling2D, UpSampling2D
from keras.models import Model, load_model
from keras.datasets import mnist
import numpy as np

input_img = Input(shape=(28, 28, 1))
x = Convolution2D(8, 3, 3, activation="relu", border_mode="same")(input_img)
x = MaxPooling2D((2, 2), border_mode="same")(x)
x = Convolution2D(8, 3, 3, activation="relu", border_mode="same")(x)
encoded = MaxPooling2D((2, 2), border_mode="same")(x)
x = Convolution2D(8, 3, 3, activation="relu", border_mode="same")(encoded)
x = UpSampling2D((2, 2))(x)
x = UpSampling2D((2, 2))(x)
decoded = Convolution2D(1, 3, 3, activation="sigmoid", border_mode="same")(x)
autoencoder = Model(input_img, decoded)
autoencoder.compile(optimizer="adadelta", loss="binary_crossentropy")
# %%
(x_train, _), (x_test, _) = mnist.load_data()
x_train = np.reshape(x_train, (len(x_train), 28, 28, 1)) / 255.0
x_test = np.reshape(x_test, (len(x_test), 28, 28, 1)) / 255.0
noisy = np.clip(x_train + 0.5 * np.random.normal(loc=0.0, scale=1.0, size=x_train.shape), 0.0, 1.0)
autoencoder.fit(noisy, x_train, nb_epoch=2, batch_size=128, shuffle=True, validation_data=(x_test, x_test))
autoencoder.save("denoise.h5")
# %%
again = load_model("denoise.h5")
codes = Model(again.input, again.get_layer(index=4).output)
print(codes.predict(x_test[:5]).shape)
