"""``brisc report``: finds the report of a run; imports no TensorFlow."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from data.errors import InputError


def report(
    run: Annotated[
        Path, typer.Argument(help="Folder of a run, WORKSPACE/runs/ID, or a workspace: its last.")
    ],
    output: Annotated[
        Path | None, typer.Option(help="Folder to copy the report into; default: only say where.")
    ] = None,
) -> None:
    """Says where the report of a run lies, or copies it: a page that needs no other file, a model
    card, the scores and a row a slice.

    Example: brisc report work/runs/20260101-120000.000000 --output report
    """
    from pipeline.model_report import CARD, PAGE, SCORES, SLICES

    folder = _folder(run, PAGE)
    if output is not None:
        output.mkdir(parents=True, exist_ok=True)
        for name in (PAGE, CARD, SCORES, SLICES):
            shutil.copyfile(folder / name, output / name)
        folder = output
    for name in (PAGE, CARD, SCORES, SLICES):
        print(folder / name)


def _folder(run: Path, page: str) -> Path:
    if (run / page).is_file():
        return run
    # Folders of runs are named by when they began; those of folds lie within.
    found = sorted(run.glob(f"runs/*/{page}")) or sorted(run.glob(f"fold-*/{page}"))
    if not found:
        raise InputError(
            run,
            "no run there has come to a report",
            "Give a folder of WORKSPACE/runs, or a workspace in which a run has ended",
        )
    return found[-1].parent
