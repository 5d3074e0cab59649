"""The metrics that are watched while training, on train and on val."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf
import tf_keras as keras

from trainer.outputs import CLASSIFICATION, MASK_PROBABILITY, SEGMENTATION

_BySlice = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
"""True masks and probabilities, [batch, S, S, 1] each, to float32 [batch]."""


def metrics() -> dict[str, list[keras.metrics.Metric]]:
    """Class accuracy, and the masks' scores as ``trainer.evaluation.overlap`` defines them.

    Means over slices, at the network's size and before the gate: ``dice_all`` of all,
    ``dice_tumour`` of those with a tumour, ``healthy_false_mask_rate`` of those without. Where a
    split has no such slice, the mean is 0.
    """
    return {
        CLASSIFICATION: [keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
        SEGMENTATION: [
            _MeanAmong("dice_all", slice_dice),
            _MeanAmong("dice_tumour", slice_dice, tumour=True),
            _MeanAmong("healthy_false_mask_rate", _has_mask, tumour=False),
        ],
    }


def slice_dice(truth: tf.Tensor, probability: tf.Tensor) -> tf.Tensor:
    """Dice of each slice at threshold 0.5: [batch, S, S, 1] twice to [batch], empty on empty 1."""
    predicted = tf.cast(probability > MASK_PROBABILITY, tf.float32)
    truth = tf.cast(truth, tf.float32)
    intersection = tf.reduce_sum(predicted * truth, axis=(1, 2, 3))
    total = tf.reduce_sum(predicted + truth, axis=(1, 2, 3))
    return tf.where(total > 0, 2 * intersection / tf.maximum(total, 1), 1.0)


class _MeanAmong(keras.metrics.Mean):
    """The mean of a score over all slices, or over those with a tumour or without one."""

    def __init__(self, name: str, score: _BySlice, tumour: bool | None = None) -> None:
        super().__init__(name)
        self._score = score
        self._tumour = tumour

    def update_state(
        self, y_true: tf.Tensor, y_pred: tf.Tensor, sample_weight: tf.Tensor = None
    ) -> tf.Operation:
        """As Keras has it; weights of slices are not for it."""
        del sample_weight
        scores = self._score(y_true, y_pred)
        if self._tumour is None:
            return super().update_state(scores)
        among = tf.equal(_any_pixel(y_true > 0), self._tumour)
        return super().update_state(scores, sample_weight=tf.cast(among, scores.dtype))


def _has_mask(truth: tf.Tensor, probability: tf.Tensor) -> tf.Tensor:
    del truth
    return tf.cast(_any_pixel(probability > MASK_PROBABILITY), tf.float32)


def _any_pixel(pixels: tf.Tensor) -> tf.Tensor:
    return tf.reduce_any(pixels, axis=(1, 2, 3))
