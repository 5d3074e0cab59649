"""How far the distributions of splits, and of two data sets, lie apart: TFDV's comparators.

TFDV computes the Jensen-Shannon divergence from histograms that divide each data set's own range
by ten: one outlier moves every edge. So both sides get the same bins before. See
docs/decisions/0008-drift.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from data import features
from data.config import DriftConfig, Limits
from data.statistics.bins import common_edges, shares
from data.statistics.record import Comparison, DriftRecord
from data.statistics.store import Statistics

_BASE = "train"
_COMPARED = ("train", "test")
"""Splits compared between two data sets; val is a part of what is not test, as train is."""


@dataclass(frozen=True)
class _Feature:
    name: str
    type: int
    measure: Literal["L-infinity", "Jensen-Shannon"]


_FEATURES = {
    "label": _Feature(features.LABEL, schema_pb2.BYTES, "L-infinity"),
    "plane": _Feature(features.PLANE, schema_pb2.BYTES, "L-infinity"),
    "height": _Feature(features.HEIGHT, schema_pb2.INT, "Jensen-Shannon"),
    "width": _Feature(features.WIDTH, schema_pb2.INT, "Jensen-Shannon"),
    "tumor_area": _Feature(features.AREA_FRACTION, schema_pb2.FLOAT, "Jensen-Shannon"),
}
"""The feature behind each field of ``Limits``."""


def compare(
    statistics: Statistics,
    config: DriftConfig,
    previous: Statistics | None = None,
    previous_name: str | None = None,
) -> DriftRecord:
    """Compares val and test with train, and with ``previous``, where given, train and test.

    Args:
        statistics: Of this data set, by split.
        config: Section ``drift``.
        previous: Of the data set before.
        previous_name: What that is called.
    """
    found: list[Comparison] = []
    for split in ("val", "test"):
        if split in statistics and _BASE in statistics:
            one, other = statistics[split], statistics[_BASE]
            found += _distances("skew", split, _BASE, one, other, config.splits)
    earlier = previous or {}
    for split in _COMPARED:
        if split in statistics and split in earlier:
            one, other = statistics[split], earlier[split]
            found += _distances("drift", split, f"previous {split}", one, other, config.runs)
    return DriftRecord(previous_name, tuple(found))


def _distances(
    kind: Literal["skew", "drift"],
    split: str,
    against: str,
    statistics: statistics_pb2.DatasetFeatureStatisticsList,
    base: statistics_pb2.DatasetFeatureStatisticsList,
    limits: Limits,
) -> list[Comparison]:
    thresholds = limits.model_dump()
    schema = schema_pb2.Schema()
    for field, feature in _FEATURES.items():
        entry = schema.feature.add(name=feature.name, type=feature.type)
        comparator = entry.drift_comparator if kind == "drift" else entry.skew_comparator
        if feature.measure == "L-infinity":
            comparator.infinity_norm.threshold = thresholds[field]
        else:
            comparator.jensen_shannon_divergence.threshold = thresholds[field]
    here, there = _on_common_bins(statistics, base)
    # Skew is that of what is served, here evaluated, against what is learnt from.
    result = (
        tfdv.validate_statistics(here, schema, previous_statistics=there)
        if kind == "drift"
        else tfdv.validate_statistics(there, schema, serving_statistics=here)
    )
    measured = {
        info.path.step[0]: (*info.drift_measurements, *info.skew_measurements)[0].value
        for info in result.drift_skew_info
    }
    comparisons = []
    for field, feature in _FEATURES.items():
        distance, threshold = measured.get(feature.name), thresholds[field]
        # What cannot be compared is not the same.
        exceeded = distance is None or distance > threshold
        comparisons.append(
            Comparison(
                kind, feature.name, split, against, feature.measure, distance, threshold, exceeded
            )
        )
    return comparisons


def _on_common_bins(
    *lists: statistics_pb2.DatasetFeatureStatisticsList,
) -> list[statistics_pb2.DatasetFeatureStatisticsList]:
    """Copies of the compared features, whose standard histograms have the same bins."""
    names = [feature.name for feature in _FEATURES.values()]
    copies = []
    for given in lists:
        copy = statistics_pb2.DatasetFeatureStatisticsList()
        part = copy.datasets.add(num_examples=given.datasets[0].num_examples)
        part.features.extend(f for f in given.datasets[0].features if f.path.step[0] in names)
        copies.append(copy)
    by_name = [{f.path.step[0]: f for f in copy.datasets[0].features} for copy in copies]
    for name in names:
        same = [found[name] for found in by_name if name in found]
        if len(same) < len(lists) or not all(f.num_stats.histograms for f in same):
            continue
        edges = common_edges(same)
        parts = [(feature, shares(feature, edges)) for feature in same]
        for feature, values in parts:
            count = feature.num_stats.common_stats.num_non_missing
            del feature.num_stats.histograms[:]
            histogram = feature.num_stats.histograms.add(type=statistics_pb2.Histogram.STANDARD)
            for low, high, share in zip(edges[:-1], edges[1:], values, strict=True):
                histogram.buckets.add(low_value=low, high_value=high, sample_count=share * count)
    return copies
