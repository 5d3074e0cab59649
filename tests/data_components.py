"""The components that data passes through before training, run one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from pipeline.configuration import Parameters
from pipeline.nodes import upstream_nodes
from pipeline.request import RunRequest
from pipeline.status import RunStatus
from pipeline.steps.node import run_node
from pipeline.steps.prepare import prepare
from pipeline.store import connection, open_store
from pipeline.workspace import Workspace
from trainer.config import ClusterConfig

BEAM_NODES = ("BriscExampleGen", "StatisticsGen", "Transform")
"""Those whose work is a Beam pipeline."""

_LAST = BEAM_NODES[-1]


def run_data_components(
    data: Path,
    workspace: Path,
    size: int,
    beam_args: Sequence[str] = (),
    begins: Callable[[str], None] = lambda node: None,
) -> dict[str, float]:
    """A run's first components.

    Args:
        data: In BRISC layout.
        workspace: Where no run has been.
        size: Side of the square that slices become, pixels.
        beam_args: Options of their Beam pipelines.
        begins: Told each component before it runs.

    Returns:
        Seconds of each component up to Transform.
    """
    place = Workspace.at(workspace)
    parameters = Parameters.model_validate({"model": {"image_size": size}})
    request = RunRequest(
        data_dir=data,
        workspace=place,
        parameters=parameters,
        runner="local",
        beam_args=tuple(beam_args),
        cluster=ClusterConfig(),
        skip_bad=False,
    )
    made = prepare(request, "measured")
    for node in upstream_nodes(made.pipeline()):
        begins(node)
        run_node(place, "measured", node)
        if node == _LAST:
            break
    status = RunStatus(open_store(connection(place)), "measured")
    return {item.node: item.seconds for item in status.nodes()}
