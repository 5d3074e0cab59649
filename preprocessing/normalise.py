"""Intensity normalisation: grey values to what a pretrained encoder expects."""

from __future__ import annotations

import tensorflow as tf

ENCODER_CHANNELS = 3

# Grey mean and deviation of ImageNet on 0..255 (the channel means 123.7, 116.3, 103.5 and
# deviations 58.4, 57.1, 57.4 averaged). segmentation-models' ResNets take raw 0..255 and begin
# with a batch norm, so slices are brought to the distribution its statistics were learnt from.
ENCODER_MEAN = 114.5
ENCODER_DEVIATION = 57.6


def normalise(grey: tf.Tensor, mean: tf.Tensor, deviation: tf.Tensor) -> tf.Tensor:
    """Standardises grey values and repeats them to the encoder's channels.

    Args:
        grey: uint8 [..., S, S, 1], 0..255.
        mean: float32 [...], the train split's mean, from Transform.
        deviation: float32 [...], its standard deviation.

    Returns:
        float32 [..., S, S, 3].
    """
    standard = (tf.cast(grey, tf.float32) - _spread(mean)) / tf.maximum(_spread(deviation), 1.0)
    return tf.repeat(standard * ENCODER_DEVIATION + ENCODER_MEAN, ENCODER_CHANNELS, axis=-1)


def _spread(scalar: tf.Tensor) -> tf.Tensor:
    return scalar[..., tf.newaxis, tf.newaxis, tf.newaxis]
