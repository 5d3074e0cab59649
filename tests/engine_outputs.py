"""What components have left in a workspace, to compare engines of Beam by."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_data_validation as tfdv

from data.splits import SPLITS
from preprocessing import features


def assert_same_outputs(found: Path, expected: Path) -> None:
    """Compares two workspaces in each of which every component has run once."""
    for split in SPLITS:
        written = _examples(found, "BriscExampleGen", "examples", split)
        assert written and written == _examples(expected, "BriscExampleGen", "examples", split)
        assert _statistics(found, split) == _statistics(expected, split)
        (slices, learnt), (other_slices, intensities) = (
            _transformed(workspace, split) for workspace in (found, expected)
        )
        assert slices == other_slices
        # Sums of float32, which each engine adds up in an order of its own.
        np.testing.assert_allclose(learnt, intensities, rtol=1e-6)


def _only(workspace: Path, pattern: str) -> Path:
    (found,) = workspace.glob(f"artifacts/{pattern}")
    return found


def _examples(workspace: Path, component: str, output: str, split: str) -> list[bytes]:
    """All records of a split; in which order engines write them is theirs."""
    part = _only(workspace, f"{component}/{output}/*/Split-{split}")
    files = [str(file) for file in part.iterdir()]
    return sorted(tf.data.TFRecordDataset(files, "GZIP").as_numpy_iterator())


def _statistics(workspace: Path, split: str) -> dict[str | tuple[str, ...], Any]:
    """Number of examples and the statistics of each feature, by name."""
    pattern = f"StatisticsGen/statistics/*/Split-{split}/FeatureStats.pb"
    found = tfdv.load_stats_binary(str(_only(workspace, pattern))).datasets[0]
    by_name = {tuple(feature.path.step): feature for feature in found.features}
    return {"num_examples": found.num_examples, **by_name}


def _transformed(workspace: Path, split: str) -> tuple[list[tuple[Any, ...]], np.ndarray]:
    """What the Transform graph made: all pixels and labels, and the intensities it has learnt."""
    slices, learnt = [], set()
    for record in _examples(workspace, "Transform", "transformed_examples", split):
        feature = tf.train.Example.FromString(record).features.feature
        names = (features.MEAN, features.DEVIATION)
        learnt.add(tuple(feature[name].float_list.value[0] for name in names))
        kept = sorted(name for name in feature if name not in names)
        slices.append(tuple(feature[name].SerializeToString() for name in kept))
    (one,) = learnt
    return sorted(slices), np.array(one)
