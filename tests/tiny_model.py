"""A saved model with the product's own signature, whose answers a test knows beforehand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow as tf

from data import naming
from data.naming import CLASSES

REFUSED = 37
"""Slices of this width it cannot answer for, though they decode."""


class _Tiny(tf.Module):
    def __init__(self, classes: tuple[str, str], threshold: int) -> None:
        super().__init__()
        self._threshold = threshold
        self._classes = [CLASSES.index(name) for name in classes]

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="image_bytes")])
    def answer(self, image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        masks, areas, bright = tf.map_fn(
            self._one, image_bytes, fn_output_signature=(tf.string, tf.int64, tf.bool)
        )
        index = tf.where(bright, self._classes[0], self._classes[1])
        return {
            "class": tf.gather(tf.constant(naming.CLASSES), index),
            "probabilities": tf.one_hot(index, len(CLASSES)) * 0.6 + 0.1,
            "mask_png_bytes": masks,
            "mask_area": areas,
        }

    def _one(self, encoded: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        grey = tf.io.decode_image(encoded, channels=3, expand_animations=False)[..., :1]
        with tf.control_dependencies([tf.debugging.assert_none_equal(tf.shape(grey)[1], REFUSED)]):
            tumour = grey > self._threshold
        png = tf.io.encode_png(tf.cast(tumour, tf.uint8) * 255)
        return png, tf.reduce_sum(tf.cast(tumour, tf.int64)), tf.reduce_any(tumour)


def put_tiny_model(
    folder: Path,
    classes: tuple[str, str] = ("glioma", naming.NO_TUMOR),
    threshold: int = 127,
) -> Path:
    """Saves a model in ``folder``: the mask is what is brighter than ``threshold``.

    Args:
        folder: Where it goes.
        classes: The class of a slice with such pixels, and of one without.
        threshold: A grey level.
    """
    model = _Tiny(classes, threshold)
    tf.saved_model.save(model, str(folder), signatures={"serving_default": model.answer})
    return folder


def expected_mask(grey: np.ndarray) -> np.ndarray:
    """The mask that it answers with, uint8 {0, 255}."""
    return (grey > 127).astype(np.uint8) * 255
