"""Reads statistics from an artifact of StatisticsGen; imports no TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tensorflow_metadata.proto.v0 import statistics_pb2

from data.splits import SPLITS

Statistics = Mapping[str, statistics_pb2.DatasetFeatureStatisticsList]
"""TFDV's statistics of one data set each, by split."""
FILE = "FeatureStats.pb"
FINGERPRINT = "input_fingerprint"
"""Property of the examples that tells what data they are of."""
_PREFIX = "Split-"


def split_folders(folder: Path) -> list[tuple[str, Path]]:
    """The splits of an artifact and where each lies, in the order of ``SPLITS``."""
    named = ((split, folder / f"{_PREFIX}{split}") for split in SPLITS)
    return [(split, part) for split, part in named if part.is_dir()]


def read_statistics(folder: Path) -> Statistics:
    """The statistics in such an artifact."""
    return {split: read_file(part / FILE) for split, part in split_folders(folder)}


def read_file(file: Path) -> statistics_pb2.DatasetFeatureStatisticsList:
    """The statistics of one split."""
    return statistics_pb2.DatasetFeatureStatisticsList.FromString(file.read_bytes())
