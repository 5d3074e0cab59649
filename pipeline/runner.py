"""Runs a pipeline by the orchestrator that was asked for."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Literal

from tfx.dsl.compiler import compiler, constants
from tfx.orchestration.beam.beam_dag_runner import BeamDagRunner
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.orchestration.pipeline import Pipeline
from tfx.orchestration.portable import runtime_parameter_utils
from tfx.proto.orchestration import pipeline_pb2


def run_pipeline(pipeline: Pipeline, runner: Literal["local", "beam"], run_id: str) -> None:
    """Runs ``pipeline`` to its end, or raises what its failed component raised."""
    ir = compiler.Compiler().compile(pipeline)
    # The runners would name the run by their own clock, and nobody could follow it.
    runtime_parameter_utils.substitute_runtime_parameter(
        ir, {constants.PIPELINE_RUN_ID_PARAMETER_NAME: run_id}
    )
    _always_push(ir)
    orchestrator = BeamDagRunner() if runner == "beam" else LocalDagRunner()
    with _without_arguments():
        orchestrator.run_with_ir(ir)


def _always_push(ir: pipeline_pb2.Pipeline) -> None:
    # What is served is no artifact of TFX's: from its cache, Pusher would neither bring back a
    # version that was deleted nor one that another model has replaced since. It is idempotent.
    for node in ir.nodes:
        if node.pipeline_node.node_info.id == "Pusher":
            node.pipeline_node.execution_options.caching_options.enable_cache = False


@contextlib.contextmanager
def _without_arguments() -> Iterator[None]:
    # Beam takes its options from sys.argv, where ours stand: its --runner is not ours.
    saved = sys.argv
    sys.argv = saved[:1]
    try:
        yield
    finally:
        sys.argv = saved
