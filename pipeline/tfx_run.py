"""Runs the pipeline under TFX and reads what it came to."""

from __future__ import annotations

from rich.console import Console

from data.checks import Checked
from pipeline.graph import build_pipeline
from pipeline.outcome import Outcome, read_outcome
from pipeline.progress import show_progress
from pipeline.request import RunRequest
from pipeline.runner import run_pipeline
from pipeline.status import RunStatus
from trainer.checkpoints import forget_finished
from trainer.cluster import appoint
from trainer.hardware import share_gpus


def run(
    request: RunRequest, checked: Checked, run_id: str, console: Console, fold: int | None = None
) -> Outcome:
    """Runs all components on the checked data; of a cross-validation, one ``fold``."""
    appoint(request.workspace.training, request.cluster)
    if request.cluster.workers:
        # Trainer's part of the training runs in a process of its own, beside this one.
        share_gpus()
    kept = {item.id for item in checked.slices}
    skipped = {item.slice_id for item in checked.problems if item.slice_id} - kept
    pipeline = build_pipeline(
        request.parameters,
        request.workspace,
        data_dir=request.workspace.link(request.data_dir, checked.fingerprint),
        data_fingerprint=checked.fingerprint,
        skipped=sorted(skipped),
        beam_args=list(request.beam_args),
        fold=fold,
    )
    status = RunStatus(pipeline.metadata_connection_config, run_id)
    with show_progress(console, status, len(pipeline.components)):
        run_pipeline(pipeline, request.runner, run_id)
    forget_finished(request.workspace.training)
    return read_outcome(status, request.parameters.gate if fold is None else None)
