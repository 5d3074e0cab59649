"""Reads and writes ``manifest.csv``, BRISC's list of every file with its size and checksum.

As published: one row a file, sorted by path, Windows back-slashes, CRLF line ends. Copies with
slashes, LF or a byte order mark are read too.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
from pathlib import Path, PurePosixPath

from PIL import Image

from data import naming
from data.errors import InputError
from data.layout import CLASSIFICATION, IMAGE_SUFFIXES, SEGMENTATION
from data.manifest_row import COLUMNS, ManifestRow, format_row, parse_row

MANIFEST = "manifest.csv"
_TASKS = {CLASSIFICATION: "classification", SEGMENTATION: "segmentation"}
_MEND = "Mend the row, or get the manifest again from where the data set came"


class ManifestError(InputError, ValueError):
    """A manifest that cannot be used; ``where`` gives the file and, for a bad row, its line."""


def parse_manifest(
    path: Path, content: bytes
) -> tuple[tuple[ManifestRow, ...], tuple[ManifestError, ...]]:
    """Reads the rows that can be read, and says what is wrong with each of the others.

    Args:
        path: What the errors name.
        content: The bytes of the file.
    """
    rows: dict[PurePosixPath, ManifestRow] = {}
    faults: list[ManifestError] = []
    try:
        reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            fault = ManifestError(
                path,
                f"it has no column {', '.join(missing)}",
                f"Its first line must name the columns {', '.join(COLUMNS)}",
            )
            return (), (fault,)
        for cells in reader:
            try:
                row = parse_row(cells)
                if row.path in rows:
                    raise ValueError(f"{row.path} is listed twice")
            except ValueError as error:
                where = f"{path}, line {reader.line_num}"
                faults.append(ManifestError(where, str(error), _MEND))
                continue
            rows[row.path] = row
    except (csv.Error, UnicodeDecodeError) as error:
        faults.append(ManifestError(path, f"cannot be read as CSV ({error})", _MEND))
    return tuple(rows.values()), tuple(faults)


def write_manifest(root: Path) -> Path:
    """Lists the files of a folder in BRISC layout in its ``manifest.csv``; returns its path.

    Raises:
        ManifestError: There is no file, or one is not named as in BRISC or no readable image.
    """
    files = sorted(
        path
        for task in _TASKS
        for path in (root / task).rglob("*")
        if path.is_file() and not path.name.startswith(".")
    )
    if not files:
        raise ManifestError(
            root,
            f"no file in {CLASSIFICATION} or {SEGMENTATION}",
            "Give the folder that holds the data set",
        )
    target = root / MANIFEST
    partial = target.with_name(f".{MANIFEST}.partial")
    try:
        with partial.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\r\n")
            writer.writerow(COLUMNS)
            writer.writerows(format_row(_measure(root, path)) for path in files)
        # A reader never sees a manifest that stops half-way.
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)
    return target


def _measure(root: Path, path: Path) -> ManifestRow:
    name = naming.parse_stem(path.stem)
    if name is None:
        raise ManifestError(path, "not named as BRISC names a slice", "Rename or remove it")
    try:
        content = path.read_bytes()
        with Image.open(path) as image:
            width, height = image.size
    except OSError as error:
        raise ManifestError(path, f"not a readable image ({error})", "Replace it") from error
    relative = PurePosixPath(path.relative_to(root).as_posix())
    is_mask = path.parent.name == "masks"
    linked = relative.parents[1] / "images" / f"{path.stem}{_image_suffix(path)}"
    return ManifestRow(
        path=relative,
        task=_TASKS[relative.parts[0]],
        name=name,
        is_mask=is_mask,
        linked_image=linked if is_mask else None,
        width=width,
        height=height,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )


def _image_suffix(mask: Path) -> str:
    """Of the image of a mask; where there is none, as published."""
    image = mask.parents[1] / "images" / mask.stem
    return next((s for s in IMAGE_SUFFIXES if image.with_name(image.name + s).is_file()), ".jpg")
