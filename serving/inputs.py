"""Reads the files that a model is asked about: images as they are, scans slice by slice."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from data.errors import InputError, Problem
from data.hospital.opening import open_scan, read_file
from data.hospital.scan import Scan, ScanError, encode_png
from data.notes import Notes
from data.oddities import decode_with_oddities

_REMEDY = "Give a slice as 8-bit JPEG, PNG, BMP or GIF, or a DICOM or NIfTI file"


@dataclass(frozen=True)
class Question:
    """One slice for the model.

    Attributes:
        path: The file it is from.
        stem: What its outputs are named by: the file's, with the frame where it has several.
        encoded: The file itself if it is an image, else the slice as a grey PNG.
        number: Its frame or slice in a scan, from 1; ``None`` for an image.
        spacing_mm: Distance of its pixel centres, (vertical, horizontal), where the file gives it.
        count: How many frames or slices its file has.
    """

    path: Path
    stem: str
    encoded: bytes
    number: int | None = None
    spacing_mm: tuple[float, float] | None = None
    count: int = 1


@dataclass
class Questions:
    """What was read of all files.

    Attributes:
        slices: The usable ones.
        problems: What could not be read.
        notes: What had to be assumed, a sentence each.
    """

    slices: list[Question] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: Notes = field(default_factory=Notes)


def read_questions(
    paths: Iterable[Path], number: int | None = None, plane: str | None = None
) -> Questions:
    """Reads files of any format, which their contents tell.

    Args:
        paths: The files.
        number: The frame or slice of each that is wanted; ``None`` for all.
        plane: Along which plane volumes are cut; ``None``: as they were taken.
    """
    numbers = None if number is None else range(number, number + 1)
    found = Questions()
    for path in dict.fromkeys(paths):
        # pathlib raises where a folder above may not be entered; reading then says so.
        if os.path.isdir(path):
            remedy = "Give files; `brisc predict-batch` takes a folder"
            found.problems.append(Problem(path, "is a folder", remedy))
            continue
        try:
            _read_content(read_file(path), path, numbers, plane, found)
        except ScanError as error:
            found.problems.append(_problem(path, error))
    return found


def read_content(
    content: bytes, name: Path, numbers: range | None = None, plane: str | None = None
) -> Questions:
    """Reads one file that is in memory, as ``read_questions`` does.

    Args:
        content: The file.
        name: What outputs and problems call it; nothing is looked for there.
        numbers: The frames or slices that are wanted, from 1; those beyond the last one are left
            out unless the first is. ``None`` for all.
        plane: As of ``read_questions``.
    """
    found = Questions()
    try:
        _read_content(content, name, numbers, plane, found)
    except ScanError as error:
        found.problems.append(_problem(name, error))
    return found


def require_own_stems(slices: Iterable[Question]) -> None:
    """Checks that no two slices would be written to the same files.

    Raises:
        InputError: Two would.
    """
    first: dict[str, Path] = {}
    for item in slices:
        if first.setdefault(item.stem, item.path) != item.path:
            raise InputError(
                item.path,
                f"its mask would overwrite that of {first[item.stem]}",
                "Rename one, or predict each with its own --overlay",
            )


def _read_content(
    content: bytes, path: Path, numbers: range | None, plane: str | None, found: Questions
) -> None:
    scan = open_scan(content, path, plane)
    if scan is not None:
        _read_scan(scan, path, numbers, found)
        return
    seen = decode_with_oddities(content)
    if isinstance(seen, str):
        raise ScanError(path, seen, _REMEDY)
    if numbers is not None and 1 not in numbers:
        raise ScanError(path, f"it has no slice {numbers.start}", "It holds a single image")
    found.notes.add(path, seen[1])
    found.slices.append(Question(path, path.stem, content))


def _read_scan(scan: Scan, path: Path, numbers: range | None, found: Questions) -> None:
    stem = path.name[:-7] if path.name.lower().endswith(".nii.gz") else path.stem
    found.notes.add(path, scan.notes)
    if numbers is None:
        numbers = range(1, scan.count + 1)
    # The first is asked for in any case: where there is none, the reader says so.
    for index in range(numbers.start, max(numbers.start + 1, min(numbers.stop, scan.count + 1))):
        try:
            item = scan.read(index)
        except ScanError as error:
            found.problems.append(_problem(path, error, index))
            continue
        found.notes.add(path, item.notes)
        found.slices.append(
            Question(
                path,
                f"{stem}_f{index:04d}" if scan.count > 1 else stem,
                encode_png(item.pixels),
                index,
                item.spacing_mm,
                scan.count,
            )
        )


def _problem(path: Path, error: ScanError, number: int | None = None) -> Problem:
    return Problem(path, error.reason, error.remedy, None if number is None else str(number))
