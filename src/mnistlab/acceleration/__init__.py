"""What makes Keras fast on this hardware: parts that take the place of Keras' own and give the same results.

On TensorFlow: batch normalization and Adam on one fused kernel each, dropout from fewer random bits, and many weight
updates per call from Python. On JAX and PyTorch Keras' own parts are used, which their compilers fuse or which have no
fused kernel to call.
"""

from mnistlab.acceleration.parts import Parts, accelerated_parts, standard_parts
from mnistlab.acceleration.pipeline import BlockStream, calls_in_epoch, calls_in_training, fit_stream
from mnistlab.acceleration.precision import policy_name, resolve_precision

__all__ = [
    "BlockStream",
    "Parts",
    "accelerated_parts",
    "calls_in_epoch",
    "calls_in_training",
    "fit_stream",
    "policy_name",
    "resolve_precision",
    "standard_parts",
]
