"""One training step on all devices of all processes, each on its part of the batch (JAX).

Every process draws every batch whole, which is a function of seed and step, and hands it over as it is. Inside the
compiled step it is cut: device i of n computes rows i/n to (i+1)/n. The step is still that of the whole batch: mean
loss, batch statistics, dropout masks and metrics are those of one process, and JAX puts in the sums over all devices
that this takes. A last batch that cannot be cut evenly is computed whole by each, which gives the same numbers.
"""

from typing import Any

from mnistlab.backend import keras


class WholeBatches(keras.distribution.DataParallel):  # type: ignore[misc]
    """Data parallelism over all devices of all processes, where each process is fed the whole batch."""

    def __init__(self) -> None:
        # The data are no tf.data.Dataset, which is the only kind that Keras could cut by itself.
        super().__init__(auto_shard_dataset=False)

    def get_data_layout(self, data_shape: Any) -> Any:
        """Every device gets everything; Keras would take each process's batch for a part of a larger one."""
        return keras.distribution.TensorLayout([None] * len(data_shape), self.device_mesh)

    def cut(self, array: Any) -> Any:
        """Inside a compiled step: leaves each device its rows of a whole batch, if they are as many for each."""
        if array is None or array.shape[0] % self.num_model_replicas:
            return array
        axes = [self.batch_dim_name, *[None] * (len(array.shape) - 1)]
        return keras.distribution.distribute_tensor(array, keras.distribution.TensorLayout(axes, self.device_mesh))


class ShardedSequential(keras.Sequential):  # type: ignore[misc]
    """`keras.Sequential` on JAX whose steps are shared among the devices of a `WholeBatches` distribution."""

    def train_step(self, state: Any, data: Any) -> Any:
        """One weight update, each device on its rows."""
        return super().train_step(state, _cut(data))

    def test_step(self, state: Any, data: Any) -> Any:
        """One batch of the validation, each device on its rows."""
        return super().test_step(state, _cut(data))


def _cut(data: Any) -> Any:
    return keras.tree.map_structure(keras.distribution.distribution().cut, data)
