"""A trained network as a file for somewhere else."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from mnistlab.backend import keras


def export_onnx(model: Any, path: Path) -> None:
    """Writes a network as ONNX: uint8 images in, every layer's activations and the probabilities out.

    The input is called `images`, `(num_images, 28, 28)`, pixels 0 to 255; the outputs bear the names of the layers, the
    last one `probabilities`, `(num_images, 10)`. The file stands alone: no TensorFlow, no Keras, no mnistlab is needed
    to run it.

    Args:
        model: a standard float32 model, from `models.to_standard`.
        path: where to write; an existing file is replaced.
    """
    images = keras.Input((28, 28), dtype="uint8", name="images")
    activations, outputs = keras.ops.cast(images, "float32"), []
    for layer in model.layers:
        activations = layer(activations)
        outputs.append(activations)
    names = [layer.name for layer in model.layers]
    probe = keras.Model(images, outputs)
    probe(np.zeros((1, 28, 28), np.uint8))  # Keras exports only models that were called
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # tf2onnx probes NumPy for names that NumPy 2 dropped
        probe.export(path, format="onnx", verbose=False)
    graph = onnx.load(path)
    _rename_outputs(graph, names)
    onnx.checker.check_model(graph, full_check=True)
    onnx.save(graph, path)


def _rename_outputs(model: onnx.ModelProto, names: list[str]) -> None:
    """Gives the graph's outputs the names of the layers and every batch axis the name `num_images`."""
    outputs = model.graph.output
    if len(outputs) != len(names):
        raise ValueError(f"The exported graph has {len(outputs)} outputs; {len(names)} layers were expected.")
    for output, name in zip(outputs, names, strict=True):
        model.graph.node.append(onnx.helper.make_node("Identity", [output.name], [name], name=f"output_{name}"))
        output.name = name
        output.type.tensor_type.shape.dim[0].dim_param = "num_images"
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "num_images"
    model.producer_name = "mnistlab"
