"""``brisc data``: what concerns the data set alone; imports no TensorFlow itself."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli import data_audit, data_download, data_stats, data_verify

app = typer.Typer(
    help="Make and look after data sets.\n\nExample: brisc data sample DIR --images 240",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.command("download")(data_download.download)
app.command("verify")(data_verify.verify)
app.command("audit")(data_audit.audit)
app.command("stats")(data_stats.stats)


@app.command()
def sample(
    directory: Annotated[Path, typer.Argument(help="Folder to write; must not hold files yet.")],
    images: Annotated[int, typer.Option(help="How many slices.")] = 240,
    seed: Annotated[int, typer.Option(help="The same seed draws the same slices.")] = 0,
) -> None:
    """Draws a small synthetic data set in BRISC's own layout.

    Example: brisc data sample sample --images 240 --seed 1
    """
    from data.sample import write_sample
    from pipeline.console import progress_bar

    with progress_bar("drawing", images) as advance:
        written = write_sample(directory, images, seed, lambda done, total: advance(1))
    print(
        f"{written.directory}: {written.train} train and {written.test} test slices, "
        f"{written.masks} masks"
    )


@app.command("import")
def import_(
    source: Annotated[Path, typer.Argument(help="Folder of DICOM, NIfTI, PNG or JPEG files.")],
    directory: Annotated[Path, typer.Argument(help="Folder to write; must not hold files yet.")],
    labels: Annotated[Path, typer.Option(help="CSV, a row a slice; its columns: see above.")],
    skip_bad: Annotated[bool, typer.Option(help="Go on without unusable rows.")] = False,
) -> None:
    """Writes a data set in BRISC's layout from the files that a hospital has.

    Columns of the CSV: file (path below SOURCE), class (glioma, meningioma, pituitary,
    no_tumor), split (train, test); as needed frame (DICOM frame or NIfTI slice, from 1), plane
    (axial, coronal, sagittal; else the header tells it), mask (path; for tumours), patient (any
    text; becomes g0001 and so on in groups.csv). Slices are numbered by row. Nothing but pixels
    is taken out of a file.

    Example: brisc data import scans brisc-layout --labels scans/labels.csv
    """
    from data.errors import UnusableInputs
    from data.hospital.ingest import import_folder
    from pipeline.console import progress_bar

    with progress_bar("importing", None) as advance:
        try:
            written = import_folder(
                source,
                directory,
                labels,
                skip_bad=skip_bad,
                progress=lambda done, total: advance(1),
            )
        except UnusableInputs as error:
            print(*error.problems, sep="\n", file=sys.stderr)
            raise
    for note in written.notes:
        print(f"note: {note}", file=sys.stderr)
    if written.problems:
        print(*written.problems, sep="\n", file=sys.stderr)
        print(f"went on without {len(written.problems)} unusable row(s)", file=sys.stderr)
    groups = f", {written.groups} patients" if written.groups else ""
    print(
        f"{written.directory}: {written.train} train and {written.test} test slices, "
        f"{written.masks} masks{groups}"
    )
