# %% [markdown]
# # Reading digits: the "Hello World" of deep learning
#
# MNIST is a collection of 70,000 handwritten digits, each a grey image of 28 × 28 pixels with its label. 60,000 are
# there to learn from and 10,000 to be tested on. Postcodes and cheques have been read this way for decades, so the
# task is real. It looks hard: an image is 784 numbers, and no rule about single pixels tells a 4 from a 9. And yet it
# is forgiving, because every digit has the same size and sits in the middle. Even a weak model gets about nine in ten
# right. That makes it a good first program.
#
# How forgiving is it? Rolnick, Veit, Belongie and Shavit ([Deep Learning is Robust to Massive Label
# Noise](https://arxiv.org/abs/1705.10694)) report that a convolutional network still classifies more than 90 % of the
# test images correctly when every clean label is joined by 100 random ones. Joined, not replaced: on average the right
# label is still the most frequent one. `mnistlab experiment label-noise` repeats the experiment.
#
# You will build two networks. The first is fully connected; the second adds convolution and pooling. Most of the code
# is there already. **Eleven gaps are yours to fill.** Each is marked `TODO` and followed by a `check`, which looks at
# what you built and tells you at once whether it is right, and if not, what is wrong and why it matters.
# `hint("mlp.hidden2")` gives you a hint; ask again for a clearer one, and a third time for the lines themselves.
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
# The images come with the package, so there is nothing to download. (`keras.datasets.mnist.load_data()` gives the same
# arrays.)

# %%
mnist = datasets.load_mnist()
print(mnist)

# %% [markdown]
# Here are nine of them, drawn at random. If you ever draw an index yourself, watch the upper end:
# `random.randint(0, 60000)` can return 60,000, but the last image is number 59,999. NumPy's `rng.integers(0, 60000)`
# leaves the upper end out.

# %%
figures.plot_samples(mnist.train, num=9, seed=0)

# %% [markdown]
# What the computer sees is a matrix: one number for each pixel, from 0 for blank paper to 255 for full ink, the largest
# number that fits into eight bits. One number is enough, because the image is grey. A colour image has three, for red,
# green and blue, which makes 256 × 256 × 256, almost 17 million colours. Whether ink is shown dark or light is only a
# matter of display. This is the last image of the training set, all 28 rows and 28 columns of it:

# %%
last_image = mnist.train.images[59_999]
print(format_matrix(last_image))

# %% [markdown]
# ## Preparing it
#
# Three steps, the same for training and test images:
#
# - **Flatten.** A dense layer knows nothing about rows and columns. Lay the 28 rows end to end, and you get a vector of
#   784 numbers.
# - **Scale.** Divide by 255, so that the inputs lie between 0 and 1. The initial weights are chosen for inputs of about
#   that size.
# - **One-hot.** The network answers with ten numbers, one for each digit, so the label becomes ten numbers too: a 1
#   in the place of the digit and 0 in the nine other places. The label 1 becomes `[0, 1, 0, 0, 0, 0, 0, 0, 0, 0]`.
#
# This is what flattening does to the image above:

# %%
figures.plot_flattening(last_image)

# %%
x_train = mnist.train.images.reshape(60_000, 784).astype("float32") / 255
x_test = mnist.test.images.reshape(10_000, 784).astype("float32") / 255
y_train = keras.utils.to_categorical(mnist.train.labels, 10)
y_test = keras.utils.to_categorical(mnist.test.labels, 10)

check("data.prepare", x_train, y_train, x_test, y_test)

# %% [markdown]
# # A fully connected network
#
# This is the network that you are going to build. Every node is joined to every node of the next layer:

# %%
figures.plot_network((784, 512, 512, 10), ("pixels", "hidden layer", "hidden layer", "digits"))

# %% [markdown]
# A [Sequential](https://keras.io/guides/sequential_model/) model is a stack of layers, each of which passes its
# numbers on to the next. The first hidden layer is given:
#
# - **Dense(512)**: 512 nodes, each of which computes a weighted sum of all 784 inputs, plus a bias.
# - **ReLU** replaces negative sums by 0. Without such a bend, two layers could do no more than one.
# - **Dropout(0.2)** sets a fifth of the 512 outputs to 0, different ones at every training step, and scales up the
#   rest. No node can then rely on one particular neighbour, which makes it harder to learn the images by heart
#   (**overfitting**). Measures against overfitting are called **regularization**. Note that it is outputs that are
#   dropped, not connections, and only during training.

# %%
mlp = keras.Sequential([keras.Input((784,))])
mlp.add(keras.layers.Dense(512))
mlp.add(keras.layers.Activation("relu"))
mlp.add(keras.layers.Dropout(0.2))

# %% [markdown]
# The second hidden layer is like the first, except that Keras already knows the shape of its input.
#
# `add` appends. If you run a cell with `add` twice, its layers are in the model twice: run the cell above again, and
# then the ones below it.

# %%
# TODO mlp.hidden2: a dense layer of 512 nodes, ReLU, and dropout of 20 %
### BEGIN SOLUTION
mlp.add(keras.layers.Dense(512))
mlp.add(keras.layers.Activation("relu"))
mlp.add(keras.layers.Dropout(0.2))
### END SOLUTION

check("mlp.hidden2", mlp)

# %% [markdown]
# The output layer has one node for each digit. **Softmax** turns the ten sums into positive numbers that add up to 1,
# so you can read them as probabilities: 0.94 in the place of the 1 means that the network takes the image for a 1, with
# a probability of 94 %.

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
# ## What training aims for
#
# - The **loss** is what training minimizes. Categorical
#   [cross-entropy](https://en.wikipedia.org/wiki/Cross_entropy) is minus the logarithm of the probability that
#   the network gave to the true digit: 0 if it was certain of the right answer, 2.3 for an even guess among ten, and
#   more and more, without limit, the more firmly it insists on a wrong one.
# - The **optimizer** moves every weight a little in the direction in which the loss falls: **gradient descent**. The
#   **learning rate** says how far. Adam scales the step of each weight by how large its gradients have been, so that
#   one rate suits all of them.
# - A **metric** is only displayed. Accuracy is the share of right answers.
#
# Keras leaves the arithmetic to a backend: TensorFlow here, or JAX or PyTorch if you like. With TensorFlow and JAX, the
# first training step turns the Python code into a **graph** of operations, which then runs without Python, on a
# processor or a GPU. That is why training starts slowly.

# %%
if ready("mlp.output"):
    mlp.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    check("mlp.compile", mlp, y_train)

# %% [markdown]
# ## Training
#
# The **batch size** says how many images the network looks at before the weights move once, which is one step. An
# **epoch** is one pass over all the images: with 128 images at a time it takes 469 steps, and the last one has only the
# 96 images that are left.
#
# `accelerate` returns the same network built from faster parts, so that training takes seconds. You can leave this line
# out, and everything still works.

# %%
if ready("mlp.compile"):
    mlp = accelerate(mlp)
    line = ProgressLine()
    options = {"epochs": 5, "verbose": 0, "callbacks": [line]}
    history = mlp.fit(x_train, y_train, batch_size=128, **options)
    check("mlp.train", history)

# %% [markdown]
# The loss and accuracy above were measured on the images that the network learned from, with dropout switched on. How
# well does it do on images that it has never seen?

# %%
measured = {}
if ready("mlp.train"):
    test_loss, test_accuracy = mlp.evaluate(x_test, y_test, verbose=0)
    print(f"test loss {test_loss:.4f}, test accuracy {test_accuracy * 100:.2f} %")
    check("mlp.score", test_accuracy, mlp)
    measured = {128: (line.seconds, test_accuracy)}

# %% [markdown]
# A single score hides a lot. Here are nine right answers, and the nine wrong ones that the network was most certain
# of. Would you have read all of those correctly?

# %%
if ready("mlp.train"):
    answers = evaluation.Evaluation(mnist.test.labels, mlp.predict(x_test, verbose=0))
    display(figures.plot_predictions(mnist.test, answers, answers.right[:9]))
    display(figures.plot_predictions(mnist.test, answers, answers.wrong[:9]))

# %% [markdown]
# ## Does the batch size matter?
#
# You trained with 128 images per step. What will batches of 10,000 do to the training time and the test accuracy, and
# what will batches of 32 do, with five epochs as before? Decide **before** you measure. A prediction cannot be wrong,
# and you will remember the answer better.

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
# Read the answer off the table. Training runs that differ only in their seed end up to 0.4 points apart here, so call
# any difference of less than half a point `"same"`, and likewise times that differ by less than 15 %.

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
        "lower" if higher < -0.005 else "higher" if higher > 0.005 else "same",
    )
### END SOLUTION

check("batch.answer", answer, measured)

# %% [markdown]
# Why is that? A large batch keeps the processor busy with one big matrix product, whereas small batches spend much of
# the time on overhead. But time is not everything. In five epochs, batches of 10,000 move the weights 30 times; batches
# of 128 move them 2,345 times. The network with the large batch is not stuck in a bad minimum, it has simply not got
# there yet: give it as many **steps** as the other one, and it does at least as well. And the noise of small batches is
# not harmful in itself; it only calls for a smaller learning rate. `mnistlab experiment batch-size` shows equal epochs,
# equal steps and scaled learning rates side by side, with intervals over several seeds.

# %% [markdown]
# # A convolutional network
#
# A dense layer has to learn a stroke all over again for every place where it may occur. A **convolution** slides a
# small filter over the image and uses the same few weights everywhere. So this time the images stay images. They get
# one more axis at the end for the channels, of which a grey image has one. From here on, `x_train` and `x_test` are
# these images; if you want to train the first network again, start from its preparation.

# %%
x_train = mnist.train.images.reshape(60_000, 28, 28, 1).astype("float32") / 255
x_test = mnist.test.images.reshape(10_000, 28, 28, 1).astype("float32") / 255

check("cnn.prepare", x_train, y_train, x_test, y_test)

# %% [markdown]
# The network has six layers with weights: four convolutions and two dense layers. Some new words:
#
# - **Conv2D(32, (3, 3))**: 32 filters of 3 × 3 pixels, each of which produces a map of where its pattern occurs.
#   Without padding, a map loses a border of one pixel: 28 × 28 becomes 26 × 26.
# - **Batch normalization** brings each map to mean 0 and standard deviation 1 over the batch, and then learns a scale
#   and an offset of its own. Networks train faster with it, and the learning rate matters less.
# - **MaxPooling2D((2, 2))** keeps the largest of every four neighbours, so the maps are half as high and half as wide.
# - **Flatten** lays what is left end to end: 4 × 4 pixels in 64 maps make 1,024 numbers.
#
# All the layers are in one cell, so you can run it as often as you like.

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
# A digit that is rotated by a few degrees, shifted or slightly larger is still the same digit. **Augmentation** changes
# every image a little, in a new way in every epoch, so that the network cannot learn single pixels by heart. Here we
# use rotations of up to 8°, shifts of up to 8 % of the width and height, zoom of up to 8 %, and a shear of up to 0.3,
# which in Keras' old generator means 0.3 **degrees**: next to nothing, as you can see.
#
# The batches are made when they are needed. That saves no memory here, since all the images are in memory anyway; what
# it gives us is a fresh variant each time. With data that does not fit into memory, the same idea reads from disk.
#
# There are two more things to get right. First, the number of steps in an epoch is left to Keras: 60,000 // 128 would
# drop 96 images. Second, we **validate** on 5,000 images that are held back from training, and not on the test images.
# Anything that you choose by looking at the validation images (when to stop, which layers to use) is fitted to them a
# little. If they were the test images, the test would no longer be a fair one.

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
# The **confusion matrix** has a row for each true digit and a column for each predicted one. The right answers are on
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
# Now let the network read something of yours. A stroke is a list of points (x, y) in pixels, from 0 to 27, with x to
# the right and y downwards. The pen is lifted between strokes. Change the points and draw a digit of your own.

# %%
strokes = [
    [(8, 7), (12, 5), (17, 6), (19, 9), (17, 13), (13, 17), (9, 21)],  # first stroke
    [(8, 22), (14, 21), (20, 22)],  # second stroke
]
drawing = draw_strokes(strokes)  # uint8 (28, 28), from 0 for blank to 255 for ink
figures.plot_image(drawing, "your drawing")

# %%
picture = digit = None
# TODO drawing: prepare the drawing as picture, exactly as the CNN's images were,
# and let the CNN say which digit it sees
### BEGIN SOLUTION
picture = drawing.reshape(1, 28, 28, 1).astype("float32") / 255
digit = int(cnn.predict(picture, verbose=0)[0].argmax())
### END SOLUTION

check("drawing", picture, digit, cnn, drawing)

# %% [markdown]
# ## What you have seen
#
# Both networks classify far more than 95 % of the test images correctly. Is the difference between them large? In terms
# of accuracy it looks small. In terms of errors it is not: the convolutional network makes only a fraction of the
# mistakes that the other one makes. `mnistlab experiment compare mlp cnn` trains both with several seeds and asks
# whether that is more than chance.
#
# Where to go from here: train with a larger batch, leave out the augmentation, or draw digits until the network fails.
# It has learned from digits that were centred and scaled; move yours into a corner and see what happens.

# %%
summary()
