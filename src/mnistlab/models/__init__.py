"""Networks: their layers, how a recipe's network is built, and the files that it becomes after training."""

from mnistlab.models.building import (
    build,
    compile_network,
    count_multiply_adds,
    finished_model,
    member_weights,
    optimizer_state,
    optimizer_variables,
    standard_network,
    summary_text,
    to_standard,
)
from mnistlab.models.loading import load_network, load_run, network_from
from mnistlab.models.networks import MODELS, Build, cnn, deep_cnn, deeper_cnn, mlp, small_cnn, softmax, widening_cnn

__all__ = [
    "MODELS",
    "Build",
    "build",
    "cnn",
    "compile_network",
    "count_multiply_adds",
    "deep_cnn",
    "deeper_cnn",
    "finished_model",
    "load_network",
    "load_run",
    "member_weights",
    "mlp",
    "network_from",
    "optimizer_state",
    "optimizer_variables",
    "small_cnn",
    "softmax",
    "standard_network",
    "summary_text",
    "to_standard",
    "widening_cnn",
]
