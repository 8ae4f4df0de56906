# %%
from keras.models import *
from keras.layers import *
from keras.optimizers import *
from keras.callbacks import *


# %%
def unet(input_size=(32, 32, 1)):
    inputs = Input(input_size)
    conv1 = Conv2D(4, 3, activation="relu", padding="same", kernel_initializer="he_normal")(inputs)
    pool1 = MaxPooling2D(pool_size=(2, 2))(conv1)
    conv2 = Conv2D(8, 3, activation="relu", padding="same", kernel_initializer="he_normal")(pool1)
    drop2 = Dropout(0.5)(conv2)
    up3 = Conv2D(4, 2, activation="relu", padding="same")(UpSampling2D(size=(2, 2))(drop2))
    merge3 = concatenate([conv1, up3], axis=3)
    conv3 = Conv2D(1, 1, activation="sigmoid")(merge3)
    model = Model(input=inputs, output=conv3)
    model.compile(optimizer=Adam(lr=1e-4), loss="binary_crossentropy", metrics=["accuracy"])
    return model


# %%
model = unet()
images = np.random.rand(12, 32, 32, 1)
masks = (images > 0.5).astype(np.float)
model_checkpoint = ModelCheckpoint("unet.hdf5", monitor="loss", verbose=1, save_best_only=True)
train = ((images[i : i + 4], masks[i : i + 4]) for i in list(range(0, 12, 4)) * 50)
both = zip((images[i : i + 4] for i in [0, 4, 8] * 50), (masks[i : i + 4] for i in [0, 4, 8] * 50))
model.fit_generator(train, steps_per_epoch=3, epochs=1, callbacks=[model_checkpoint])
model.fit_generator(both, steps_per_epoch=3, epochs=1)
print(K.image_data_format())
