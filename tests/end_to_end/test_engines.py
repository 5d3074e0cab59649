"""The Beam pipelines of components on a cluster, beside the same ones in this process."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Bench, Finished
from tests.engine_outputs import assert_same_outputs
from tests.flink.cluster import Flink, flink_cluster
from tests.spark.cluster import Spark, spark_cluster

Engine = Callable[[Path], AbstractContextManager[Flink | Spark]]


# Two runs, one of them by processes that wait for each other.
@pytest.mark.timeout(2400)
@pytest.mark.orchestration
@pytest.mark.parametrize(
    "engine", [pytest.param(flink_cluster, id="flink"), pytest.param(spark_cluster, id="spark")]
)
def test_components_leave_there_what_they_leave_here(
    engine: Engine, bench: Bench, blessed: Finished, tmp_path: Path
) -> None:
    there = Bench(bench.data, tmp_path / "workspace")
    with engine(tmp_path) as cluster:
        options = [f"--beam-arg={option}" for option in cluster.beam_args]
        ended = there.run(*options, "--set=training.epochs=1", "--set=gate.changes=[]")
        jobs = cluster.jobs()
    assert ended.code in (0, 3), ended.errors
    # ExampleGen, StatisticsGen, Transform and Evaluator: the cluster knows each by an id.
    assert list(jobs.values()) == ["FINISHED"] * 4, jobs
    assert_same_outputs(there.workspace, bench.workspace)
    # Evaluator found the same parts of the test split, each with its scores.
    assert set(ended.report["scores"]) == set(blessed.report["scores"])
