"""The Transform graph: raw tf.Examples in, small letter-boxed PNGs and constants out."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tensorflow_transform as tft

from data import features as raw
from data import naming
from preprocessing import features
from preprocessing.config import PreprocessingConfig
from preprocessing.decode import boxed_image, boxed_mask


def preprocessing_fn(
    inputs: dict[str, tf.Tensor], custom_config: dict[str, Any]
) -> dict[str, tf.Tensor]:
    """What TFX Transform analyses over the train split and applies to all of them.

    Images leave as PNG bytes, since TFT would store pixels as float32, four bytes for each;
    ``preprocessing.normalise`` applies the analysed constants after decoding.

    Args:
        inputs: Dense [batch] tensors named as in ``data.features``.
        custom_config: ``preprocessing`` holds the fields of ``PreprocessingConfig``.

    Returns:
        [batch] tensors named as in ``preprocessing.features``.
    """
    config = PreprocessingConfig.model_validate(custom_config["preprocessing"])
    size = config.image_size
    images = tf.map_fn(
        lambda encoded: boxed_image(encoded, config),
        inputs[raw.IMAGE],
        fn_output_signature=tf.TensorSpec([size, size, 1], tf.uint8),
    )
    masks = tf.map_fn(
        lambda encoded: boxed_mask(encoded, config),
        inputs[raw.MASK],
        fn_output_signature=tf.TensorSpec([size, size, 1], tf.uint8),
    )
    grey = tf.cast(images, tf.float32)
    batch = tf.shape(inputs[raw.IMAGE])
    return {
        features.IMAGE: _encoded(images),
        features.MASK: _encoded(masks),
        features.LABEL: _class_index(inputs[raw.LABEL]),
        features.MEAN: tf.fill(batch, tft.mean(grey)),
        features.DEVIATION: tf.fill(batch, tf.sqrt(tft.var(grey))),
    }


def _encoded(images: tf.Tensor) -> tf.Tensor:
    return tf.map_fn(tf.io.encode_png, images, fn_output_signature=tf.string)


def _class_index(labels: tf.Tensor) -> tf.Tensor:
    # The schema's domain has let only the known classes pass.
    same = tf.equal(labels[:, tf.newaxis], tf.constant(naming.CLASSES))
    return tf.argmax(tf.cast(same, tf.int32), axis=-1)
