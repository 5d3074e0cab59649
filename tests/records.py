"""Transformed slices as the trainer reads them, made without the pipeline."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import tensorflow as tf

from preprocessing import features


def write_records(path: Path, slices: Iterable[tuple[np.ndarray, np.ndarray, int]]) -> list[str]:
    """Writes slices, each (grey uint8 [S, S], mask bool [S, S], label), as one gzipped TFRecord
    file; returns the pattern that a reader takes."""
    with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
        for grey, mask, label in slices:
            images = (grey[..., np.newaxis], mask[..., np.newaxis].astype(np.uint8) * 255)
            image_png, mask_png = (tf.io.encode_png(pixels).numpy() for pixels in images)
            values = {
                features.IMAGE: tf.train.Feature(bytes_list={"value": [image_png]}),
                features.MASK: tf.train.Feature(bytes_list={"value": [mask_png]}),
                features.LABEL: tf.train.Feature(int64_list={"value": [label]}),
                features.MEAN: tf.train.Feature(float_list={"value": [0.0]}),
                features.DEVIATION: tf.train.Feature(float_list={"value": [1.0]}),
            }
            example = tf.train.Example(features=tf.train.Features(feature=values))
            writer.write(example.SerializeToString())
    return [str(path)]


def blob_slices(number: int, size: int, seed: int = 0) -> list[tuple[np.ndarray, np.ndarray, int]]:
    """Noisy slices with a bright square; the class is the quarter in which it lies, and the last
    class has none."""
    generator = np.random.default_rng(seed)
    half = size // 2
    slices = []
    for index in range(number):
        label = index % 4
        grey = generator.integers(0, 60, (size, size)).astype(np.uint8)
        mask = np.zeros((size, size), bool)
        if label < 3:
            top, left = half * (label // 2) + 3, half * (label % 2) + 3
            mask[top : top + half // 2, left : left + half // 2] = True
        grey[mask] += 150
        slices.append((grey, mask, label))
    return slices
