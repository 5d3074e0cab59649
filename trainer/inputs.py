"""Reads transformed TFRecords into batches for the network."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from data import naming
from preprocessing import features
from preprocessing.decode import decode_png
from preprocessing.normalise import normalise
from trainer.augmentation import Augmentation, Variation
from trainer.config import AugmentationConfig
from trainer.outputs import CLASSIFICATION, SEGMENTATION

_SHUFFLE_BUFFER = 4096
_DECODED_BYTES = 2**30
"""Up to here a split is kept decoded."""

_SPEC = {
    features.IMAGE: tf.io.FixedLenFeature([], tf.string),
    features.MASK: tf.io.FixedLenFeature([], tf.string),
    features.LABEL: tf.io.FixedLenFeature([], tf.int64),
    features.MEAN: tf.io.FixedLenFeature([], tf.float32),
    features.DEVIATION: tf.io.FixedLenFeature([], tf.float32),
}

_Slice = dict[str, tf.Tensor]
_Batch = tuple[tf.Tensor, dict[str, tf.Tensor]]


def training_batches(
    file_patterns: Sequence[str],
    image_size: int,
    batch_size: int,
    augmentation: AugmentationConfig,
    *,
    slices: int,
    seed: int,
    done: int = 0,
) -> tf.data.Dataset:
    """Batches a split for training, in an order of its own in each pass, without end.

    Args:
        file_patterns: Globs of gzipped TFRecord files, as TFX hands them to a trainer.
        image_size: S, pixels.
        batch_size: Global batch size.
        augmentation: How slices are varied.
        slices: How many the split has; where they fit into memory decoded, they are kept so.
        seed: Decides order and augmentation.
        done: Batches that a training has had before it was interrupted: it goes on with the
            next one, as if it had not been.

    Returns:
        Batches of (images float32 [batch, S, S, 3], {``classification``: int64 [batch],
        ``segmentation``: float32 {0, 1} [batch, S, S, 1]}).
    """
    # All stay in memory after one pass. Decoding is a third of the work for a batch, but of many
    # slices only the encoded ones fit (some 35 kB each at 256 pixels, not 130).
    decoded = 2 * image_size**2 * slices <= _DECODED_BYTES
    records = _records(file_patterns)
    kept = (_decoded(records, image_size) if decoded else records).cache()
    kept = kept.shuffle(_SHUFFLE_BUFFER, seed=seed, reshuffle_each_iteration=True)
    kept = kept.repeat().skip(done * batch_size)
    batches = (kept if decoded else _decoded(kept, image_size)).batch(
        batch_size, drop_remainder=True
    )
    augment = Augmentation(augmentation, image_size)

    def draw(batch: _Slice, number: tf.Tensor) -> tuple[_Slice, Variation]:
        return batch, augment.draw(batch_size, tf.stack([seed, number]))

    @tf.function(jit_compile=True, autograph=False)
    def vary(batch: _Slice, drawn: Variation) -> _Batch:
        varied = augment.apply(batch[features.IMAGE], batch[features.MASK], drawn)
        return _as_batch(batch, *varied)

    numbers = tf.data.Dataset.counter(start=done)
    return (
        tf.data.Dataset.zip((batches, numbers))
        .map(draw, num_parallel_calls=tf.data.AUTOTUNE)
        .map(vary, num_parallel_calls=tf.data.AUTOTUNE)
        .prefetch(tf.data.AUTOTUNE)
        .with_options(_dealt_out())
    )


def validation_batches(
    file_patterns: Sequence[str], image_size: int, batch_size: int
) -> tf.data.Dataset:
    """Batches a split once, in its order and unvaried, the last batch as small as it is.

    Arguments and elements are those of ``training_batches``.
    """
    slices = _decoded(_records(file_patterns).cache(), image_size)
    return (
        slices.batch(batch_size)
        .map(
            lambda batch: _as_batch(batch, batch[features.IMAGE], batch[features.MASK]),
            num_parallel_calls=tf.data.AUTOTUNE,
        )
        .prefetch(tf.data.AUTOTUNE)
        .with_options(_dealt_out())
    )


def class_counts(file_patterns: Sequence[str]) -> np.ndarray:
    """Counts the slices of a split by class: int64 [4], in the order of ``data.naming.CLASSES``."""
    labels = _records(file_patterns).map(
        lambda record: tf.io.parse_single_example(record, {features.LABEL: _SPEC[features.LABEL]})[
            features.LABEL
        ],
        num_parallel_calls=tf.data.AUTOTUNE,
    )
    return np.bincount(
        np.fromiter(labels.as_numpy_iterator(), np.int64), minlength=len(naming.CLASSES)
    )


def _records(file_patterns: Sequence[str]) -> tf.data.Dataset:
    files = tf.data.Dataset.list_files(list(file_patterns), shuffle=False)
    return files.interleave(
        lambda name: tf.data.TFRecordDataset(name, compression_type="GZIP"),
        num_parallel_calls=tf.data.AUTOTUNE,
        deterministic=True,
    )


def _dealt_out() -> tf.data.Options:
    # Several machines share each batch, as devices do. Were files dealt out instead, their
    # batches together would not be those of one machine, and few files are fewer than machines.
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    return options


def _decoded(records: tf.data.Dataset, image_size: int) -> tf.data.Dataset:
    def decode(record: tf.Tensor) -> _Slice:
        parsed = tf.io.parse_single_example(record, _SPEC)
        mask = decode_png(parsed[features.MASK], image_size) > 0
        return {
            **parsed,
            features.IMAGE: decode_png(parsed[features.IMAGE], image_size),
            features.MASK: tf.cast(mask, tf.uint8),
        }

    return records.map(decode, num_parallel_calls=tf.data.AUTOTUNE)


def _as_batch(batch: _Slice, grey: tf.Tensor, mask: tf.Tensor) -> _Batch:
    image = normalise(grey, batch[features.MEAN], batch[features.DEVIATION])
    return image, {
        CLASSIFICATION: batch[features.LABEL],
        SEGMENTATION: tf.cast(mask, tf.float32),
    }
