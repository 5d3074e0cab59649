"""AdamW by one operation a variable."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tf_keras as keras


class FusedAdamW(keras.optimizers.AdamW):
    """Keras' AdamW (Loshchilov and Hutter 2019, arXiv 1711.05101), for dense gradients.

    Keras moves a weight by a dozen operations, each of which a processor reads and writes all of
    it for; TensorFlow's own ``ResourceApplyAdam`` is one, on all threads. Its variables are Keras'
    own, so a checkpoint of either continues with the other.

    Raises:
        ValueError: ``amsgrad`` is asked for, which that operation does not have.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        if self.amsgrad:
            raise ValueError("amsgrad: not here; keras.optimizers.AdamW has it")

    def update_step(self, gradient: tf.Tensor, variable: tf.Variable) -> None:
        """Moves ``variable``, and its two moments, by its gradient of the same shape."""
        index = self._index_dict[self._var_key(variable)]
        dtype = variable.dtype
        step = tf.cast(self.iterations + 1, dtype)
        beta_1, beta_2 = tf.cast(self.beta_1, dtype), tf.cast(self.beta_2, dtype)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].handle,
            v=self._velocities[index].handle,
            beta1_power=tf.pow(beta_1, step),
            beta2_power=tf.pow(beta_2, step),
            lr=tf.cast(self.learning_rate, dtype),
            beta1=beta_1,
            beta2=beta_2,
            epsilon=tf.cast(self.epsilon, dtype),
            grad=gradient,
        )
