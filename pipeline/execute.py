"""What ``brisc run`` does: check the data, run the pipeline, say what came out."""

from __future__ import annotations

import datetime
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.progress import Progress

from data.checks import Checked, check, summarise
from data.errors import BriscError, InputError, UnusableInputs
from data.layout import Layout, require_trainable, scan
from pipeline.configuration import Parameters
from pipeline.quiet import quiet
from pipeline.workspace import Workspace

BLESSED = 0
FAILED = 1
NOT_BLESSED = 3


@dataclass(frozen=True)
class RunRequest:
    """One call of ``brisc run``.

    Attributes:
        data_dir: Folder in BRISC layout.
        workspace: Where everything that the run makes lies.
        parameters: What the run computes.
        runner: What orchestrates.
        beam_args: Options of the Beam pipelines within components.
        skip_bad: Go on without unusable slices.
    """

    data_dir: Path
    workspace: Workspace
    parameters: Parameters
    runner: Literal["local", "beam"]
    beam_args: tuple[str, ...]
    skip_bad: bool


def execute(request: RunRequest) -> int:
    """Runs the pipeline; returns the command's exit code.

    Raises:
        BriscError: The data, the workspace or a component failed.
    """
    with request.workspace.locked():
        checked = _checked(request, Console(stderr=True))
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


def _checked(request: RunRequest, console: Console) -> Checked:
    layout = scan(request.data_dir)
    checked = check_with_progress(layout, console)
    if checked.problems:
        print(summarise(checked.problems), file=sys.stderr)
        if not request.skip_bad:
            raise UnusableInputs(request.data_dir, checked.problems)
        print(f"going on without {len(checked.problems)} unusable input(s)", file=sys.stderr)
    require_trainable(Layout(layout.root, checked.slices, ()))
    return checked


def check_with_progress(layout: Layout, console: Console) -> Checked:
    """Checks all files of ``layout``, with a bar where ``console`` is a terminal."""
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("checking", total=len(layout.slices))
        return check(layout, lambda: bar.advance(task))


def _run(request: RunRequest, checked: Checked, run_id: str, folder: Path) -> int:
    log = folder / "log.txt"
    started = time.monotonic()
    with quiet(log) as console:
        try:
            with console.status("starting TFX"):
                # Half a minute of imports, which no other command should pay.
                from pipeline import report, tfx_run
            outcome = tfx_run.run(request, checked, run_id, console)
        except Exception as error:
            traceback.print_exc()
            raise _explained(error, log) from error
        page = report.write_report(outcome, folder)
        report.print_outcome(console, outcome)
        for name, path in (
            ("report", page),
            ("tensorboard", outcome.tensorboard),
            ("log", log),
        ):
            console.print(f"{name}: {path}", soft_wrap=True, highlight=False)
        console.print(f"{time.monotonic() - started:.0f} s in all")
    return BLESSED if outcome.blessed else NOT_BLESSED


def _explained(error: BaseException, log: Path) -> BriscError:
    """The product's own error within ``error``, or one that points to the log."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, BriscError):
            return cause
        cause = cause.__cause__ or cause.__context__
    lines = str(error).strip().splitlines()
    reason = f"{type(error).__name__}: {lines[0] if lines else 'no message'}"
    return InputError(
        log, f"a component failed ({reason})", "Read this log; the same command continues the run"
    )
