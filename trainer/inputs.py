"""Reads transformed TFRecords into batches for the network."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from preprocessing import features
from preprocessing.decode import decode_png
from preprocessing.normalise import normalise
from trainer.outputs import CLASSIFICATION, SEGMENTATION

_SHUFFLE_BUFFER = 4096

_SPEC = {
    features.IMAGE: tf.io.FixedLenFeature([], tf.string),
    features.MASK: tf.io.FixedLenFeature([], tf.string),
    features.LABEL: tf.io.FixedLenFeature([], tf.int64),
    features.MEAN: tf.io.FixedLenFeature([], tf.float32),
    features.DEVIATION: tf.io.FixedLenFeature([], tf.float32),
}


def read_split(
    file_patterns: Sequence[str],
    image_size: int,
    batch_size: int,
    *,
    training: bool,
    flip: bool = False,
    seed: int = 0,
) -> tf.data.Dataset:
    """Batches one split for ``fit``.

    Args:
        file_patterns: Globs of gzipped TFRecord files, as TFX hands them to a trainer.
        image_size: S, pixels.
        batch_size: Global batch size.
        training: Shuffle anew each epoch and drop the last, smaller batch.
        flip: Mirror half of the slices left to right (training only).
        seed: Decides order and flips.

    Returns:
        Batches of (images float32 [batch, S, S, 3], {``classification``: int64 [batch],
        ``segmentation``: float32 {0, 1} [batch, S, S, 1]}).
    """
    files = tf.data.Dataset.list_files(list(file_patterns), shuffle=False)
    records = files.interleave(
        lambda name: tf.data.TFRecordDataset(name, compression_type="GZIP"),
        num_parallel_calls=tf.data.AUTOTUNE,
        deterministic=True,
    )
    # Encoded slices are small (some 35 kB at 256 pixels): they stay in memory after one pass.
    records = records.cache()
    if training:
        records = records.shuffle(_SHUFFLE_BUFFER, seed=seed, reshuffle_each_iteration=True)

    def read(record: tf.Tensor) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        parsed = tf.io.parse_single_example(record, _SPEC)
        grey = decode_png(parsed[features.IMAGE], image_size)
        image = normalise(grey, parsed[features.MEAN], parsed[features.DEVIATION])
        mask = tf.cast(decode_png(parsed[features.MASK], image_size) > 0, tf.float32)
        return image, {CLASSIFICATION: parsed[features.LABEL], SEGMENTATION: mask}

    slices = records.map(read, num_parallel_calls=tf.data.AUTOTUNE)
    if training and flip:
        draws = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True)
        slices = tf.data.Dataset.zip((slices, draws)).map(
            _mirror_half, num_parallel_calls=tf.data.AUTOTUNE
        )
    return slices.batch(batch_size, drop_remainder=training).prefetch(tf.data.AUTOTUNE)


def _mirror_half(
    example: tuple[tf.Tensor, dict[str, tf.Tensor]], draw: tf.Tensor
) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
    image, targets = example
    mask = targets[SEGMENTATION]
    mirrored = draw % 2 == 0
    return (
        tf.where(mirrored, tf.reverse(image, [1]), image),
        {**targets, SEGMENTATION: tf.where(mirrored, tf.reverse(mask, [1]), mask)},
    )


def count(file_patterns: Sequence[str]) -> int:
    """Counts the records of a split."""
    files = tf.io.gfile.glob(list(file_patterns))
    records = tf.data.TFRecordDataset(files, compression_type="GZIP")
    return int(records.reduce(tf.constant(0, tf.int64), lambda total, _: total + 1).numpy())
