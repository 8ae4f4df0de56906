# %%
import tensorflow as tf
from tensorflow.keras.datasets import fashion_mnist
from tensorflow.keras.callbacks import TensorBoard
from tensorflow.keras.optimizers import Adam

(train_images, train_labels), (test_images, test_labels) = fashion_mnist.load_data()
train_images = train_images / 255.0
# %%
model = tf.keras.Sequential(
    [
        tf.keras.layers.Flatten(input_shape=(28, 28)),
        tf.keras.layers.Dense(32, activation=tf.nn.relu),
        tf.keras.layers.Dense(10, activation=tf.nn.softmax),
    ]
)
model.compile(optimizer=Adam(lr=1e-3, decay=1e-5), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
tb = TensorBoard(
    log_dir="./logs",
    histogram_freq=1,
    batch_size=32,
    write_graph=True,
    write_grads=True,
    embeddings_layer_names=None,
    update_freq="epoch",
)
hist = model.fit(train_images, train_labels, epochs=3, validation_split=0.1, callbacks=[tb])
print(hist.history["acc"], hist.history["val_acc"])
test_loss, test_acc = model.evaluate(test_images / 255.0, test_labels)
