"""Runs a pipeline by the orchestrator that was asked for."""

from __future__ import annotations

from typing import Literal

from ml_metadata.proto import metadata_store_pb2
from tfx.orchestration.beam.beam_dag_runner import BeamDagRunner, PipelineNodeAsDoFn
from tfx.orchestration.pipeline import Pipeline

from pipeline.compiled import compile_pipeline
from pipeline.decision import GATE, left_out
from pipeline.launch import launch, without_arguments
from pipeline.nodes import upstream_nodes
from pipeline.status import RunStatus
from pipeline.store import open_store


class _Node(PipelineNodeAsDoFn):  # type: ignore[misc]
    """A node in Beam's graph that is launched as it is everywhere else."""

    def _run_node(self) -> None:
        launch(self._pipeline, self._node_id, self._mlmd_connection_config)


class _BeamRunner(BeamDagRunner):  # type: ignore[misc]
    _PIPELINE_NODE_DO_FN_CLS = _Node


def run_pipeline(
    pipeline: Pipeline,
    runner: Literal["local", "beam"],
    run_id: str,
    connection: metadata_store_pb2.ConnectionConfig,
) -> None:
    """Runs ``pipeline`` to its end, or raises what its failed component raised.

    ``beam`` does not ask what the gate has decided, and is not for a pipeline where it may leave
    something out.
    """
    if runner == "beam":
        pipeline.metadata_connection_config = connection
        with without_arguments():
            _BeamRunner().run_with_ir(compile_pipeline(pipeline, run_id))
        return
    ir = compile_pipeline(pipeline, run_id)
    skipped: set[str] = set()
    for node in upstream_nodes(ir):
        if node in skipped:
            continue
        launch(ir, node, connection)
        if node == GATE:
            skipped = left_out(ir, RunStatus(open_store(connection), run_id))
