"""Varies train slices, image and mask together, within the input pipeline's graph."""

from __future__ import annotations

import math

import tensorflow as tf

from trainer.config import AugmentationConfig
from trainer.warp import moved

Variation = dict[str, tf.Tensor]
"""What was drawn for each slice of a batch, by its name; what does not vary is not in it."""

_GREYEST = 255.0
_NOISE_ROWS = 8192
"""Where a slice's noise may begin."""


class Augmentation:
    """Draws how slices are varied, and varies them: two steps, so that XLA compiles the second.

    Compiled together, all that is drawn for a slice would be worked out for each of its pixels.
    """

    def __init__(self, config: AugmentationConfig, image_size: int) -> None:
        """For slices of ``image_size`` pixels; what ``config`` leaves at zero costs nothing."""
        self._config = config
        self._size = image_size
        # A draw for each pixel of each batch costs more than all else here: drawn once, and each
        # slice begins at a row of its own.
        shape = [_NOISE_ROWS + image_size, image_size]
        self._noise = tf.random.stateless_normal(shape, [0, 0]) if config.noise else None

    def draw(self, batch: int, seed: tf.Tensor) -> Variation:
        """Draws for ``batch`` slices from ``seed``, int64 [2]."""
        config, draw = self._config, _Draw(batch, seed)
        drawn: Variation = {}
        if config.flip or config.rotation or config.scale or config.shift:
            drawn["placement"] = _placement(config, self._size, draw)
        if config.gamma or config.contrast or config.brightness:
            drawn["levels"] = _levels(config, draw)
        if config.noise:
            drawn["deviation"] = draw.around(config.noise / 2, config.noise / 2) * _GREYEST
            drawn["first"] = tf.cast(draw.around(_NOISE_ROWS / 2, _NOISE_ROWS / 2), tf.int32)
        return drawn

    def apply(
        self, grey: tf.Tensor, mask: tf.Tensor, drawn: Variation
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Varies slices as was drawn.

        Args:
            grey: uint8 [batch, S, S, 1]; all of the shape is known when this is traced.
            mask: uint8 {0, 1} of that shape.
            drawn: From ``draw``.

        Returns:
            The slices float32, 0..255, and their masks uint8 {0, 1}, of the same shape.
        """
        image = tf.cast(grey, tf.float32)
        if "placement" in drawn:
            image, mask = moved(grey, mask, drawn["placement"])
        if "levels" in drawn:
            image = _recoloured(image, drawn["levels"])
        if "deviation" in drawn:
            rows = drawn["first"][:, tf.newaxis] + tf.range(self._size)
            noise = tf.gather(self._noise, rows) * drawn["deviation"][:, tf.newaxis, tf.newaxis]
            image = tf.clip_by_value(image + noise[..., tf.newaxis], 0.0, _GREYEST)
        return image, mask


class _Draw:
    """Random values for each slice of a batch, all from one seed."""

    def __init__(self, batch: int, seed: tf.Tensor) -> None:
        self._batch = batch
        self._seed = seed
        self._number = 0

    def around(self, centre: float, reach: float) -> tf.Tensor:
        """Uniform values, float32 [batch]."""
        self._number += 1
        seed = tf.random.experimental.stateless_fold_in(self._seed, self._number)
        return tf.random.stateless_uniform([self._batch], seed, centre - reach, centre + reach)


def _placement(config: AugmentationConfig, size: int, draw: _Draw) -> tf.Tensor:
    """Where each output pixel is taken from: ``placement`` of ``trainer.warp``."""
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

    return tf.stack([*row(across), *row(along)], axis=-1)


def _levels(config: AugmentationConfig, draw: _Draw) -> tf.Tensor:
    """What each of the 256 levels becomes, float32 [batch, 256].

    Of levels and not of pixels: a power is expensive.
    """
    levels = tf.linspace(0.0, 1.0, int(_GREYEST) + 1)[tf.newaxis, :]
    if config.gamma:
        levels = tf.pow(levels, draw.around(1, config.gamma)[:, tf.newaxis])
    if config.contrast:
        levels *= draw.around(1, config.contrast)[:, tf.newaxis]
    if config.brightness:
        levels += draw.around(0, config.brightness)[:, tf.newaxis]
    return _GREYEST * tf.clip_by_value(levels, 0.0, 1.0)


def _recoloured(grey: tf.Tensor, levels: tf.Tensor) -> tf.Tensor:
    own = tf.range(grey.shape[0])[:, tf.newaxis, tf.newaxis, tf.newaxis] * levels.shape[1]
    return tf.gather(tf.reshape(levels, [-1]), own + tf.cast(grey + 0.5, tf.int32))
