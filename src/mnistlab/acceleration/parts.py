"""The parts that a network and its training are built from: Keras' own, or faster ones of the same behaviour."""

from typing import Any, NamedTuple

from mnistlab.backend import keras


class Parts(NamedTuple):
    """Classes to build and train a network with; each has the constructor of the Keras class it stands for."""

    model: Any
    batch_normalization: Any
    dropout: Any
    optimizer: Any


def standard_parts() -> Parts:
    """Keras' own classes: what a saved model consists of, so that any Keras can load it."""
    return Parts(keras.Sequential, keras.layers.BatchNormalization, keras.layers.Dropout, keras.optimizers.Adam)


def accelerated_parts() -> Parts:
    """The fastest classes for the current backend, and for training in several processes where that is set."""
    if keras.distribution.distribution() is not None:
        from mnistlab.acceleration.sharded import ShardedSequential

        return standard_parts()._replace(model=ShardedSequential)
    if keras.backend.backend() != "tensorflow":
        return standard_parts()
    from mnistlab.acceleration.fused import BlockSequential, FastDropout, FusedAdam, FusedBatchNormalization

    return Parts(BlockSequential, FusedBatchNormalization, FastDropout, FusedAdam)
