"""Precision-recall curves from counts by threshold."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from tensorboard.plugins.pr_curve import summary

from data import naming
from trainer.board.counts import Counts


def write_curves(counts: Counts, epoch: int) -> None:
    """Writes a curve for each class against the rest, and one for the pixels of masks."""
    for name, counted in zip(naming.CLASSES, counts.classes, strict=True):
        _write(f"class/{name}", counted, epoch)
    _write("mask/pixels", counts.pixels[0], epoch)


def curve(counted: np.ndarray) -> dict[str, np.ndarray]:
    """Counts of negatives and positives [2, thresholds] to TensorBoard's six rows.

    What reaches a threshold is called positive there; precision is 0 where nothing does.
    """
    negative, positive = np.cumsum(counted[:, ::-1], axis=1)[:, ::-1]
    return {
        "true_positive_counts": positive,
        "false_positive_counts": negative,
        "true_negative_counts": negative[0] - negative,
        "false_negative_counts": positive[0] - positive,
        "precision": positive / np.maximum(positive + negative, 1),
        "recall": positive / max(positive[0], 1),
    }


def _write(name: str, counted: np.ndarray, epoch: int) -> None:
    # The plugin has no call for TensorFlow 2, but its record is the same.
    record = summary.raw_data_pb(name, **curve(counted), num_thresholds=counted.shape[1])
    tf.summary.experimental.write_raw_pb(record.SerializeToString(), step=epoch)
