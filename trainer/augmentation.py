"""Varies train slices, image and mask together, within the input pipeline's graph."""

from __future__ import annotations

import math
from collections.abc import Callable

import tensorflow as tf

from trainer.config import AugmentationConfig

Augment = Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]

_GREYEST = 255.0


def make_augment(config: AugmentationConfig) -> Augment:
    """Builds the augmentation of a batch.

    Returns:
        A function of (grey float32 [batch, S, S, 1], 0..255; mask float32 {0, 1} of that shape;
        seed int64 [2]) to both of them varied. What ``config`` leaves at zero costs nothing.
    """

    def augment(grey: tf.Tensor, mask: tf.Tensor, seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        draw = _Draw(tf.shape(grey)[0], seed)
        if config.flip or config.rotation or config.scale or config.shift:
            grey, mask = _moved(grey, mask, _placement(config, grey.shape[1], draw))
        return _recoloured(config, grey, draw), mask

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


def _moved(grey: tf.Tensor, mask: tf.Tensor, placement: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    # Both at once: half of the cost is working out where each pixel comes from.
    moved = tf.raw_ops.ImageProjectiveTransformV3(
        images=tf.concat([grey, mask], axis=-1),
        transforms=placement,
        output_shape=tf.shape(grey)[1:3],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
    )
    moved = tf.ensure_shape(moved, [*grey.shape[:3], 2])
    return moved[..., :1], tf.cast(moved[..., 1:] > 0.5, tf.float32)


def _recoloured(config: AugmentationConfig, grey: tf.Tensor, draw: _Draw) -> tf.Tensor:
    if not (config.gamma or config.contrast or config.brightness or config.noise):
        return grey
    share = grey / _GREYEST
    if config.gamma:
        share = tf.pow(share, draw.pixels(1, config.gamma))
    if config.contrast:
        share *= draw.pixels(1, config.contrast)
    if config.brightness:
        share += draw.pixels(0, config.brightness)
    if config.noise:
        deviation = draw.pixels(config.noise / 2, config.noise / 2)
        share += deviation * tf.random.stateless_normal(tf.shape(grey), draw.seed())
    return _GREYEST * tf.clip_by_value(share, 0.0, 1.0)
