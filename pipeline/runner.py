"""Runs a pipeline by the orchestrator that was asked for."""

from __future__ import annotations

from typing import Literal

from ml_metadata.proto import metadata_store_pb2
from tfx.orchestration.beam.beam_dag_runner import BeamDagRunner
from tfx.orchestration.pipeline import Pipeline

from pipeline.compiled import compile_pipeline
from pipeline.launch import launch, without_arguments


def run_pipeline(
    pipeline: Pipeline,
    runner: Literal["local", "beam"],
    run_id: str,
    connection: metadata_store_pb2.ConnectionConfig,
) -> None:
    """Runs ``pipeline`` to its end, or raises what its failed component raised."""
    if runner == "beam":
        pipeline.metadata_connection_config = connection
        with without_arguments():
            BeamDagRunner().run_with_ir(compile_pipeline(pipeline, run_id))
        return
    ir = compile_pipeline(pipeline, run_id)
    for node in ir.nodes:
        launch(ir, node.pipeline_node.node_info.id, connection)
