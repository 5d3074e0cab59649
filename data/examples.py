"""Turns a slice into a tf.Example, encoded bytes as they are."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image

from data import features
from data.checks import MASK_THRESHOLD, decode_grey
from data.errors import InputError
from data.layout import Slice


def to_example(item: Slice, leak: str) -> bytes:
    """Serialises one slice.

    Args:
        item: The slice.
        leak: What training has of it, as in ``data.splits.Assignment``.

    Returns:
        A tf.Example with the features of ``data.features``: bytes but for ``image/height`` and
        ``image/width`` (int64, pixels) and ``tumor/area_fraction`` (float, share of the slice).

    Raises:
        InputError: A file has become unreadable since it was checked.
    """
    image = item.image.read_bytes()
    height, width = _decoded(image, item.image).shape
    if item.mask is None:
        mask = empty_mask(height, width)
        area = 0.0
    else:
        mask = item.mask.read_bytes()
        area = float((_decoded(mask, item.mask) > MASK_THRESHOLD).mean())
    feature = {
        features.IMAGE: _bytes(image),
        features.MASK: _bytes(mask),
        features.ID: _bytes(item.id.encode()),
        features.LABEL: _bytes(item.label.encode()),
        features.PLANE: _bytes(item.plane.encode()),
        features.OFFICIAL_SPLIT: _bytes(item.official_split.encode()),
        features.LEAK: _bytes(leak.encode()),
        features.HEIGHT: tf.train.Feature(int64_list=tf.train.Int64List(value=[height])),
        features.WIDTH: tf.train.Feature(int64_list=tf.train.Int64List(value=[width])),
        features.AREA_FRACTION: tf.train.Feature(float_list=tf.train.FloatList(value=[area])),
    }
    example = tf.train.Example(features=tf.train.Features(feature=feature))
    return example.SerializeToString(deterministic=True)


def _decoded(encoded: bytes, path: Path) -> np.ndarray:
    pixels = decode_grey(encoded)
    if isinstance(pixels, str):
        raise InputError(path, pixels, "Run again: it is then listed with all others")
    return pixels


def empty_mask(height: int, width: int) -> bytes:
    """PNG bytes of a mask without tumour."""
    buffer = io.BytesIO()
    Image.new("L", (width, height)).save(buffer, "PNG")
    return buffer.getvalue()


def _bytes(value: bytes) -> tf.train.Feature:
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
