"""Runs the pipeline under TFX and reads what it came to."""

from __future__ import annotations

from rich.console import Console
from tfx.orchestration.pipeline import Pipeline

from data.checks import Checked
from pipeline.graph import build_pipeline
from pipeline.outcome import NotTrained, Outcome, read_outcome
from pipeline.progress import show_progress
from pipeline.request import RunRequest
from pipeline.runner import run_pipeline
from pipeline.status import RunStatus
from pipeline.store import connection, open_store
from trainer.checkpoints import forget_finished
from trainer.cluster import appoint
from trainer.encoder_file import fetch_imagenet
from trainer.hardware import share_gpus


def run(
    request: RunRequest, checked: Checked, run_id: str, console: Console, fold: int | None = None
) -> Outcome | NotTrained:
    """Runs all components on the checked data; of a cross-validation, one ``fold``."""
    pipeline = plan(request, checked, fold)
    # A search, and a training on several machines, run in processes beside this one.
    share_gpus()
    config = connection(request.workspace)
    status = RunStatus(open_store(config), run_id)
    if not (request.workspace.artifacts / "Trainer").exists():
        # Nothing has been trained yet that might do without, and minutes of work on the data come
        # before the training that would miss them.
        fetch_imagenet(request.parameters.model)
    with show_progress(console, status, len(pipeline.components)):
        run_pipeline(pipeline, request.runner, run_id, config)
    forget_finished(request.workspace.training)
    # Anew: the server may have been away meanwhile.
    status = RunStatus(open_store(config), run_id)
    return read_outcome(status, request.parameters.gate if fold is None else None)


def plan(request: RunRequest, checked: Checked, fold: int | None = None) -> Pipeline:
    """Puts into the workspace what the components will look for, and wires them."""
    appoint(request.workspace.training, request.cluster)
    kept = {item.id for item in checked.slices}
    skipped = {item.slice_id for item in checked.problems if item.slice_id} - kept
    return build_pipeline(
        request.parameters,
        request.workspace,
        data_dir=request.workspace.link(request.data_dir, checked.fingerprint),
        data_fingerprint=checked.fingerprint,
        skipped=sorted(skipped),
        patients=request.patients,
        beam_args=list(request.beam_args),
        fold=fold,
    )
