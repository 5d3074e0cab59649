"""Ours: slices become examples, statistics and records of the network's size, as components."""

from __future__ import annotations

import json
import logging
import resource
import sys
import tempfile
from pathlib import Path

from pipeline.configuration import Parameters
from pipeline.nodes import upstream_nodes
from pipeline.request import RunRequest
from pipeline.status import RunStatus
from pipeline.steps.node import run_node
from pipeline.steps.prepare import prepare
from pipeline.store import connection, open_store
from pipeline.workspace import Workspace
from tests.bench.side import answer
from trainer.config import ClusterConfig

_NODES = ("BriscExampleGen", "StatisticsGen", "Transform")


def main(data: str, size: int) -> None:
    """Serves as a side: seconds of the three components, together and each.

    Args:
        data: In BRISC layout.
        size: Side of the square, pixels.
    """
    logging.disable(logging.WARNING)
    latest: dict[str, float] = {}

    def together() -> float:
        latest.update(_run(Path(data), size))
        return sum(latest.values())

    # The others tell of the run that the first has made.
    parts = {name: lambda name=name: latest[name] for name in _NODES}
    answer({"brisc": together, **parts, "peak memory": _peak})


def _run(data: Path, size: int) -> dict[str, float]:
    """A run's seconds of each component, its first nodes alone and in a workspace of its own."""
    with tempfile.TemporaryDirectory(prefix="brisc-bench-") as folder:
        workspace = Workspace.at(Path(folder))
        parameters = Parameters.model_validate({"model": {"image_size": size}})
        request = RunRequest(
            data_dir=data,
            workspace=workspace,
            parameters=parameters,
            runner="local",
            beam_args=(),
            cluster=ClusterConfig(),
            skip_bad=False,
        )
        made = prepare(request, "bench")
        for node in upstream_nodes(made.pipeline()):
            run_node(workspace, "bench", node)
            if node == _NODES[-1]:
                break
        status = RunStatus(open_store(connection(workspace)), "bench")
        return {item.node: item.seconds for item in status.nodes() if item.node in _NODES}


def _peak() -> float:
    """Of this process, GiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
