"""Letter-boxing: a slice of any size into a square and a mask back out.

Stretching, which the configuration offers for comparison, is a class cue in BRISC: all its gliomas
are square, more than a third of the slices without tumour are not.
"""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from preprocessing.config import PreprocessingConfig


class Frame(NamedTuple):
    """Where the slice lies within the square, in pixels: int32 scalars."""

    top: tf.Tensor
    left: tf.Tensor
    height: tf.Tensor
    width: tf.Tensor


def frame(height: tf.Tensor, width: tf.Tensor, config: PreprocessingConfig) -> Frame:
    """Places a ``height`` x ``width`` slice centred in the square, or all over it."""
    size = config.image_size
    if not config.keep_aspect:
        origin, side = tf.constant(0), tf.constant(size)
        return Frame(origin, origin, side, side)
    scale = size / tf.cast(tf.maximum(height, width), tf.float32)

    def scaled(side: tf.Tensor) -> tf.Tensor:
        rounded = tf.cast(tf.round(tf.cast(side, tf.float32) * scale), tf.int32)
        return tf.clip_by_value(rounded, 1, size)

    inner_height, inner_width = scaled(height), scaled(width)
    return Frame((size - inner_height) // 2, (size - inner_width) // 2, inner_height, inner_width)


def letterbox(image: tf.Tensor, config: PreprocessingConfig, method: str) -> tf.Tensor:
    """Fits [H, W, C] into [size, size, C], float32, padded with zeros.

    Args:
        image: uint8 or float32.
        config: The square.
        method: ``tf.image.ResizeMethod``; all but ``nearest`` are anti-aliased.
    """
    shape, size = tf.shape(image), config.image_size
    place = frame(shape[0], shape[1], config)
    antialias = method != tf.image.ResizeMethod.NEAREST_NEIGHBOR
    inner = tf.image.resize(image, (place.height, place.width), method=method, antialias=antialias)
    boxed = tf.image.pad_to_bounding_box(
        tf.cast(inner, tf.float32), place.top, place.left, size, size
    )
    return tf.ensure_shape(boxed, [size, size, image.shape[-1]])


def unletterbox(
    boxed: tf.Tensor, height: tf.Tensor, width: tf.Tensor, config: PreprocessingConfig
) -> tf.Tensor:
    """Takes the slice back out of its square.

    Args:
        boxed: float32 [size, size, 1], for example tumour probabilities.
        height: The slice's own height, pixels, int32.
        width: The slice's own width, pixels, int32.
        config: The square.

    Returns:
        float32 [height, width, 1], resampled bilinearly.
    """
    place = frame(height, width, config)
    inner = tf.image.crop_to_bounding_box(boxed, place.top, place.left, place.height, place.width)
    return tf.image.resize(inner, (height, width), antialias=True)
