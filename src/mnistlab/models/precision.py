"""The precision of the arithmetic in the layers."""

from mnistlab.models.backend import keras
from mnistlab.models.backend import tensorflow as tf
from mnistlab.recipes import Precision
from mnistlab.system.processor import processor, uses_onednn


def has_native_bfloat16() -> bool:
    """Whether this machine multiplies bfloat16 faster than float32.

    This needs a GPU, or a CPU with AVX512-BF16 or AMX and a backend that uses them. Elsewhere bfloat16 is emulated and
    many times slower: a fully connected MNIST network went from 3 to 187 seconds per epoch (tensorflow/tensorflow issue
    45441).
    """
    backend = keras.backend.backend()
    if backend == "tensorflow":
        if gpus := tf.config.list_physical_devices("GPU"):
            capability = tf.config.experimental.get_device_details(gpus[0]).get("compute_capability", (0, 0))
            return bool(capability >= (8, 0))  # Ampere and later have bfloat16 units
    elif backend == "jax":
        import jax

        return bool(jax.default_backend() == "gpu")  # on a CPU XLA is slower in bfloat16, whatever the CPU has
    else:
        import torch

        if torch.cuda.is_available():
            return False  # not measured yet
    # TensorFlow's own kernels, which it takes when oneDNN is switched off, emulate bfloat16 everywhere.
    return processor().multiplies_bfloat16 and (backend != "tensorflow" or uses_onednn() is True)


def resolve_precision(precision: Precision) -> Precision:
    """`"float32"` or `"bfloat16"`: what `"auto"` means on this machine; the others stay as they are."""
    if precision == "auto":
        return "bfloat16" if has_native_bfloat16() else "float32"
    return precision


def describe_arithmetic(precision: Precision) -> str:
    """How a recipe of this precision computes in this process, such as `bfloat16, oneDNN, avx512-bf16`, for people."""
    kernels = "oneDNN, " if keras.backend.backend() == "tensorflow" and uses_onednn() else ""
    return f"{resolve_precision(precision)}, {kernels}{processor().kind}"


def policy_name(precision: Precision) -> str:
    """The Keras dtype policy for a precision: weights stay float32, only the layers' arithmetic changes."""
    return {"float32": "float32", "bfloat16": "mixed_bfloat16"}[resolve_precision(precision)]
