"""The Beam pipelines of components on a Flink cluster, beside the same ones in this process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_data_validation as tfdv

from data.splits import SPLITS
from preprocessing import features
from tests.end_to_end.conftest import Bench, Finished
from tests.flink.cluster import flink_cluster


def only(folder: Path, pattern: str) -> Path:
    """The one thing below ``folder``: each component has run once."""
    (found,) = folder.glob(pattern)
    return found


def examples(bench: Bench, component: str, output: str, split: str) -> list[bytes]:
    """All records of a split; in which order engines write them is theirs."""
    part = only(bench.workspace, f"artifacts/{component}/{output}/*/Split-{split}")
    files = [str(file) for file in part.iterdir()]
    return sorted(tf.data.TFRecordDataset(files, "GZIP").as_numpy_iterator())


def statistics(bench: Bench, split: str) -> dict[str, Any]:
    """Number of examples and the statistics of each feature, by name."""
    pattern = f"artifacts/StatisticsGen/statistics/*/Split-{split}/FeatureStats.pb"
    found = tfdv.load_stats_binary(str(only(bench.workspace, pattern))).datasets[0]
    features = {tuple(feature.path.step): feature for feature in found.features}
    return {"num_examples": found.num_examples, **features}


def transformed(bench: Bench, split: str) -> tuple[list[tuple[Any, ...]], np.ndarray]:
    """What the Transform graph made: all pixels and labels, and the intensities it has learnt."""
    slices, learnt = [], set()
    for record in examples(bench, "Transform", "transformed_examples", split):
        feature = tf.train.Example.FromString(record).features.feature
        names = (features.MEAN, features.DEVIATION)
        learnt.add(tuple(feature[name].float_list.value[0] for name in names))
        kept = sorted(name for name in feature if name not in names)
        slices.append(tuple(feature[name].SerializeToString() for name in kept))
    (one,) = learnt
    return sorted(slices), np.array(one)


# Two runs, one of them by processes that wait for each other.
@pytest.mark.timeout(2400)
@pytest.mark.orchestration
def test_components_leave_on_flink_what_they_leave_here(
    bench: Bench, blessed: Finished, tmp_path: Path
) -> None:
    there = Bench(bench.data, tmp_path / "workspace")
    with flink_cluster(tmp_path) as flink:
        options = [f"--beam-arg={option}" for option in flink.beam_args]
        ended = there.run(*options, "--set=training.epochs=1", "--set=gate.changes=[]")
        jobs = flink.jobs()
    assert ended.code in (0, 3), ended.errors
    # ExampleGen, StatisticsGen, Transform and Evaluator: one job each, which the cluster has seen.
    assert len(jobs) == 4
    assert set(jobs.values()) == {"FINISHED"}

    for split in SPLITS:
        written = examples(there, "BriscExampleGen", "examples", split)
        assert written and written == examples(bench, "BriscExampleGen", "examples", split)
        assert statistics(there, split) == statistics(bench, split)
        (slices, learnt), (expected, intensities) = (
            transformed(place, split) for place in (there, bench)
        )
        assert slices == expected
        # Sums of float32, which each engine adds up in an order of its own.
        np.testing.assert_allclose(learnt, intensities, rtol=1e-6)
    # Evaluator found the same parts of the test split, each with its scores.
    assert set(ended.report["scores"]) == set(blessed.report["scores"])
