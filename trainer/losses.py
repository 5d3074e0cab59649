"""The loss of each task."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import segmentation_models as sm
import tensorflow as tf
import tf_keras as keras

from data import naming
from trainer.config import TrainingConfig
from trainer.outputs import CLASSIFICATION, SEGMENTATION

Loss = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
"""Truth and prediction of a batch to a scalar."""

_SMOOTH = 1e-5


def make_losses(config: TrainingConfig, class_counts: np.ndarray) -> dict[str, Loss]:
    """The loss of each output.

    Args:
        config: Section ``training``.
        class_counts: Train slices by class, int [4].
    """
    balanced = config.class_weights == "balanced"
    weights = balanced_weights(class_counts) if balanced else np.ones(len(naming.CLASSES))
    return {
        CLASSIFICATION: classification_loss(config.label_smoothing, weights),
        SEGMENTATION: segmentation_loss(config),
    }


def balanced_weights(counts: np.ndarray) -> np.ndarray:
    """Weights that let each class weigh the same: int [4] to float64 [4], 1 on average."""
    occurring = np.maximum(counts, 1)
    return counts.sum() / (np.count_nonzero(counts) * occurring)


def classification_loss(label_smoothing: float, class_weights: np.ndarray) -> Loss:
    """Cross entropy, int [batch] and probabilities [batch, 4] to its weighted mean.

    Label smoothing: Szegedy et al. 2016 (arXiv 1512.00567).
    """
    weights = tf.constant(class_weights, tf.float32)

    def loss(truth: tf.Tensor, probabilities: tf.Tensor) -> tf.Tensor:
        labels = tf.one_hot(tf.reshape(truth, [-1]), len(naming.CLASSES))
        entropy = keras.losses.categorical_crossentropy(
            labels, probabilities, label_smoothing=label_smoothing
        )
        return tf.reduce_mean(entropy * tf.linalg.matvec(labels, weights))

    return loss


def segmentation_loss(config: TrainingConfig) -> Loss:
    """Sum of an overlap and a pixel loss, [batch, S, S, 1] twice to a scalar.

    Focal loss: Lin et al. 2017 (arXiv 1708.02002), as segmentation-models has it.
    """
    parts: list[Loss] = []
    if config.pixel_loss == "cross_entropy":
        parts.append(sm.losses.BinaryCELoss())
    elif config.pixel_loss == "focal":
        parts.append(sm.losses.BinaryFocalLoss())
    if config.overlap_loss == "dice":
        parts.append(overlap_loss(0.5))
    elif config.overlap_loss == "tversky":
        parts.append(overlap_loss(config.tversky_beta))

    def loss(truth: tf.Tensor, probability: tf.Tensor) -> tf.Tensor:
        truth = tf.cast(truth, tf.float32)
        # Sums over a batch of masks overflow float16, and lose pixels in bfloat16.
        probability = tf.cast(probability, tf.float32)
        return tf.add_n([tf.reduce_mean(part(truth, probability)) for part in parts] or [0.0])

    return loss


def overlap_loss(beta: float) -> Loss:
    """One minus the Tversky index of a whole batch; ``beta`` 0.5 is Dice's.

    Salehi et al. 2017 (arXiv 1706.05721); Dice: Milletari et al. 2016 (arXiv 1606.04797). Over
    the batch rather than over each slice: an empty mask then adds no gradient of its own, while
    the pixel loss still teaches it to stay empty. And over the batch of all devices together, so
    that several of them learn what one would; segmentation-models' own knows only its device's.

    Args:
        beta: Weight of missed pixels; false ones weigh ``1 - beta``.
    """

    def loss(truth: tf.Tensor, probability: tf.Tensor) -> tf.Tensor:
        hit = tf.reduce_sum(truth * probability)
        sums = tf.stack([hit, tf.reduce_sum(truth) - hit, tf.reduce_sum(probability) - hit])
        if tf.distribute.get_strategy().num_replicas_in_sync > 1:
            context = tf.distribute.get_replica_context()
            sums = context.all_reduce(tf.distribute.ReduceOp.SUM, sums)
        hit, missed, false = tf.unstack(sums)
        return 1 - (hit + _SMOOTH) / (hit + beta * missed + (1 - beta) * false + _SMOOTH)

    return loss
