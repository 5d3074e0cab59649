"""Runs single nodes of a compiled pipeline."""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Iterator

from ml_metadata.proto import metadata_store_pb2
from tfx.orchestration import metadata
from tfx.orchestration.local import runner_utils
from tfx.orchestration.portable import launcher, outputs_utils
from tfx.proto.orchestration import pipeline_pb2

from data.errors import InputError
from pipeline.status import SUCCEEDED, NodeStatus, RunStatus
from pipeline.store import open_store


class _PatientMetadata(metadata.Metadata):
    """A connection that waits for a server that is away: hours of training may hang on it."""

    def __enter__(self) -> _PatientMetadata:
        self._store = open_store(self._connection_config)
        self._users += 1
        return self


def launch(
    ir: pipeline_pb2.Pipeline, node: str, connection: metadata_store_pb2.ConnectionConfig
) -> NodeStatus:
    """Runs one node of a compiled pipeline to its end, unless it has come to it before.

    Whoever calls it sees to it that nobody else runs the same node of the same run.

    Args:
        ir: From ``pipeline.compiled``, with its run id.
        node: The node's id.
        connection: To the metadata store.

    Raises:
        InputError: Its inputs are not there; whatever else its component raises.
    """
    run_id = ir.runtime_spec.pipeline_run_id.field_value.string_value
    before = _status(connection, run_id, node)
    if before is not None and before.state in SUCCEEDED:
        return before
    config = runner_utils.extract_local_deployment_config(ir)
    (pipeline_node,) = (
        item.pipeline_node for item in ir.nodes if item.pipeline_node.node_info.id == node
    )
    if before is not None:
        _forget_outputs(ir, pipeline_node, before)
    with without_arguments():
        launcher.Launcher(
            pipeline_node=pipeline_node,
            mlmd_connection=_PatientMetadata(connection),
            pipeline_info=ir.pipeline_info,
            pipeline_runtime_spec=ir.runtime_spec,
            executor_spec=runner_utils.extract_executor_spec(config, node),
            custom_driver_spec=runner_utils.extract_custom_driver_spec(config, node),
        ).launch()
    after = _status(connection, run_id, node)
    # The launcher logs it when inputs are missing, and returns as if all were well.
    if after is None or after.state not in SUCCEEDED:
        raise InputError(
            node,
            "what it needs of other components is not there",
            "Run those first; the log above says what is missing",
        )
    return after


@contextlib.contextmanager
def without_arguments() -> Iterator[None]:
    """Hides the command line, where Beam would look for its options: our --runner is not its."""
    saved = sys.argv
    sys.argv = saved[:1]
    try:
        yield
    finally:
        sys.argv = saved


def _status(
    connection: metadata_store_pb2.ConnectionConfig, run_id: str, node: str
) -> NodeStatus | None:
    nodes = RunStatus(open_store(connection), run_id).nodes()
    return next((item for item in nodes if item.node == node), None)


def _forget_outputs(
    ir: pipeline_pb2.Pipeline, node: pipeline_pb2.PipelineNode, earlier: NodeStatus
) -> None:
    # TFX goes on under the number, and so in the folders, of a start that was interrupted.
    resolver = outputs_utils.OutputsResolver(node, ir.pipeline_info, ir.runtime_spec)
    for artifacts in resolver.generate_output_artifacts(earlier.execution_id).values():
        for artifact in artifacts:
            # One that failed, and was not killed, has taken its folders with it.
            shutil.rmtree(artifact.uri, ignore_errors=True)
