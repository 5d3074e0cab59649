"""Histograms of one numeric feature in several data sets over the same bins."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from tensorflow_metadata.proto.v0 import statistics_pb2

BINS = 20
QUANTILES = 100
"""Of each numeric feature; from them the mass of any bin is known to a hundredth."""


def common_edges(features: Sequence[statistics_pb2.FeatureNameStatistics]) -> np.ndarray:
    """Edges of ``BINS`` equal bins over the range of all, float64 [BINS + 1]."""
    low = min(feature.num_stats.min for feature in features)
    high = max(feature.num_stats.max for feature in features)
    return np.linspace(low, high if high > low else low + 1.0, BINS + 1)


def shares(feature: statistics_pb2.FeatureNameStatistics, edges: np.ndarray) -> np.ndarray:
    """How much of a feature's values lies in each bin, float64 [BINS], of sum 1."""
    quantiles = next(
        histogram
        for histogram in feature.num_stats.histograms
        if histogram.type == statistics_pb2.Histogram.QUANTILES
    )
    low, high, mass = np.array(
        [(bucket.low_value, bucket.high_value, bucket.sample_count) for bucket in quantiles.buckets]
    ).T
    # A quantile of a single value, such as 512 pixels, belongs as a whole to one bin.
    width = np.maximum(high - low, np.finfo(np.float64).eps * np.maximum(np.abs(high), 1.0))
    below = np.clip((edges[:, None] - low) / width, 0.0, 1.0) @ mass
    below[0], below[-1] = 0.0, mass.sum()
    return np.diff(below) / mass.sum()
