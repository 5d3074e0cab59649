"""Varies train slices, image and mask together, within the input pipeline's graph."""

from __future__ import annotations

import math
from collections.abc import Callable

import tensorflow as tf

from trainer.config import AugmentationConfig

Augment = Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]

_GREYEST = 255.0
_NOISE_ROWS = 8192
"""Where a slice's noise may begin."""


def make_augment(config: AugmentationConfig, image_size: int) -> Augment:
    """Builds the augmentation of a batch.

    Args:
        config: How far slices are varied.
        image_size: S, pixels.

    Returns:
        A function of (grey float32 [batch, S, S, 1], 0..255; mask uint8 {0, 1} of that shape;
        seed int64 [2]) to both of them varied. What ``config`` leaves at zero costs nothing.
    """
    # A draw for each pixel of each batch costs more than all else here: drawn once, and each slice
    # begins at a row of its own.
    noise = tf.random.stateless_normal([_NOISE_ROWS + image_size, image_size], [0, 0])

    def augment(grey: tf.Tensor, mask: tf.Tensor, seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        draw = _Draw(tf.shape(grey)[0], seed)
        if config.flip or config.rotation or config.scale or config.shift:
            placement = _placement(config, image_size, draw)
            grey, mask = _moved(grey, placement, "BILINEAR"), _moved(mask, placement, "NEAREST")
        if config.gamma or config.contrast or config.brightness:
            grey = _recoloured(config, grey, draw)
        if config.noise:
            deviation = draw.pixels(config.noise / 2, config.noise / 2) * _GREYEST
            first = tf.cast(draw.around(_NOISE_ROWS / 2, _NOISE_ROWS / 2), tf.int32)
            rows = first[:, tf.newaxis] + tf.range(image_size)
            grey += deviation * tf.gather(noise, rows)[..., tf.newaxis]
            grey = tf.clip_by_value(grey, 0.0, _GREYEST)
        return grey, mask

    return augment


class _Draw:
    """Random values for each slice of a batch, all from one seed."""

    def __init__(self, batch: tf.Tensor, seed: tf.Tensor) -> None:
        self._batch = batch
        self._seed = seed
        self._number = 0

    def seed(self) -> tf.Tensor:
        """A new seed each time."""
        self._number += 1
        return tf.random.experimental.stateless_fold_in(self._seed, self._number)

    def around(self, centre: float, reach: float) -> tf.Tensor:
        """Uniform values, float32 [batch]."""
        return tf.random.stateless_uniform(
            [self._batch], self.seed(), centre - reach, centre + reach
        )

    def pixels(self, centre: float, reach: float) -> tf.Tensor:
        """The same, as float32 [batch, 1, 1, 1]."""
        return self.around(centre, reach)[:, tf.newaxis, tf.newaxis, tf.newaxis]


def _placement(config: AugmentationConfig, size: int, draw: _Draw) -> tf.Tensor:
    """Where each output pixel is taken from: float32 [batch, 8], as projective transforms."""
    angle = draw.around(0, math.radians(config.rotation))
    scale = draw.around(1, config.scale)
    right, down = draw.around(0, config.shift * size), draw.around(0, config.shift * size)
    mirror = tf.sign(draw.around(0, 1)) if config.flip else tf.ones_like(angle)
    cosine, sine = tf.cos(angle) / scale, tf.sin(angle) / scale
    across, along = (mirror * cosine, mirror * sine), (-sine, cosine)
    centre = (size - 1) / 2

    def row(factors: tuple[tf.Tensor, tf.Tensor]) -> list[tf.Tensor]:
        # The centre of the output, moved by the shift, is taken from the centre of the input.
        offset = centre - factors[0] * (centre + right) - factors[1] * (centre + down)
        return [*factors, offset]

    zero = tf.zeros_like(angle)
    return tf.stack([*row(across), *row(along), zero, zero], axis=-1)


def _moved(images: tf.Tensor, placement: tf.Tensor, interpolation: str) -> tf.Tensor:
    moved = tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=placement,
        output_shape=tf.shape(images)[1:3],
        fill_value=0.0,
        interpolation=interpolation,
        fill_mode="CONSTANT",
    )
    return tf.ensure_shape(moved, images.shape)


def _recoloured(config: AugmentationConfig, grey: tf.Tensor, draw: _Draw) -> tf.Tensor:
    # Worked out for the 256 levels of each slice, not for its pixels: a power is expensive.
    count = int(_GREYEST) + 1
    levels = tf.linspace(0.0, 1.0, count)[tf.newaxis, :]
    if config.gamma:
        levels = tf.pow(levels, draw.around(1, config.gamma)[:, tf.newaxis])
    if config.contrast:
        levels *= draw.around(1, config.contrast)[:, tf.newaxis]
    if config.brightness:
        levels += draw.around(0, config.brightness)[:, tf.newaxis]
    levels = _GREYEST * tf.clip_by_value(levels, 0.0, 1.0)
    own = tf.range(tf.shape(grey)[0])[:, tf.newaxis, tf.newaxis, tf.newaxis] * count
    return tf.gather(tf.reshape(levels, [-1]), own + tf.cast(grey + 0.5, tf.int32))
