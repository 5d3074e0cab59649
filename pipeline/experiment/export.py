"""Writes a finished run into a folder of its own, apart from its workspace."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from data.errors import InputError
from pipeline.experiment.metrics import flat_metrics
from pipeline.experiment.plots import CURVES, write_curves
from pipeline.model_report.curves import read_curves
from pipeline.runs.record import FINISHED, Run
from trainer.event_files import EVENTS, MODEL_RUN

METRICS = "metrics.json"
MODEL = "model"
REPORTS = "run"

_SERVED = "Format-Serving"
"""The folder that Trainer puts a saved model into, within its artifact."""


def export_run(run: Run, folder: Path) -> None:
    """Writes the model, the reports, the flat metrics and the training curves of ``run``.

    The model is that which was trained, blessed or not. What lies in ``folder`` under the same
    names is replaced.

    Raises:
        InputError: The run has not finished, its model is no longer there, or ``folder`` cannot
            be written.
    """
    if run.state != FINISHED:
        raise InputError(run.folder, f"the run is {run.state}", "Give one that is finished")
    trained = {path.parent.name: path for path in run.artifacts.get("Trainer", ())}
    model, events = trained[MODEL] / _SERVED, trained[MODEL_RUN] / EVENTS
    for needed in (model, events):
        if not needed.exists():
            raise InputError(needed, "it has been removed", "Give a later run, or run it again")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _replace(model, folder / MODEL)
        # The log tells of when and where, and would make the same result another one.
        _replace(run.folder, folder / REPORTS, "log.txt")
        content = {"blessed": int(bool(run.blessed)), **flat_metrics(run.scores)}
        (folder / METRICS).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        write_curves(read_curves(events), folder / CURVES)
    except OSError as error:
        raise InputError(
            error.filename or folder,
            f"cannot be written ({error.strerror})",
            "Make room, or give another folder",
        ) from error


def _replace(source: Path, target: Path, *ignored: str) -> None:
    if target.exists():
        shutil.rmtree(target)
    shutil.copytree(source, target, ignore=shutil.ignore_patterns(*ignored))
