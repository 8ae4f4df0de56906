# %%
import numpy as np
import matplotlib.pyplot as plt
from keras.datasets import mnist
from keras.models import Model, Sequential
from keras.layers import Input
from keras.layers.core import Dense, Dropout
from keras.layers.advanced_activations import LeakyReLU
from keras.optimizers import Adam
from keras import initializers

random_dim = 100
(X_train, y_train), (X_test, y_test) = mnist.load_data()
X_train = (X_train.astype(np.float32) - 127.5) / 127.5
X_train = X_train.reshape(60000, 784)
# %%
adam = Adam(lr=0.0002, beta_1=0.5)
generator = Sequential()
generator.add(Dense(64, input_dim=random_dim, kernel_initializer=initializers.RandomNormal(stddev=0.02)))
generator.add(LeakyReLU(0.2))
generator.add(Dense(784, activation="tanh"))
generator.compile(loss="binary_crossentropy", optimizer=adam)
discriminator = Sequential()
discriminator.add(Dense(64, input_dim=784, kernel_initializer=initializers.RandomNormal(stddev=0.02)))
discriminator.add(LeakyReLU(alpha=0.2))
discriminator.add(Dropout(0.3))
discriminator.add(Dense(1, activation="sigmoid"))
discriminator.compile(loss="binary_crossentropy", optimizer=Adam(lr=0.0002, beta_1=0.5))
# %%
discriminator.trainable = False
ganInput = Input(shape=(random_dim,))
x = generator(ganInput)
ganOutput = discriminator(x)
gan = Model(inputs=ganInput, outputs=ganOutput)
gan.compile(loss="binary_crossentropy", optimizer=Adam(lr=0.0002, beta_1=0.5))


# %%
def train(epochs=1, batchSize=128):
    batchCount = X_train.shape[0] / batchSize
    print("Batches per epoch:", batchCount)
    for e in range(1, epochs + 1):
        for _ in range(int(batchCount)):
            noise = np.random.normal(0, 1, size=[batchSize, random_dim])
            imageBatch = X_train[np.random.randint(0, X_train.shape[0], size=batchSize)]
            generatedImages = generator.predict(noise)
            X = np.concatenate([imageBatch, generatedImages])
            yDis = np.zeros(2 * batchSize)
            yDis[:batchSize] = 0.9
            discriminator.trainable = True
            dloss = discriminator.train_on_batch(X, yDis)
            yGen = np.ones(batchSize)
            discriminator.trainable = False
            gloss = gan.train_on_batch(noise, yGen)
    generator.save("models_gan_generator_epoch_%d.h5" % e)
    print(dloss, gloss)


train(3, 128)
