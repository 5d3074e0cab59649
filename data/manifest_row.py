"""One row of ``manifest.csv``: what it says of a file, and its check."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath

from data import naming
from data.layout import CLASSIFICATION, SEGMENTATION

COLUMNS = (
    "relative_path", "filename", "task", "split", "index", "tumor_code", "tumor_label",
    "plane_code", "plane_label", "sequence", "is_mask", "linked_image", "width", "height",
    "file_size_bytes", "sha256",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ManifestRow:
    """One file of the data set.

    Attributes:
        path: Relative to the folder of the manifest.
        task: ``classification`` or ``segmentation``.
        name: Split, index, class and plane, as the file's stem says.
        is_mask: Whether the file is a mask.
        linked_image: The image that a mask belongs to, relative too; ``None`` for an image.
        width, height: In pixels.
        size: In bytes.
        sha256: Of the file's bytes, 64 lower-case hexadecimal digits.
    """

    path: PurePosixPath
    task: str
    name: naming.SliceName
    is_mask: bool
    linked_image: PurePosixPath | None
    width: int
    height: int
    size: int
    sha256: str


def format_row(row: ManifestRow) -> tuple[object, ...]:
    """The cells of a row in the order of ``COLUMNS``, as published."""
    label, plane = row.name.label, row.name.plane
    return (
        PureWindowsPath(row.path), row.path.name, row.task, row.name.split,
        f"{row.name.index:05d}", naming.CLASS_CODES[label], label, naming.PLANE_CODES[plane],
        plane, "T1", row.is_mask, PureWindowsPath(row.linked_image) if row.linked_image else "",
        row.width, row.height, row.size, row.sha256,
    )  # fmt: skip


def parse_row(cells: Mapping[str | None, object]) -> ManifestRow:
    """Reads the cells that ``csv.DictReader`` yields for one row.

    Raises:
        ValueError: The row is not as published; the text is the reason.
    """
    # DictReader files surplus cells under None, and fills up missing ones with it.
    if None in cells or None in cells.values():
        raise ValueError(f"it does not have {len(COLUMNS)} cells")
    cell = {str(key): str(value) for key, value in cells.items()}
    path = relative_path(cell["relative_path"])
    name = naming.parse_stem(path.stem)
    if name is None:
        raise ValueError(f"{path.name!r} is not named as BRISC names a slice")
    if cell["is_mask"] not in ("True", "False"):
        raise ValueError(f"is_mask is {cell['is_mask']!r}, neither True nor False")
    is_mask = cell["is_mask"] == "True"
    linked = relative_path(cell["linked_image"]) if cell["linked_image"] else None
    if (linked.stem if linked else None) != (path.stem if is_mask else None):
        raise ValueError("a mask, and only a mask, has a linked_image, which has its stem")
    part = "masks" if is_mask else "images"
    tasks = {
        f"{CLASSIFICATION}/{name.split}/{name.label}": "classification",
        f"{SEGMENTATION}/{name.split}/{part}": "segmentation",
    }
    task = tasks.get(str(path.parent))
    if task is None:
        raise ValueError(f"the folder of {path} is not one of {', '.join(tasks)}")
    told = {
        "filename": path.name,
        "task": task,
        "split": name.split,
        "tumor_code": naming.CLASS_CODES[name.label],
        "tumor_label": name.label,
        "plane_code": naming.PLANE_CODES[name.plane],
        "plane_label": name.plane,
        "sequence": "T1",
    }
    # As in file names, the description's `nt` stands for the files' `no`.
    cell["tumor_code"] = {"nt": "no"}.get(cell["tumor_code"], cell["tumor_code"])
    for column, expected in told.items():
        if cell[column] != expected:
            raise ValueError(f"{column} is {cell[column]!r}, its path says {expected!r}")
    if _number(cell, "index") != name.index:
        raise ValueError(f"index is {cell['index']!r}, its path says {name.index}")
    if re.fullmatch("[0-9a-f]{64}", cell["sha256"].lower()) is None:
        raise ValueError(f"sha256 is {cell['sha256']!r}, not 64 hexadecimal digits")
    return ManifestRow(
        path=path,
        task=task,
        name=name,
        is_mask=is_mask,
        linked_image=linked,
        width=_number(cell, "width"),
        height=_number(cell, "height"),
        size=_number(cell, "file_size_bytes"),
        sha256=cell["sha256"].lower(),
    )


def relative_path(text: str) -> PurePosixPath:
    """A path below a folder, written with slashes or back-slashes.

    Raises:
        ValueError: It is absolute, empty or leads out of the folder.
    """
    path = PureWindowsPath(text)
    if path.anchor or ".." in path.parts or not path.parts:
        raise ValueError(f"{text!r} is not a path inside the data set's folder")
    return PurePosixPath(*path.parts)


def _number(cell: Mapping[str, str], column: str) -> int:
    text = cell[column]
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise ValueError(f"{column} is {text!r}, not a whole number above 0")
    return int(text)
