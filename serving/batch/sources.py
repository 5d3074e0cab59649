"""Finds the files to predict, and tells whether one has changed since."""

from __future__ import annotations

import fnmatch
import os
from dataclasses import dataclass
from pathlib import Path

from data.errors import InputError


@dataclass(frozen=True)
class Source:
    """A file to predict.

    Attributes:
        path: Below the folder that was asked for, with slashes.
        size: In bytes.
        mtime_ns: When it was last modified.
    """

    path: str
    size: int
    mtime_ns: int


def find_sources(folder: Path, pattern: str, without: Path) -> list[Source]:
    """The files below ``folder`` whose names match ``pattern``, sorted by path.

    Hidden files and folders are left out, and links to folders are not followed: they may lead
    in circles. Files of any content count, since their contents tell the format.

    Args:
        folder: Where to look.
        pattern: As a shell has it, of the name alone.
        without: A folder that is left out: that of the results may lie below.

    Raises:
        InputError: ``folder`` or one below it cannot be read, or there is no such file.
    """
    if not folder.is_dir():
        reason = "is a file" if folder.exists() else "no such folder"
        raise InputError(folder, reason, "Give a folder; `brisc predict` takes single files")
    excluded = without.resolve()
    found: list[Source] = []
    for parent, folders, files in os.walk(folder, onerror=_stop):
        here = Path(parent)
        folders[:] = [
            name
            for name in folders
            if not name.startswith(".") and (here / name).resolve() != excluded
        ]
        for name in files:
            if not name.startswith(".") and fnmatch.fnmatch(name, pattern):
                found += _source(folder, here / name)
    if not found:
        raise InputError(folder, f"no file in it matches {pattern}", "Give another folder")
    return sorted(found, key=lambda source: source.path)


def _source(folder: Path, path: Path) -> list[Source]:
    relative = path.relative_to(folder).as_posix()
    try:
        status = path.stat()
    except OSError:
        # A broken link: who reads it will say so.
        return [Source(relative, 0, 0)]
    return [Source(relative, status.st_size, status.st_mtime_ns)] if path.is_file() else []


def _stop(error: OSError) -> None:
    raise InputError(error.filename, error.strerror or str(error), "Make it readable") from error
