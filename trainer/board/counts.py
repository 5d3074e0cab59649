"""Counts the answers on val while val is judged, so that nothing is predicted twice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import tensorflow as tf
import tf_keras as keras

from data import naming
from trainer.outputs import CLASSIFICATION, SEGMENTATION

THRESHOLDS = 201
"""Evenly from 0 to 1, as TensorBoard's curves expect them."""

_CLASSES = len(naming.CLASSES)


@dataclass(frozen=True)
class Counts:
    """The counts of a pass over val, as float64.

    Attributes:
        confusion: Slices by true and predicted class, [4, 4].
        classes: Slices by class, whether they are of it, and the last threshold that their
            probability reaches, [4, 2, 201].
        pixels: The same of pixels being tumour, [1, 2, 201].
    """

    confusion: np.ndarray
    classes: np.ndarray
    pixels: np.ndarray


class AnswerCounts(keras.metrics.Metric):
    """Adds up ``Counts`` over batches and devices; its result is none, for it is no scalar."""

    def __init__(self, name: str = "answer_counts") -> None:
        # Pixels of a large split are more than float32 can count.
        super().__init__(name=name, dtype="float64")
        self._confusion = self._zeros("confusion", (_CLASSES, _CLASSES))
        self._classes = self._zeros("classes", (_CLASSES, 2, THRESHOLDS))
        self._pixels = self._zeros("pixels", (1, 2, THRESHOLDS))

    def update_state(self, truth: dict[str, tf.Tensor], answers: dict[str, tf.Tensor]) -> None:
        """Adds a batch: targets and outputs as ``trainer.inputs`` and the network have them."""
        label = tf.reshape(tf.cast(truth[CLASSIFICATION], tf.int32), [-1])
        probabilities = answers[CLASSIFICATION]
        likeliest = tf.argmax(probabilities, axis=-1, output_type=tf.int32)
        self._confusion.assign_add(
            tf.reshape(_count(label * _CLASSES + likeliest, _CLASSES**2), [_CLASSES, _CLASSES])
        )
        self._classes.assign_add(_by_threshold(tf.one_hot(label, _CLASSES), probabilities))
        mask, pixels = truth[SEGMENTATION], answers[SEGMENTATION]
        self._pixels.assign_add(
            _by_threshold(tf.reshape(mask, [-1, 1]), tf.reshape(pixels, [-1, 1]))
        )

    def result(self) -> dict[str, tf.Tensor]:
        """Nothing: Keras logs scalars alone."""
        return {}

    def reset_state(self) -> None:
        """Begins anew."""
        for variable in self.variables:
            variable.assign(tf.zeros(variable.shape, variable.dtype))

    def read(self) -> Counts:
        """What was counted since the last reset; with several workers, to be called on each."""
        variables = (self._confusion, self._classes, self._pixels)
        return Counts(*(tf.convert_to_tensor(variable).numpy() for variable in variables))

    def _zeros(self, name: str, shape: tuple[int, ...]) -> tf.Variable:
        return self.add_weight(name, shape, initializer="zeros")


def _by_threshold(positive: tf.Tensor, probabilities: tf.Tensor) -> tf.Tensor:
    """Counts {0, 1} and probabilities [n, k] to float64 [k, 2, 201]."""
    kinds = probabilities.shape[-1]
    reached = tf.floor(tf.cast(probabilities, tf.float32) * (THRESHOLDS - 1))
    row = 2 * tf.range(kinds) + tf.cast(positive, tf.int32)
    counted = _count(row * THRESHOLDS + tf.cast(reached, tf.int32), kinds * 2 * THRESHOLDS)
    return tf.reshape(counted, [kinds, 2, THRESHOLDS])


def _count(indices: tf.Tensor, number: int) -> tf.Tensor:
    # Unlike tf.math.bincount it is deterministic on GPUs and known to XLA.
    flat = tf.reshape(indices, [-1])
    return tf.math.unsorted_segment_sum(tf.ones_like(flat, tf.float64), flat, number)
