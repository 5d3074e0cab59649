"""TFDV's statistics of a feature as plain names and values."""

from __future__ import annotations

import math
from typing import Any

from tensorflow_metadata.proto.v0 import statistics_pb2

from data import features

_FORMATS = "image_format_histogram"
IMAGES = (features.IMAGE, features.MASK)


def describe(feature: statistics_pb2.FeatureNameStatistics) -> dict[str, Any]:
    """Counts, and what else the feature's kind has: moments, values or image formats.

    Identifiers get no values: each is there once, and is nobody's business.
    """
    kind = feature.WhichOneof("stats")
    common = getattr(feature, kind).common_stats
    described: dict[str, Any] = {
        "values": int(common.num_non_missing),
        "missing": int(common.num_missing),
    }
    if kind == "num_stats":
        numbers = feature.num_stats
        described |= {
            "min": _finite(numbers.min),
            "median": _finite(numbers.median),
            "mean": _finite(numbers.mean),
            "deviation": _finite(numbers.std_dev),
            "max": _finite(numbers.max),
            "zeros": int(numbers.num_zeros),
        }
    elif feature.path.step[0] in IMAGES:
        described["formats"] = next(
            (_counts(s.rank_histogram) for s in feature.custom_stats if s.name == _FORMATS), {}
        )
    elif kind == "string_stats":
        described["unique"] = int(feature.string_stats.unique)
        if feature.path.step[0] != features.ID:
            described["counts"] = _counts(feature.string_stats.rank_histogram)
    return described


def _counts(histogram: statistics_pb2.RankHistogram) -> dict[str, int]:
    return {bucket.label: int(bucket.sample_count) for bucket in histogram.buckets}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
