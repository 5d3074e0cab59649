"""Moves image and mask together, by gathers that XLA makes one loop of."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf


def moved(grey: tf.Tensor, mask: tf.Tensor, placement: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Takes each pixel from where ``placement`` says; where that is outside it is zero.

    As TensorFlow's ImageProjectiveTransformV3 does, which XLA cannot compile.

    Args:
        grey: uint8 [batch, S, S, 1]; batch and S are known when this is traced.
        mask: uint8 [batch, S, S, 1].
        placement: float32 [batch, 6], rows (a, b, c) and (d, e, f): column x and row y are taken
            from column a x + b y + c and row d x + e y + f.

    Returns:
        float32 [batch, S, S, 1], from the four nearest pixels, and uint8 of that shape, from the
        nearest one.
    """
    factors = placement[:, :, tf.newaxis, tf.newaxis]
    along = tf.range(grey.shape[1], dtype=tf.float32)
    down = along[:, tf.newaxis]
    x = factors[:, 0] * along + factors[:, 1] * down + factors[:, 2]
    y = factors[:, 3] * along + factors[:, 4] * down + factors[:, 5]
    left, top = tf.floor(x), tf.floor(y)
    pixel = _lookup(grey)

    def row(number: tf.Tensor) -> tf.Tensor:
        return _between(pixel(left, number), pixel(left + 1, number), x - left)

    image = _between(row(top), row(top + 1), y - top)
    nearest = _lookup(mask)(tf.floor(x + 0.5), tf.floor(y + 0.5))
    return image[..., tf.newaxis], nearest[..., tf.newaxis]


def _lookup(pixels: tf.Tensor) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """The pixels at columns and rows, both float32 [batch, S, S] and whole."""
    batch, size = pixels.shape[:2]
    # A border of zeros, for whatever is outside.
    side = size + 2
    flat = tf.reshape(tf.pad(pixels, [[0, 0], [1, 1], [1, 1], [0, 0]]), [-1])
    first = tf.range(batch)[:, tf.newaxis, tf.newaxis] * side**2

    def at(columns: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
        column, row = (
            tf.cast(tf.clip_by_value(part, -1.0, float(size)), tf.int32) + 1
            for part in (columns, rows)
        )
        return tf.gather(flat, first + row * side + column)

    return at


def _between(one: tf.Tensor, other: tf.Tensor, share: tf.Tensor) -> tf.Tensor:
    one, other = tf.cast(one, tf.float32), tf.cast(other, tf.float32)
    return one + (other - one) * share
