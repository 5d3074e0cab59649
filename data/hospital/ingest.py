"""Turns a folder of DICOM, NIfTI and image files into a data set in BRISC layout.

Names and pixels of the outcome come from ``labels.csv`` and from decoded pixels alone: a slice is
numbered by its row, a patient by first appearance.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data.checks import MASK_THRESHOLD
from data.errors import InputError, Problem, UnusableInputs
from data.groups import GROUPS, write_groups
from data.hospital.labels import LabelRow, Labels, read_labels
from data.hospital.opening import open_scan, read_file
from data.hospital.scan import Scan, ScanError, UnknownOrientation, encode_png
from data.naming import OFFICIAL_SPLITS, SliceName
from data.notes import Notes
from data.oddities import decode_with_oddities
from data.staging import new_set, write_slice


@dataclass(frozen=True)
class ImportSummary:
    """What was written.

    Attributes:
        directory: The folder that now holds the data set.
        train, test: Slices in each part.
        masks: Masks in both.
        groups: Patients, where they were given.
        problems: The rows that were left out.
        notes: What had to be assumed, a sentence each.
    """

    directory: Path
    train: int
    test: int
    masks: int
    groups: int
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]


def import_folder(
    source: Path,
    directory: Path,
    labels: Path,
    *,
    skip_bad: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> ImportSummary:
    """Writes the slices that ``labels`` lists into ``directory``: all of them, or nothing.

    Images become grey PNG, masks PNG of {0, 255}. Where patients are given, ``groups.csv``
    (image,group) has the group of each slice, ``g0001`` and so on.

    Args:
        source: The folder below which all files lie.
        directory: Where to write: a new folder or an empty one.
        labels: As ``data.hospital.labels`` describes it.
        skip_bad: Whether to go on without rows that cannot be used.
        progress: Called after each row with the number read so far and their total.

    Raises:
        InputError: ``source``, ``directory`` or ``labels`` cannot be used, or no row can.
        UnusableInputs: Some rows cannot, and ``skip_bad`` is not set.
    """
    if not source.is_dir():
        raise InputError(source, "no such folder", "Give the folder that holds the files")
    told = read_labels(labels)
    reader = _Reader(source)
    problems, done = list(told.problems), []
    with new_set(directory, "data set") as root:
        for count, row in enumerate(told.rows, start=1):
            try:
                name, image, mask = reader.read(row)
                write_slice(root, name, image, ".png", mask)
                done.append((row, name))
            except ScanError as error:
                problems.append(Problem(Path(error.where), error.reason, error.remedy))
            if progress is not None:
                progress(count, len(told.rows))
        if problems and not skip_bad:
            raise UnusableInputs(labels, problems)
        if not done:
            raise InputError(labels, "none of its rows can be used", "See what is listed for each")
        groups = _write_groups(root / GROUPS, done) if told.grouped else 0
    parts = [row.split for row, _ in done]
    return ImportSummary(
        directory,
        train=parts.count("train"),
        test=parts.count("test"),
        masks=sum(row.mask is not None for row, _ in done),
        groups=groups,
        problems=tuple(problems),
        notes=(*reader.notes, *_remarks(source, labels, told, [row for row, _ in done])),
    )


class _Reader:
    """Reads the image and the mask of a row; volumes stay open for the rows that follow."""

    def __init__(self, source: Path) -> None:
        self._source = source
        self._open = functools.lru_cache(maxsize=2)(self._open_file)
        self.notes = Notes()

    def read(self, row: LabelRow) -> tuple[SliceName, bytes, bytes | None]:
        """The name, the image and the mask of a row, both as PNG.

        Raises:
            ScanError: One of its files cannot be used.
        """
        path = self._source / row.file
        image = self._open(path, row.plane)
        plane = row.plane
        if isinstance(image, Scan):
            if image.burned_in:
                raise ScanError(
                    path,
                    "it says that text is burned into its pixels",
                    "Blank the text, then set BurnedInAnnotation to NO",
                )
            found = image.read(_number(row, path, image))
            pixels = found.pixels
            if row.plane and found.plane and row.plane != found.plane:
                raise ScanError(
                    path,
                    f"its header says {found.plane}, its row {row.plane}",
                    "Correct the plane, or leave it empty",
                )
            plane = row.plane or found.plane
            self.notes.add(path, (*image.notes, *found.notes))
        else:
            pixels = image
            if row.frame not in (None, 1):
                raise ScanError(path, f"it has no frame {row.frame}", "It holds a single image")
        if plane is None:
            raise ScanError(path, "its plane is not known", "Give it in column plane")
        mask = self._mask(row, image, pixels.shape)
        name = SliceName(row.split, row.number, row.label, plane)
        return name, encode_png(pixels), mask

    def _mask(
        self, row: LabelRow, image: Scan | np.ndarray, shape: tuple[int, ...]
    ) -> bytes | None:
        if row.mask is None:
            return None
        path = self._source / row.mask
        found = self._open(path, row.plane)
        if isinstance(found, Scan):
            tumour = _volume_mask(found, image, path, row)
        else:
            tumour = found > MASK_THRESHOLD
        if tumour.shape != shape:
            raise ScanError(
                path,
                f"the mask is {tumour.shape[1]}x{tumour.shape[0]}, its image {shape[1]}x{shape[0]}",
                "Give both the same size",
            )
        if not tumour.any():
            raise ScanError(path, f"the mask of row {row.number} is empty", "Redraw it")
        return encode_png(tumour.astype(np.uint8) * 255)

    def _open_file(self, path: Path, plane: str | None) -> Scan | np.ndarray:
        content = read_file(path)
        try:
            scan = open_scan(content, path, plane)
        except UnknownOrientation:
            # The row's plane is then the word for what the volume holds.
            scan = open_scan(content, path)
        if scan is not None:
            return scan
        seen = decode_with_oddities(content)
        if isinstance(seen, str):
            raise ScanError(path, seen, "Give DICOM, NIfTI or an 8-bit JPEG, PNG, BMP or GIF")
        pixels, odd = seen
        self.notes.add(path, odd)
        return pixels


def _number(row: LabelRow, path: Path, scan: Scan) -> int:
    if row.frame is None and scan.count > 1:
        raise ScanError(path, f"it holds {scan.count} slices", "Give one in column frame")
    return row.frame or 1


def _volume_mask(mask: Scan, image: Scan | np.ndarray, path: Path, row: LabelRow) -> np.ndarray:
    from data.hospital.nifti import NiftiScan

    # Both are then cut and turned alike; how a volume lies on other images is not known.
    if not isinstance(mask, NiftiScan) or not isinstance(image, NiftiScan):
        raise ScanError(
            path,
            "a mask is a volume only where its image is one, both NIfTI",
            "Convert the mask of this slice to PNG",
        )
    if not mask.matches(image):
        raise ScanError(
            path, "it does not lie on the voxels of its image", "Resample the mask to the image"
        )
    return mask.read_foreground(_number(row, path, image))


def _write_groups(path: Path, done: Sequence[tuple[LabelRow, SliceName]]) -> int:
    groups: dict[str, str] = {}
    rows = [
        (name.stem, groups.setdefault(row.patient, f"g{len(groups) + 1:04d}"))
        for row, name in done
        if row.patient is not None
    ]
    write_groups(path, rows)
    return len(groups)


def _remarks(source: Path, labels: Path, told: Labels, rows: Sequence[LabelRow]) -> list[str]:
    """What a reader of the whole should know, though each row by itself is right."""
    remarks = []
    if told.grouped:
        parts = defaultdict(set)
        for row in rows:
            parts[row.patient].add(row.split)
        alone = sum(row.patient is None for row in rows)
        if alone:
            remarks.append(f"{labels}: {alone} slice(s) without a patient are in no group")
        torn = sum(len(found) == len(OFFICIAL_SPLITS) for key, found in parts.items() if key)
        if torn:
            remarks.append(f"{labels}: {torn} patient(s) are in both train and test")
    named = {source / path for row in told.rows for path in (row.file, row.mask) if path}
    unnamed = sum(
        path.is_file() and path not in named and path.resolve() != labels.resolve()
        for path in source.rglob("*")
        if not path.name.startswith(".")
    )
    if unnamed:
        remarks.append(f"{source}: {unnamed} file(s) are in no usable row")
    return remarks
