"""The Beam pipelines of components on a Flink cluster, beside the same ones in this process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
import tensorflow_data_validation as tfdv

from data.splits import SPLITS
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


def graph(bench: Bench) -> bytes:
    """The saved model of Transform."""
    pattern = "artifacts/Transform/transform_graph/*/transform_fn/saved_model.pb"
    return only(bench.workspace, pattern).read_bytes()


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
        transformed = examples(there, "Transform", "transformed_examples", split)
        assert transformed == examples(bench, "Transform", "transformed_examples", split)
    assert graph(there) == graph(bench)
    # Evaluator found the same parts of the test split, each with its scores.
    assert set(ended.report["scores"]) == set(blessed.report["scores"])
