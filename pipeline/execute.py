"""What ``brisc run`` does: check the data, run the pipeline, say what came out."""

from __future__ import annotations

import datetime
import time
import traceback
from pathlib import Path

from data.checks import Checked
from data.errors import ConfigurationError, InputError
from data.layout import scan
from pipeline.console import print_paths, status_line
from pipeline.failure import explained
from pipeline.intake import require_divisible, usable_slices, with_patients
from pipeline.quiet import quiet
from pipeline.request import RunRequest

DONE = 0
NOT_BLESSED = 3

_GPU_PIXELS = 256
"""What ``params.yaml`` has."""
_NO_GPU = (
    "no GPU found: at this size a training on all of BRISC takes two cores most of a day; "
    "--params params-cpu.yaml is made for processors"
)


def execute(request: RunRequest) -> int:
    """Runs the pipeline; returns the command's exit code.

    Raises:
        BriscError: The data, the workspace or a component failed.
    """
    _require_loop(request)
    with request.workspace.locked():
        request = with_patients(request)
        checked = usable_slices(scan(request.data_dir), skip_bad=request.skip_bad)
        require_divisible(checked.slices, request)
        run_id = datetime.datetime.now().strftime("%Y%m%d-%H%M%S.%f")
        folder = request.workspace.reports / run_id
        try:
            folder.mkdir(parents=True)
        except OSError as error:
            raise InputError(
                folder,
                f"the folder cannot be made ({error.strerror})",
                "Give --workspace a folder you may write to",
            ) from error
        return _run(request, checked, run_id, folder)


def _require_loop(request: RunRequest) -> None:
    if request.runner == "beam" and request.parameters.drift.within == "stop":
        raise ConfigurationError(
            "drift.within",
            "stop cannot be had of --runner beam, which runs all components there are",
            "Leave out --runner, or set drift.within=train",
        )


def _run(request: RunRequest, checked: Checked, run_id: str, folder: Path) -> int:
    log = folder / "log.txt"
    started = time.monotonic()
    with quiet(log) as console:
        # First of all: off a terminal it is the only place that says how far the run is.
        print_paths(console, {"workspace": request.workspace.root, "log": log})
        try:
            with status_line(console, "starting TFX"):
                # Half a minute of imports, which no other command should pay.
                from pipeline import cross_validation, report, tfx_run
                from trainer.hardware import has_gpu
            if request.parameters.model.image_size >= _GPU_PIXELS and not has_gpu():
                console.print(_NO_GPU, soft_wrap=True, highlight=False)
            if request.parameters.split.folds is None:
                outcome = tfx_run.run(request, checked, run_id, console)
                code = NOT_BLESSED if outcome.refused else DONE
                paths = report.report(outcome, folder, console)
            else:
                code = DONE
                paths = cross_validation.run(request, checked, run_id, folder, console)
        except Exception as error:
            traceback.print_exc()
            raise explained(
                error, log, "Read this log; the same command continues the run"
            ) from error
        print_paths(console, {**paths, "log": log})
        console.print(f"{time.monotonic() - started:.0f} s in all")
    return code
