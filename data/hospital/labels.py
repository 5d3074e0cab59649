"""Reads ``labels.csv``, which says what the files of a folder show.

A row is a slice. Columns, of which the first line names those that are there, in any order:

``file``     path of the image below the folder (required)
``class``    glioma, meningioma, pituitary or no_tumor (required)
``split``    train or test (required)
``frame``    frame of a DICOM file or slice of a NIfTI volume, from 1; empty where there is one
``plane``    axial, coronal or sagittal; empty where the file's own header tells it
``mask``     path of the tumour's mask, for tumour classes and only there: an image of the slice's
             size, tumour above grey 127, or for a NIfTI image a NIfTI volume, tumour above 0
``patient``  any text that is the same for all slices of one patient; it is written nowhere
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from data import naming
from data.errors import InputError, Problem
from data.manifest_row import relative_path

REQUIRED = ("file", "class", "split")
OPTIONAL = ("frame", "plane", "mask", "patient")
MAX_ROWS = 99_999
"""BRISC numbers its slices with five digits."""
_MEND = "Mend the row"


@dataclass(frozen=True)
class LabelRow:
    """One slice to import.

    Attributes:
        number: Of the row, from 1; it becomes the slice's index.
        file: Path of the image, relative to the source folder.
        frame: From 1; ``None`` where it is not given.
        label: One of ``naming.CLASSES``.
        plane: One of ``naming.PLANES``, where it is given.
        split: ``train`` or ``test``.
        mask: Path of the mask, relative too; ``None`` for ``no_tumor`` and only there.
        patient: What the slices of one patient share, where it is given.
    """

    number: int
    file: PurePosixPath
    frame: int | None
    label: str
    plane: str | None
    split: str
    mask: PurePosixPath | None
    patient: str | None


@dataclass(frozen=True)
class Labels:
    """The rows of a ``labels.csv``: the usable ones, and what is wrong with the others.

    Attributes:
        grouped: Whether there is a column ``patient``.
    """

    rows: tuple[LabelRow, ...]
    problems: tuple[Problem, ...]
    grouped: bool


def read_labels(path: Path) -> Labels:
    """Reads the labels; the files that they name are not opened.

    Raises:
        InputError: It is missing, no CSV in UTF-8, lacks a column, has one that is unknown, or
            has no row or too many.
    """
    rows: list[LabelRow] = []
    problems: list[Problem] = []
    first: dict[tuple[object, ...], int] = {}
    number = 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            columns = [name.strip() for name in reader.fieldnames or ()]
            _require_columns(path, columns)
            reader.fieldnames = columns
            for number, cells in enumerate(reader, start=1):
                try:
                    row = _parse(number, cells)
                    key = (row.file, row.frame, row.plane)
                    if first.setdefault(key, number) != number:
                        raise ValueError(f"its slice is that of row {first[key]}")
                except ValueError as error:
                    where = Path(f"{path}, line {reader.line_num}")
                    problems.append(Problem(where, str(error), _MEND))
                else:
                    rows.append(row)
    except (OSError, csv.Error, UnicodeDecodeError) as error:
        raise InputError(
            path, f"cannot be read as CSV ({error})", "Save it as UTF-8 CSV"
        ) from error
    if not 1 <= number <= MAX_ROWS:
        raise InputError(path, f"it has {number} rows", f"Give 1 to {MAX_ROWS}, a row a slice")
    return Labels(tuple(rows), tuple(problems), "patient" in columns)


def _require_columns(path: Path, columns: list[str]) -> None:
    known = REQUIRED + OPTIONAL
    missing = [name for name in REQUIRED if name not in columns]
    unknown = [name for name in columns if name not in known]
    if missing:
        reason = f"it has no column {', '.join(missing)}"
    elif unknown:
        reason = f"its column {unknown[0]!r} is unknown"
    elif len(set(columns)) < len(columns):
        reason = "it has a column twice"
    else:
        return
    raise InputError(
        path,
        reason,
        f"Its first line names columns {', '.join(REQUIRED)} and, as needed, "
        f"{', '.join(OPTIONAL)}, with commas between",
    )


def _parse(number: int, cells: dict[str, str]) -> LabelRow:
    if None in cells or None in cells.values():
        raise ValueError("it does not have as many cells as the first line")
    cell = {name: value.strip() for name, value in cells.items()}
    for column, known in (("class", naming.CLASSES), ("split", naming.OFFICIAL_SPLITS)):
        if cell[column] not in known:
            raise ValueError(f"{column} is {cell[column]!r}, not one of {', '.join(known)}")
    plane, frame, mask = cell.get("plane"), cell.get("frame"), cell.get("mask")
    if plane and plane not in naming.PLANES:
        raise ValueError(f"plane is {plane!r}, not one of {', '.join(naming.PLANES)}")
    if frame and not (frame.isascii() and frame.isdigit() and len(frame) < 9 and int(frame) > 0):
        raise ValueError(f"frame is {frame!r}, not a whole number above 0")
    label = cell["class"]
    if label != naming.NO_TUMOR and not mask:
        raise ValueError(f"a {label} without a mask")
    if label == naming.NO_TUMOR and mask:
        raise ValueError(f"a mask, but the class is {label}")
    return LabelRow(
        number=number,
        file=relative_path(cell["file"]),
        frame=int(frame) if frame else None,
        label=label,
        plane=plane or None,
        split=cell["split"],
        mask=relative_path(mask) if mask else None,
        patient=cell.get("patient") or None,
    )
