"""The pipeline in TFX's intermediate representation, which every orchestrator runs."""

from __future__ import annotations

from tfx.dsl.compiler import compiler, constants
from tfx.orchestration.pipeline import Pipeline
from tfx.orchestration.portable import runtime_parameter_utils
from tfx.proto.orchestration import pipeline_pb2


def compile_pipeline(pipeline: Pipeline, run_id: str) -> pipeline_pb2.Pipeline:
    """Compiles ``pipeline`` for one run."""
    ir = compiler.Compiler().compile(pipeline)
    # The runners would name the run by their own clock, and nobody could follow it.
    runtime_parameter_utils.substitute_runtime_parameter(
        ir, {constants.PIPELINE_RUN_ID_PARAMETER_NAME: run_id}
    )
    _always_push(ir)
    return ir


def _always_push(ir: pipeline_pb2.Pipeline) -> None:
    # What is served is no artifact of TFX's: from its cache, Pusher would neither bring back a
    # version that was deleted nor one that another model has replaced since. It is idempotent.
    for node in ir.nodes:
        if node.pipeline_node.node_info.id == "Pusher":
            node.pipeline_node.execution_options.caching_options.enable_cache = False
