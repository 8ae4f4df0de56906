"""TensorFlow's fused kernels behind Keras' interfaces.

Keras 3 computes batch normalization and Adam from elementary operations, each of which reads and writes whole tensors:
on a CPU that costs as much as the convolutions. TensorFlow has one kernel for each. The classes here call those kernels
and change nothing else: same constructor, same variables under the same names, same results to rounding.
"""

from typing import Any

from mnistlab.models.backend import keras
from mnistlab.models.backend import tensorflow as tf


class FusedBatchNormalization(keras.layers.BatchNormalization):  # type: ignore[misc]
    """Batch normalization over the last axis with one kernel forward and one backward.

    Any rank; float32 and bfloat16. Cases that the kernel cannot handle (another axis or dtype, masks, renormalization,
    synchronization over devices) are left to Keras' own implementation. Constructor and variables are those of
    `keras.layers.BatchNormalization`.

    Source: Ioffe and Szegedy, "Batch Normalization", arXiv 1502.03167; TensorFlow's `FusedBatchNormV3`.
    """

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Normalizes `inputs` by the batch's statistics when training, by the moving ones otherwise."""
        last_axis = self.axis in (-1, len(inputs.shape) - 1)
        fits_kernel = self.variable_dtype == "float32" and self.compute_dtype in ("float32", "bfloat16", "float16")
        if mask is not None or self.renorm or self.synchronized or not last_axis or not fits_kernel:
            return super().call(inputs, training=training, mask=mask)
        channels = inputs.shape[-1]
        # The kernel knows images only; other ranks are images of one column.
        images = inputs if len(inputs.shape) == 4 else tf.reshape(inputs, [-1, 1, 1, channels])
        use_batch_statistics = bool(training) and self.trainable
        empty = tf.constant([], tf.float32)
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=images,
            scale=tf.ones([channels]) if self.gamma is None else tf.convert_to_tensor(self.gamma.value),
            offset=tf.zeros([channels]) if self.beta is None else tf.convert_to_tensor(self.beta.value),
            mean=empty if use_batch_statistics else tf.convert_to_tensor(self.moving_mean.value),
            variance=empty if use_batch_statistics else tf.convert_to_tensor(self.moving_variance.value),
            epsilon=self.epsilon,
            data_format="NHWC",
            is_training=use_batch_statistics,
        )
        if use_batch_statistics:
            # The kernel returns the unbiased variance, Keras averages the biased one: multiply by (n - 1) / n.
            count = tf.cast(tf.size(images) // channels, tf.float32)
            biased_variance = variance * (tf.maximum(count - 1, 1) / count)
            self.moving_mean.assign(self.moving_mean * self.momentum + mean * (1 - self.momentum))
            self.moving_variance.assign(self.moving_variance * self.momentum + biased_variance * (1 - self.momentum))
        return outputs if images is inputs else tf.reshape(outputs, tf.shape(inputs))


class FusedAdam(keras.optimizers.Adam):  # type: ignore[misc]
    """Adam whose update is one kernel per variable; its state is that of `keras.optimizers.Adam`, name by name.

    Source: Kingma and Ba, "Adam", arXiv 1412.6980; TensorFlow's `ResourceApplyAdam`.
    """

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Updates one variable and its two moments."""
        fits_kernel = not self.amsgrad and not isinstance(gradient, tf.IndexedSlices) and variable.dtype == "float32"
        if not fits_kernel:
            super().update_step(gradient, variable, learning_rate)
            return
        step = tf.cast(keras.ops.convert_to_tensor(self.iterations) + 1, tf.float32)
        index = self._get_variable_index(variable)
        tf.raw_ops.ResourceApplyAdam(
            var=_handle(variable),
            m=_handle(self._momentums[index]),
            v=_handle(self._velocities[index]),
            beta1_power=tf.pow(tf.constant(self.beta_1), step),
            beta2_power=tf.pow(tf.constant(self.beta_2), step),
            lr=tf.cast(learning_rate, tf.float32),
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=tf.cast(gradient, tf.float32),
        )

    def _all_reduce_sum_gradients(self, grads_and_vars: Any) -> Any:
        """Gradients as they are, unless several replicas must add theirs.

        Keras adds those of a single replica too, and TensorFlow registers that sum's own gradient for the rest of the
        process: the graph of every training run would stay in memory, with all its variables.
        """
        replica = tf.distribute.get_replica_context()
        if replica is None or replica.num_replicas_in_sync > 1:
            return super()._all_reduce_sum_gradients(grads_and_vars)
        return list(grads_and_vars)


def _handle(variable: Any) -> Any:
    """The resource behind a Keras variable."""
    value = variable.value if hasattr(variable, "value") and not hasattr(variable, "handle") else variable
    return value.handle


class FastDropout(keras.layers.Dropout):  # type: ignore[misc]
    """Dropout that draws 16 random bits per activation, where Keras draws a 32-bit float; for many batches at once.

    The rate is exact to 1 in 65,536. Draws come from the same seed generator, so a saved state continues, but differ
    from Keras'. Constructor and variables are those of `keras.layers.Dropout`.

    Source: Srivastava et al., "Dropout", JMLR 15 (2014).

    Attributes:
        drawn: Factors for the next inputs, drawn beforehand by `draw`; `None` lets every call draw its own.
    """

    drawn: Any = None

    @property
    def draws(self) -> bool:
        """Whether there is anything to draw; the other cases are left to Keras."""
        return 0 < round(self.rate * 2**16) < 2**16 and self.noise_shape is None

    def draw(self, shape: Any) -> Any:
        """Draws a factor for each activation: 0 for a random part of them, the same number above 1 for the others.

        Args:
            shape: Shape of the activations; many batches may be drawn at once, which costs less than one by one.
        """
        threshold = round(self.rate * 2**16)
        # TensorFlow's generators take signed 32-bit seeds; Keras folds its own the same way.
        seed = tf.cast(tf.math.floormod(self.seed_generator.next(), tf.int32.max - 1), tf.int32)
        count = tf.reduce_prod(shape)
        words = tf.random.stateless_uniform([(count + 1) // 2], seed, minval=None, maxval=None, dtype=tf.uint32)
        halves = tf.reshape(tf.bitcast(words, tf.uint16), [-1])[:count]
        kept = tf.reshape(halves >= tf.constant(threshold, tf.uint16), shape)
        scale = tf.cast(2**16 / (2**16 - threshold), self.compute_dtype)
        return tf.cast(kept, self.compute_dtype) * scale

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Sets a random part of `inputs` to zero and scales up the rest when training; changes nothing otherwise."""
        if not training or not self.draws:
            return super().call(inputs, training=training)
        return inputs * (self.draw(tf.shape(inputs)) if self.drawn is None else self.drawn)
