"""The loss of each task, and the metrics watched while training."""

from __future__ import annotations

import segmentation_models as sm
import tensorflow as tf
import tf_keras as keras

from trainer.outputs import CLASSIFICATION, MASK_PROBABILITY, SEGMENTATION


def segmentation_loss() -> sm.losses.Loss:
    """Binary cross entropy + Dice loss over the batch, [batch, S, S, 1] to a scalar.

    Dice over the batch rather than over each slice: an empty mask then adds no gradient of its
    own to the Dice part, while cross entropy still teaches it to stay empty (Milletari et al.
    2016, arXiv 1606.04797).
    """
    return sm.losses.BinaryCELoss() + sm.losses.DiceLoss()


def losses() -> dict[str, object]:
    """The loss of each output; class labels are int indices [batch]."""
    return {
        CLASSIFICATION: keras.losses.SparseCategoricalCrossentropy(),
        SEGMENTATION: segmentation_loss(),
    }


def slice_dice(truth: tf.Tensor, probability: tf.Tensor) -> tf.Tensor:
    """Dice of each slice at threshold 0.5: [batch, S, S, 1] twice to [batch], empty on empty 1."""
    predicted = tf.cast(probability > MASK_PROBABILITY, tf.float32)
    truth = tf.cast(truth, tf.float32)
    intersection = tf.reduce_sum(predicted * truth, axis=(1, 2, 3))
    total = tf.reduce_sum(predicted + truth, axis=(1, 2, 3))
    return tf.where(total > 0, 2 * intersection / tf.maximum(total, 1), 1.0)


def metrics() -> dict[str, list[object]]:
    """Class accuracy and all-slice Dice, means over slices."""
    return {
        CLASSIFICATION: [keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
        SEGMENTATION: [keras.metrics.MeanMetricWrapper(slice_dice, name="dice_all")],
    }
