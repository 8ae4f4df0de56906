# %%
import os
import numpy as np
from PIL import Image
from keras.preprocessing.image import ImageDataGenerator, img_to_array, load_img
from keras.models import Sequential
from keras.layers import Dense, Flatten, Conv2D

for kind in ("train", "validation"):
    for name in ("even", "odd"):
        os.makedirs(os.path.join("data", kind, name))
        for i in range(8):
            Image.fromarray(np.random.randint(0, 255, (30, 30), dtype="uint8")).save(
                "data/%s/%s/%d.png" % (kind, name, i)
            )
# %%
model = Sequential(
    [Conv2D(4, (3, 3), input_shape=(28, 28, 3), activation="relu"), Flatten(), Dense(1, activation="sigmoid")]
)
model.compile(loss="binary_crossentropy", optimizer="rmsprop", metrics=["accuracy"])
train_datagen = ImageDataGenerator(rescale=1.0 / 255, shear_range=0.2, zoom_range=0.2, horizontal_flip=True)
test_datagen = ImageDataGenerator(rescale=1.0 / 255)
train_generator = train_datagen.flow_from_directory(
    "data/train", target_size=(28, 28), batch_size=4, class_mode="binary"
)
validation_generator = test_datagen.flow_from_directory(
    "data/validation", target_size=(28, 28), batch_size=4, class_mode="binary"
)
# %%
model.fit_generator(
    train_generator,
    samples_per_epoch=train_generator.nb_sample,
    nb_epoch=2,
    validation_data=validation_generator,
    nb_val_samples=16,
)
img = load_img("data/train/odd/0.png", grayscale=True, target_size=(28, 28))
print(img_to_array(img).shape)
model.save_weights("first_try.h5")
