"""How the losses of both tasks become one: trainable layers, so that what they learn is saved."""

from __future__ import annotations

from collections.abc import Mapping

import tensorflow as tf
import tf_keras as keras

from trainer.config import TrainingConfig
from trainer.outputs import CLASSIFICATION, SEGMENTATION


class FixedWeighting(keras.layers.Layer):
    """The sum of the losses by constant weights."""

    def __init__(self, weights: Mapping[str, float], name: str = "loss_weighting") -> None:
        super().__init__(name=name, dtype="float32")
        self._constants = dict(weights)

    def call(self, losses: dict[str, tf.Tensor]) -> tf.Tensor:
        """Scalars by task to one scalar."""
        return tf.add_n([weight * losses[task] for task, weight in self._constants.items()])

    def current(self) -> dict[str, float]:
        """The weight of each task."""
        return dict(self._constants)


class UncertaintyWeighting(keras.layers.Layer):
    """Weights learnt with the network: ``sum of exp(-s) * loss + s / 2``.

    ``s`` is the logarithm of a task's variance (Kendall, Gal and Cipolla 2018, arXiv 1705.07115).
    """

    def __init__(self, weights: Mapping[str, float], name: str = "loss_weighting") -> None:
        """Begins with ``weights``, which are above 0."""
        super().__init__(name=name, dtype="float32")
        self._log_variance = {
            task: self.add_weight(
                name=f"log_variance_{task}",
                shape=(),
                initializer=keras.initializers.Constant(-float(tf.math.log(weight))),
            )
            for task, weight in weights.items()
        }

    def call(self, losses: dict[str, tf.Tensor]) -> tf.Tensor:
        """Scalars by task to one scalar."""
        return tf.add_n(
            [tf.exp(-s) * losses[task] + s / 2 for task, s in self._log_variance.items()]
        )

    def current(self) -> dict[str, float]:
        """The weight of each task."""
        return {task: float(tf.exp(-s)) for task, s in self._log_variance.items()}


def make_weighting(config: TrainingConfig) -> FixedWeighting | UncertaintyWeighting:
    """The weighting that section ``training`` asks for."""
    kind = UncertaintyWeighting if config.loss_weighting == "uncertainty" else FixedWeighting
    return kind(
        {CLASSIFICATION: config.classification_weight, SEGMENTATION: config.segmentation_weight}
    )
