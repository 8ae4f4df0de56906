# %%
import numpy as np
from keras.models import load_model
from keras.preprocessing import image
from keras.datasets import mnist

(_, _), (x_test, y_test) = mnist.load_data()
# %%
classifier = load_model("whole_model.h5")
classifier.summary()
# %%
result = classifier.predict_classes(x_test.reshape(-1, 784)[:5] / 255.0)
print(result)
