"""A run of any pipeline, as ``brisc prepare-run`` leaves it."""

from __future__ import annotations

from tfx.orchestration.pipeline import Pipeline

from pipeline.compiled import compile_pipeline
from pipeline.config import PathsConfig
from pipeline.configuration import Parameters
from pipeline.steps.record import RunFolder, StepsRequest
from pipeline.workspace import Workspace


def prepare(workspace: Workspace, run_id: str, pipeline: Pipeline) -> RunFolder:
    """Compiles ``pipeline`` for the run and writes its folder; of data it says nothing true."""
    request = StepsRequest(
        data=workspace.root,
        data_fingerprint="0",
        serving=workspace.serving,
        parameters=Parameters(),
        beam_args=(),
        cluster=PathsConfig().cluster,
        skip_bad=False,
    )
    folder = RunFolder(workspace, run_id)
    folder.write(request, compile_pipeline(pipeline, run_id))
    return folder
