"""The parts that a network and its training are built from: Keras' own, or faster ones of the same behaviour."""

from typing import Any, NamedTuple

from mnistlab.models.backend import keras


class Parts(NamedTuple):
    """Classes to build and train a network with; each has the constructor of the Keras class it stands for."""

    batch_normalization: Any
    dropout: Any
    optimizer: Any


def standard_parts() -> Parts:
    """Keras' own classes, which saved models consist of, so that any Keras can load them."""
    return Parts(keras.layers.BatchNormalization, keras.layers.Dropout, keras.optimizers.Adam)


def accelerated_parts() -> Parts:
    """The fastest classes for the current backend; Keras' own if training is shared among processes."""
    if keras.backend.backend() != "tensorflow" or keras.distribution.distribution() is not None:
        return standard_parts()
    from mnistlab.models.fused import FastDropout, FusedAdam, FusedBatchNormalization

    return Parts(FusedBatchNormalization, FastDropout, FusedAdam)
