# %%
from keras.layers import Lambda, Input, Dense
from keras.models import Model
from keras.datasets import mnist
from keras.losses import mse, binary_crossentropy
from keras.utils import plot_model
from keras import backend as K
import numpy as np


def sampling(args):
    z_mean, z_log_var = args
    batch = K.shape(z_mean)[0]
    dim = K.int_shape(z_mean)[1]
    epsilon = K.random_normal(shape=(batch, dim))
    return z_mean + K.exp(0.5 * z_log_var) * epsilon


# %%
(x_train, y_train), (x_test, y_test) = mnist.load_data()
original_dim = x_train.shape[1] * x_train.shape[1]
x_train = np.reshape(x_train, [-1, original_dim]).astype("float32") / 255
inputs = Input(shape=(original_dim,), name="encoder_input")
x = Dense(64, activation="relu")(inputs)
z_mean = Dense(2, name="z_mean")(x)
z_log_var = Dense(2, name="z_log_var")(x)
z = Lambda(sampling, output_shape=(2,), name="z")([z_mean, z_log_var])
encoder = Model(inputs, [z_mean, z_log_var, z], name="encoder")
encoder.summary()
latent_inputs = Input(shape=(2,), name="z_sampling")
x = Dense(64, activation="relu")(latent_inputs)
decoder = Model(latent_inputs, Dense(original_dim, activation="sigmoid")(x), name="decoder")
# %%
outputs = decoder(encoder(inputs)[2])
vae = Model(inputs, outputs, name="vae_mlp")
reconstruction_loss = binary_crossentropy(inputs, outputs)
reconstruction_loss *= original_dim
kl_loss = 1 + z_log_var - K.square(z_mean) - K.exp(z_log_var)
kl_loss = K.sum(kl_loss, axis=-1)
kl_loss *= -0.5
vae_loss = K.mean(reconstruction_loss + kl_loss)
vae.add_loss(vae_loss)
vae.compile(optimizer="adam")
vae.fit(x_train, epochs=1, batch_size=128)
