"""Decodes slices and masks of any supported format inside a TensorFlow graph."""

from __future__ import annotations

import tensorflow as tf

from data.checks import MASK_THRESHOLD
from preprocessing.config import PreprocessingConfig
from preprocessing.letterbox import letterbox


def decode_grey(encoded: tf.Tensor) -> tf.Tensor:
    """Decodes one image to one grey channel.

    Metadata such as the EXIF orientation is ignored: in BRISC it tells the classes apart.

    Args:
        encoded: Scalar string, bytes of a JPEG, PNG, BMP or GIF.

    Returns:
        uint8 [height, width, 1].
    """
    # GIF and BMP refuse channels=1, and BRISC's RGB files are grey in fact.
    colour = tf.io.decode_image(encoded, channels=3, expand_animations=False)
    colour = tf.ensure_shape(colour, [None, None, 3])
    grey = tf.image.rgb_to_grayscale(colour)
    return tf.ensure_shape(grey, [None, None, 1])


def boxed_image(encoded: tf.Tensor, config: PreprocessingConfig) -> tf.Tensor:
    """Decodes and letter-boxes one slice: scalar string to uint8 [size, size, 1]."""
    boxed = letterbox(decode_grey(encoded), config, tf.image.ResizeMethod.BILINEAR)
    return tf.cast(tf.clip_by_value(tf.round(boxed), 0, 255), tf.uint8)


def boxed_mask(encoded: tf.Tensor, config: PreprocessingConfig) -> tf.Tensor:
    """Decodes, thresholds and letter-boxes one mask: scalar string to {0, 255} uint8
    [size, size, 1]."""
    tumour = tf.cast(decode_grey(encoded) > MASK_THRESHOLD, tf.uint8) * 255
    return tf.cast(letterbox(tumour, config, tf.image.ResizeMethod.NEAREST_NEIGHBOR), tf.uint8)


def decode_png(encoded: tf.Tensor, size: int) -> tf.Tensor:
    """Decodes what Transform materialised: scalar string to uint8 [size, size, 1]."""
    return tf.ensure_shape(tf.io.decode_png(encoded, channels=1), [size, size, 1])
