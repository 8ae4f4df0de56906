# %% [markdown]
# # Reading digits: the "Hello World" of deep learning
#
# MNIST is a collection of 70,000 handwritten digits, each a grey image of 28 × 28 pixels with its label. 60,000 are
# there to learn from, 10,000 to be examined on. Postcodes and cheques have been read this way for decades, so the
# task is real. It looks hard: an image is 784 numbers, and no rule about single pixels tells a 4 from a 9. And yet it
# forgives, because every digit has the same size and sits in the middle. Even a weak model names about nine in ten.
# That makes it a good first program.
#
# How much does it forgive? Rolnick, Veit, Belongie and Shavit ([Deep Learning is Robust to Massive Label
# Noise](https://arxiv.org/abs/1705.10694)) report that a convolutional network still reads more than 90 % of the test
# images right when every clean label is joined by 100 random ones. Joined, not replaced: on average the right label
# remains the most frequent. `mnistlab experiment label-noise` repeats it.
#
# You will build two networks. The first is fully connected; the second adds convolution and pooling. Most of the code
# is there. **Eleven gaps are yours.** Each is marked `TODO` and followed by a `check`, which looks at what you built
# and says at once whether it is right, and if not, what is wrong and why it matters. `hint("mlp.hidden2")` gives a
# hint; asked again, a clearer one; the third time, the lines.
#
# Run the cells from the top, one after the other. Cells that need something you have not built yet say so and wait.

# %%
import numpy as np
from IPython.display import display

from mnistlab import datasets, evaluation, figures
from mnistlab.lesson import check, draw_strokes, hint, ready, summary
from mnistlab.lesson.speed import AugmentedBatches, ProgressLine, accelerate
from mnistlab.models.backend import keras  # Keras itself, imported without TensorFlow's log lines
from mnistlab.system.text import format_matrix

keras.utils.set_random_seed(0)  # the same start for everybody

# %% [markdown]
# ## The data
#
# The images come with the package, so nothing is downloaded. (`keras.datasets.mnist.load_data()` gives the same
# arrays.)

# %%
mnist = datasets.load_mnist()
print(mnist)

# %% [markdown]
# Nine of them, drawn at random. If you ever draw an index yourself, mind the end: `random.randint(0, 60000)` can
# return 60,000, and the last image is number 59,999. NumPy's `rng.integers(0, 60000)` leaves the upper end out.

# %%
figures.plot_samples(mnist.train, num=9, seed=0)

# %% [markdown]
# What the computer sees is a matrix: a number for each pixel, 0 for bare ground and 255 for full ink, the most that
# eight bits can say. One number is enough, because the image is grey; a colour image has three, for red, green and
# blue, and with them 256 × 256 × 256, almost 17 million colours. Whether ink is drawn dark or light is a matter of
# display.

# %%
last_image = mnist.train.images[59_999]
print(format_matrix(last_image[6:24, 6:24]))  # its middle

# %% [markdown]
# ## Preparing it
#
# Three steps, the same for training and test images:
#
# - **Flatten.** A dense layer knows nothing of rows and columns. Lay the 28 rows end to end: a vector of 784 numbers.
# - **Scale.** Divide by 255, so that inputs lie between 0 and 1. The initial weights are made for inputs of about
#   that size.
# - **One-hot.** The network answers with ten numbers, one for each digit, so the label becomes ten numbers too: a 1
#   in the place of the digit and 0 in the nine others. The label 1 becomes `[0, 1, 0, 0, 0, 0, 0, 0, 0, 0]`.

# %%
x_train = mnist.train.images.reshape(60_000, 784).astype("float32") / 255
x_test = mnist.test.images.reshape(10_000, 784).astype("float32") / 255
y_train = keras.utils.to_categorical(mnist.train.labels, 10)
y_test = keras.utils.to_categorical(mnist.test.labels, 10)

check("data.prepare", x_train, y_train, x_test, y_test)

# %% [markdown]
# # A fully connected network
#
# A [Sequential](https://keras.io/guides/sequential_model/) model is a stack of layers, each of which hands its
# numbers to the next. The first hidden layer is given:
#
# - **Dense(512)**: 512 nodes, each a weighted sum of all 784 inputs plus a bias.
# - **ReLU** replaces negative sums by 0. Without such a bend two layers would be no more than one.
# - **Dropout(0.2)** sets a fifth of the 512 outputs to 0, other ones at every step of the training, and scales the
#   rest up. No node can lean on a particular neighbour, which holds back learning by heart (**overfitting**); means
#   against it are called **regularization**. It is outputs that are dropped, not connections, and only while training.

# %%
mlp = keras.Sequential([keras.Input((784,))])
mlp.add(keras.layers.Dense(512))
mlp.add(keras.layers.Activation("relu"))
mlp.add(keras.layers.Dropout(0.2))

# %% [markdown]
# The second hidden layer is like the first, except that its input needs no announcement.
#
# `add` appends. If you run a cell with `add` twice, the layers are there twice: run the cell above again, then the
# ones below it.

# %%
# TODO mlp.hidden2: a dense layer of 512 nodes, ReLU, and dropout of 20 %
### BEGIN SOLUTION
mlp.add(keras.layers.Dense(512))
mlp.add(keras.layers.Activation("relu"))
mlp.add(keras.layers.Dropout(0.2))
### END SOLUTION

check("mlp.hidden2", mlp)

# %% [markdown]
# The output layer has a node for each digit. **Softmax** turns the ten sums into positive numbers that add up to 1,
# so they read as probabilities: 0.94 in the place of the 1 means that the network takes the image for a 1 and gives
# that answer 94 %.

# %%
# TODO mlp.output: a dense layer with a node for each digit, followed by a softmax
### BEGIN SOLUTION
mlp.add(keras.layers.Dense(10))
mlp.add(keras.layers.Activation("softmax"))
### END SOLUTION

check("mlp.output", mlp)

# %%
mlp.summary()

# %% [markdown]
# ## What it should strive for
#
# - The **loss** is what training lessens. Categorical
#   [cross-entropy](https://en.wikipedia.org/wiki/Cross_entropy) is minus the logarithm of the probability that
#   the network gave to the true digit: 0 for certainty in the right answer, 2.3 for an even guess among ten, and
#   without limit the more firmly it insists on a wrong one.
# - The **optimizer** moves every weight a little in the direction in which the loss falls: **gradient descent**. The
#   **learning rate** says how far. Adam scales each weight's step by how large its gradients have been, so that one
#   rate serves all.
# - A **metric** is only shown. Accuracy is the share of right answers.
#
# Keras leaves the arithmetic to a backend: TensorFlow here, JAX or PyTorch if you like. With TensorFlow and JAX the
# first step of a training turns the Python code into a **graph** of operations, which then runs without Python, on a
# processor or a GPU. That is why the first moments are slow.

# %%
if ready("mlp.output"):
    mlp.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    check("mlp.compile", mlp, y_train)

# %% [markdown]
# ## Training
#
# The **batch size** says how many images a step looks at before the weights move once. An **epoch** is one pass over
# all images: with 128 at a time, 469 steps, the last of them with the 96 images that are left.
#
# `accelerate` gives the same network on faster parts, so that this takes seconds. Leave the line away and everything
# still works.

# %%
if ready("mlp.compile"):
    mlp = accelerate(mlp)
    line = ProgressLine()
    options = {"epochs": 5, "verbose": 0, "callbacks": [line]}
    history = mlp.fit(x_train, y_train, batch_size=128, **options)
    check("mlp.train", history)

# %% [markdown]
# Loss and accuracy above are those of images that the network learned from, with dropout on. How does it do on images
# that it never saw?

# %%
measured = {}
if ready("mlp.train"):
    test_loss, test_accuracy = mlp.evaluate(x_test, y_test, verbose=0)
    print(f"test loss {test_loss:.4f}, test accuracy {test_accuracy * 100:.2f} %")
    check("mlp.score", test_accuracy, mlp)
    measured = {128: (line.seconds, test_accuracy)}

# %% [markdown]
# A score hides what is behind it. Here are nine right answers, and the nine wrong ones that the network was surest
# of. Would you have read all of those?

# %%
if ready("mlp.train"):
    answers = evaluation.Evaluation(mnist.test.labels, mlp.predict(x_test, verbose=0))
    display(figures.plot_predictions(mnist.test, answers, answers.right[:9]))
    display(figures.plot_predictions(mnist.test, answers, answers.wrong[:9]))

# %% [markdown]
# ## Does the batch size matter?
#
# You trained with 128 images a step. What will batches of 10,000 do to training time and test accuracy, and what
# batches of 32, with five epochs as before? Decide **before** you measure; a prediction cannot be wrong, and you will
# remember the answer better.

# %%
# TODO batch.predict: for each size, the time ("shorter", "same", "longer")
# and the accuracy ("lower", "same", "higher")
prediction = {10_000: ("?", "?"), 32: ("?", "?")}
### BEGIN SOLUTION
prediction = {10_000: ("shorter", "lower"), 32: ("longer", "same")}
### END SOLUTION

check("batch.predict", prediction)

# %%
if ready("mlp.train", "batch.predict"):
    for batch_size in (10_000, 32):
        keras.utils.set_random_seed(0)
        twin = accelerate(mlp, fresh=True)  # the same layers and optimizer, new weights
        watch = ProgressLine()
        options = {"epochs": 5, "verbose": 0, "callbacks": [watch]}
        twin.fit(x_train, y_train, batch_size=batch_size, **options)
        measured[batch_size] = (watch.seconds, twin.evaluate(x_test, y_test, verbose=0)[1])
    for batch_size, (seconds, accuracy) in measured.items():
        print(f"batches of {batch_size:>6,}: {seconds:5.1f} s, {accuracy * 100:.2f} % right")

# %% [markdown]
# Read the answer off the table. Trainings that differ only in the seed end up to 0.4 points apart here, so call a
# smaller difference `"same"`; so are times that differ by less than 15 %.

# %%
# TODO batch.answer: what you measured, in the same words
answer = {10_000: ("?", "?"), 32: ("?", "?")}
### BEGIN SOLUTION
answer = {}
for batch_size in (10_000, 32):
    longer = measured[batch_size][0] / measured[128][0] - 1
    higher = measured[batch_size][1] - measured[128][1]
    answer[batch_size] = (
        "shorter" if longer < -0.15 else "longer" if longer > 0.15 else "same",
        "lower" if higher < -0.004 else "higher" if higher > 0.004 else "same",
    )
### END SOLUTION

check("batch.answer", answer, measured)

# %% [markdown]
# Why is that so? A large batch keeps the processor busy with one big product, and a small one spends its time on
# overhead. But time is not all: in five epochs batches of 10,000 move the weights 30 times, those of 128 2,345 times.
# The large batch is not stuck in a bad minimum, it has not arrived yet: give it as many **steps** as the small one
# and it does at least as well. And the noise of a small batch is no harm in itself; it only asks for a smaller
# learning rate. `mnistlab experiment batch-size` shows equal epochs, equal steps and scaled learning rates side by
# side, with intervals over seeds.

# %% [markdown]
# # A convolutional network
#
# A dense layer has to learn a stroke anew at every place. A **convolution** slides a small filter over the image and
# uses the same few weights everywhere. So the images stay images, and get a last axis for the channels, of which a
# grey image has one. `x_train` and `x_test` mean these images from here on; to train the first network again, start
# at its preparation.

# %%
x_train = mnist.train.images.reshape(60_000, 28, 28, 1).astype("float32") / 255
x_test = mnist.test.images.reshape(10_000, 28, 28, 1).astype("float32") / 255

check("cnn.prepare", x_train, y_train, x_test, y_test)

# %% [markdown]
# Six layers with weights: four convolutions, two dense ones. New words:
#
# - **Conv2D(32, (3, 3))**: 32 filters of 3 × 3 pixels, each of which gives a map of where its pattern is. Without
#   padding a map loses a frame of one pixel: 28 × 28 becomes 26 × 26.
# - **Batch normalization** brings each map to mean 0 and spread 1 over the batch, then learns a scale and an offset
#   of its own. Networks train faster with it, and are less touchy about the learning rate.
# - **MaxPooling2D((2, 2))** keeps the strongest of every four neighbours: maps of half the height and width.
# - **Flatten** lays what is left end to end: 4 × 4 pixels in 64 maps are 1,024 numbers.
#
# All layers stand in one cell, so you can run it as often as you like.

# %%
cnn = keras.Sequential([keras.Input((28, 28, 1))])

# convolution 1: 32 filters of 3×3, batch normalization, ReLU
cnn.add(keras.layers.Conv2D(32, (3, 3)))
cnn.add(keras.layers.BatchNormalization())
cnn.add(keras.layers.Activation("relu"))

# TODO cnn.conv2: 32 filters of 3×3, batch normalization, ReLU
### BEGIN SOLUTION
cnn.add(keras.layers.Conv2D(32, (3, 3)))
cnn.add(keras.layers.BatchNormalization())
cnn.add(keras.layers.Activation("relu"))
### END SOLUTION

cnn.add(keras.layers.MaxPooling2D((2, 2)))

# TODO cnn.conv3: 64 filters of 3×3, batch normalization, ReLU
### BEGIN SOLUTION
cnn.add(keras.layers.Conv2D(64, (3, 3)))
cnn.add(keras.layers.BatchNormalization())
cnn.add(keras.layers.Activation("relu"))
### END SOLUTION

# TODO cnn.conv4: 64 filters of 3×3, batch normalization, ReLU, then max pooling of 2×2
### BEGIN SOLUTION
cnn.add(keras.layers.Conv2D(64, (3, 3)))
cnn.add(keras.layers.BatchNormalization())
cnn.add(keras.layers.Activation("relu"))
cnn.add(keras.layers.MaxPooling2D((2, 2)))
### END SOLUTION

cnn.add(keras.layers.Flatten())

# TODO cnn.dense5: a dense layer of 512 nodes, batch normalization, ReLU, dropout of 20 %
### BEGIN SOLUTION
cnn.add(keras.layers.Dense(512))
cnn.add(keras.layers.BatchNormalization())
cnn.add(keras.layers.Activation("relu"))
cnn.add(keras.layers.Dropout(0.2))
### END SOLUTION

# TODO cnn.output: the output layer, as in the first network
### BEGIN SOLUTION
cnn.add(keras.layers.Dense(10))
cnn.add(keras.layers.Activation("softmax"))
### END SOLUTION

for step in ("cnn.conv2", "cnn.conv3", "cnn.conv4", "cnn.dense5", "cnn.output"):
    check(step, cnn)

# %%
cnn.summary()

# %%
if ready("cnn.conv2", "cnn.conv3", "cnn.conv4", "cnn.dense5", "cnn.output"):
    cnn.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    check("cnn.compile", cnn, y_train)

# %% [markdown]
# ## More images out of the same ones
#
# A digit that is turned by a few degrees, moved or a little larger is still the same digit. **Augmentation** changes
# every image a little, anew in every epoch, so that the network cannot learn single pixels by heart. Here: rotation
# up to 8°, shifts up to 8 % of the width and height, zoom up to 8 %, and shear up to 0.3, which in Keras' old
# generator means 0.3 **degrees**: next to nothing, as you can see.
#
# The batches are made as they are needed. That saves no memory here, since all images lie in memory anyway; what it
# gives is a fresh variant each time. For data that is larger than memory the same idea reads from disk.
#
# Two more things to get right. The number of steps in an epoch is left to Keras: 60,000 // 128 would drop 96 images.
# And the images to **validate** on are 5,000 held back from training, not the test images: whatever you choose by
# looking at them (when to stop, which layers) has seen them, and the test would no longer be one.

# %%
x_held, y_held = x_train[55_000:], y_train[55_000:]
batches = AugmentedBatches(
    x_train[:55_000],
    y_train[:55_000],
    batch_size=128,
    rotation=8,
    shift=0.08,
    shear=0.3,
    zoom=0.08,
)
figures.plot_augmentation(*batches.variants(num_images=3, num_variants=6))

# %%
if ready("cnn.compile"):
    cnn = accelerate(cnn)
    options = {"epochs": 5, "verbose": 0, "callbacks": [ProgressLine()]}
    history = cnn.fit(batches, validation_data=(x_held, y_held), **options)
    check("cnn.train", history)

# %%
if ready("cnn.train"):
    test_loss, test_accuracy = cnn.evaluate(x_test, y_test, verbose=0)
    print(f"test loss {test_loss:.4f}, test accuracy {test_accuracy * 100:.2f} %")
    check("cnn.score", test_accuracy, cnn)

# %% [markdown]
# ## Which digits does it confuse?
#
# The **confusion matrix** has a row for each true digit and a column for each predicted one. What is right lies on
# the diagonal.

# %%
matrix = mistake = predictions = None
if ready("cnn.train"):
    predictions = cnn.predict(x_test, verbose=0).argmax(axis=1)

# TODO confusion: count the pairs of true and predicted digits in matrix, (10, 10),
# and name the most frequent mistake as mistake = (true digit, predicted digit)
### BEGIN SOLUTION
matrix = np.zeros((10, 10), dtype=int)
np.add.at(matrix, (mnist.test.labels, predictions), 1)
mistakes = matrix - np.diag(matrix.diagonal())
mistake = tuple(int(digit) for digit in np.unravel_index(mistakes.argmax(), (10, 10)))
### END SOLUTION

check("confusion", matrix, mistake, predictions)

# %%
if ready("confusion"):
    display(figures.plot_confusion(matrix).figure)

# %% [markdown]
# ## Your own digit
#
# Now let it read something of yours. A stroke is a list of points (x, y) in pixels, x to the right and y downwards,
# from 0 to 27; the pen is lifted between strokes. Change them, and draw your own digit.

# %%
strokes = [
    [(8, 7), (12, 5), (17, 6), (19, 9), (17, 13), (13, 17), (9, 21)],  # first stroke
    [(8, 22), (14, 21), (20, 22)],  # second stroke
]
drawing = draw_strokes(strokes)  # uint8 (28, 28), 0 ground to 255 ink
figures.plot_image(drawing, "your drawing")

# %%
picture = digit = None
# TODO drawing: prepare the drawing as picture, exactly as the CNN's images were,
# and let the CNN say which digit it is
### BEGIN SOLUTION
picture = drawing.reshape(1, 28, 28, 1).astype("float32") / 255
digit = int(cnn.predict(picture, verbose=0)[0].argmax())
### END SOLUTION

check("drawing", picture, digit, cnn, drawing)

# %% [markdown]
# ## What you have seen
#
# Both networks read far more than 95 % of the test images. Is the difference between them large? In accuracy it looks
# small. In errors it is not: the convolutional network makes a fraction of the other's mistakes. `mnistlab experiment
# compare mlp cnn` asks over several seeds whether that is more than chance.
#
# From here: let it watch a larger batch, leave the augmentation away, or draw digits until it fails. It has learned
# from digits that were centred and scaled; move yours into a corner and see.

# %%
summary()
