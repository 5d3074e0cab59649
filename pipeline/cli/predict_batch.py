"""``brisc predict-batch``: class and mask of all slices of a folder."""

from __future__ import annotations

import sys
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from data.errors import InputError, printable
from pipeline.cli.options import CONFIG
from pipeline.cli.predict import Plane


class Table(str, Enum):
    """Format of the table."""

    parquet = "parquet"
    csv = "csv"


def predict_batch(
    source: Annotated[Path, typer.Argument(help="Folder of slices, with all folders below it.")],
    out: Annotated[Path, typer.Option(help="Folder for masks/ and predictions.parquet.")],
    model: Annotated[Path, typer.Option(help="Saved model, or the folder of its versions.")],
    table: Annotated[Table, typer.Option("--format", help="Of the table.")] = Table.parquet,
    pattern: Annotated[
        str, typer.Option(help="Which file names are predicted, as '*.dcm'; contents tell formats.")
    ] = "*",
    plane: Annotated[
        Plane | None, typer.Option(help="How NIfTI volumes are cut; else as they were taken.")
    ] = None,
    batch_size: Annotated[
        int, typer.Option(min=1, help="Slices that the model is given at once.")
    ] = 16,
    overwrite: Annotated[
        bool, typer.Option(help="Replace results of another model or of other settings in --out.")
    ] = False,
    beam_args: Annotated[
        list[str] | None,
        typer.Option("--beam-arg", help="Option of Beam; may be repeated. Default: config.yaml's."),
    ] = None,
) -> None:
    """Predicts a folder of JPEG, PNG, BMP, GIF, DICOM and NIfTI files: masks and a table.

    An interrupted run is continued by the same command: what the same model has answered for
    the same file is not done again. Unusable files are listed, have a row with their error in
    the table, the others are answered, and the command then exits 1.

    Example: brisc predict-batch scans --out predicted --model work/serving/brisc
    """
    from pipeline.configuration import load_paths
    from pipeline.console import hush_beam, hush_tensorflow, progress_bar
    from serving.batch.request import BatchRequest
    from serving.batch.run import predict_folder
    from serving.model_files import DRAWN, find_saved_model, learnt_from_drawn

    paths = load_paths(CONFIG if CONFIG.exists() else None, {"beam_args": beam_args or None})
    request = BatchRequest(
        source=source,
        out=out,
        model=model,
        plane=plane.value if plane else None,
        pattern=pattern,
        table=table.value,
        batch_size=batch_size,
        beam_args=paths.beam_args,
        overwrite=overwrite,
    )
    hush_tensorflow()
    hush_beam()
    if learnt_from_drawn(find_saved_model(model)):
        print(f"note: {model} {DRAWN}", file=sys.stderr)
    done = predict_folder(request, lambda total: progress_bar("predicting", total))
    answered = len(done.rows) - len(done.unusable)
    earlier = f", {done.earlier} of them before" if done.earlier else ""
    print(f"{done.table}: {answered} slices of {done.files} files{earlier}")
    if done.unusable:
        for row in done.unusable:
            frame = "" if row.number is None else f" slice {row.number}"
            print(printable(f"{source / row.path}{frame}: {row.error}"), file=sys.stderr)
        raise InputError(
            f"{len(done.unusable)} of {len(done.rows)} slices could not be read",
            "see above",
            "Mend their files and give the same command again",
        )
