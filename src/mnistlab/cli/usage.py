"""The note beside an exported network: how to use it elsewhere, in a few lines of code."""

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from mnistlab.datasets.classes import Classes

from mnistlab.system.text import percent

FileFormat = Literal["onnx", "keras", "litert", "web"]
SUFFIXES: dict[FileFormat, str] = {"onnx": ".onnx", "keras": ".keras", "litert": ".tflite", "web": ".weights"}
"""How the name of a file of each format ends."""

_NEEDS = {
    "onnx": "`pip install onnxruntime`",
    "keras": "`pip install keras tensorflow`",
    "litert": "`pip install ai-edge-litert; TensorFlow has the same interpreter`",
    "web": "a browser, and the modules `forward.js` and `weights.js`. They lie in `web/networks` of every folder\nthat "
    "`mnistlab site build` makes",
}
_LOADING = {
    "onnx": """import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # before the import, or ONNX Runtime reports how it is used
import onnxruntime

session = onnxruntime.InferenceSession({name!r})


def read(images):
    return session.run(["probabilities"], {{"images": images}})[0]
""",
    "keras": """import keras

model = keras.saving.load_model({name!r})


def read(images):
    return model.predict(images.astype("float32"), verbose=0)
""",
    "litert": """try:
    from ai_edge_litert.interpreter import Interpreter
except ImportError:
    import tensorflow

    Interpreter = tensorflow.lite.Interpreter

interpreter = Interpreter({name!r})
network = interpreter.get_signature_runner()


def read(images):
    return network(images=images)["probabilities"]
""",
}
_NOTE = """# {name}

{subject}: the network of the recipe `{recipe}`, {accuracy} right on the test images of
{dataset}. Images come as `uint8` `(num_images, 28, 28)` with ink 255 on ground 0, {form}{more}

Needs: {needs}.

{code}"""
_PYTHON = """```python
import numpy as np
{loading}

images = np.zeros((1, 28, 28), np.uint8)
images[0, 4:24, 13:15] = 255  # a stroke from top to bottom: put your own image here
probabilities = read(images)
print(probabilities.argmax(axis=1))
```
"""
_JAVASCRIPT = """```js
import {{ forward }} from "./forward.js";
import {{ readWeights }} from "./weights.js";

const network = readWeights(await (await fetch({name!r})).arrayBuffer());
const image = new Uint8Array(784); // row by row
for (let row = 4; row < 24; row++) image.fill(255, 28 * row + 13, 28 * row + 15); // put your own image here
const {{ probabilities }} = forward(network, image).outputs;
console.log(probabilities.indexOf(Math.max(...probabilities)));
```
"""


def usage_note(
    name: str, file_format: FileFormat, *, recipe: str, accuracy: float, dataset: str, classes: "Classes"
) -> str:
    """A note in Markdown that says what an exported file is and how to run it without mnistlab.

    Args:
        name: Name of the file, without its folder.
        file_format: Format of the file.
        recipe: Name of the recipe that was trained.
        accuracy: Accuracy on the test split, 0 to 1.
        dataset: Name of the data set that was trained on.
        classes: Classes that the network tells apart.

    Example:
        >>> from mnistlab.datasets.classes import DIGITS
        >>> note = usage_note("mlp.onnx", "onnx", recipe="mlp", accuracy=0.98, dataset="MNIST", classes=DIGITS)
        >>> note.splitlines()[0]
        '# mlp.onnx'
    """
    if file_format == "web":
        code = _JAVASCRIPT.format(name=name)
    else:
        code = _PYTHON.format(loading=_LOADING[file_format].format(name=name))
    subject = "Handwritten digits, 0 to 9"
    form = "each digit in MNIST's form: longest\nside 20 pixels, centre of mass in the middle. "
    if not classes.is_digits:
        named = ", ".join(f"{number} {word}" for number, word in enumerate(classes.names or ()))
        subject = f"Images of ten classes, {named or 'numbered 0 to 9'}"
        form = f"in the form of\nthose of {dataset}. "
    return _NOTE.format(
        subject=subject,
        form=f"{form}Probabilities go out, `(num_images, 10)`.",
        name=name,
        recipe=recipe,
        accuracy=percent(accuracy),
        dataset=dataset,
        more="\nEvery layer's activations can be had as further outputs." if file_format in ("onnx", "web") else "",
        needs=_NEEDS[file_format],
        code=code,
    )
