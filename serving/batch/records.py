"""Keeps what has been answered, a line of JSON a slice, so that a killed run can go on.

Each writer appends to a file of its own, named by the number of the run: nobody waits for
another, and of the same slice the later line holds. A line is one write: a process that is
killed leaves it whole, and a full disk at worst half of the last one, which readers pass over.
"""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import uuid
from collections.abc import Iterable
from pathlib import Path

from serving.batch.row import Row

_SUFFIX = ".jsonl"


class Recorder:
    """Appends rows to a new file in ``folder``."""

    def __init__(self, folder: Path, run: int) -> None:
        path = folder / f"{run:06d}-{uuid.uuid4().hex}{_SUFFIX}"
        # Unbuffered: a row is on record when its mask is in place, and not before.
        self._file = path.open("xb", buffering=0)

    def write(self, row: Row) -> None:
        """Appends one row.

        Raises:
            OSError: It cannot be written whole.
        """
        line = _encode(row)
        if self._file.write(line) != len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), self._file.name)

    def close(self) -> None:
        """Ends the file."""
        self._file.close()


def next_run(folder: Path) -> int:
    """A number above those of all records in ``folder``."""
    return max((run_of(path) for path in files(folder)), default=0) + 1


def files(folder: Path) -> list[Path]:
    """All records in ``folder``, the oldest run first."""
    return sorted(folder.glob(f"*{_SUFFIX}"))


def run_of(path: Path) -> int:
    """The number of the run that wrote a file of records."""
    return int(path.name[:6])


def read_rows(paths: Iterable[Path]) -> dict[tuple[str, int], Row]:
    """The rows of some files, by key; of one key the last."""
    rows: dict[tuple[str, int], Row] = {}
    for path in paths:
        with path.open("rb") as file:
            for line in file:
                row = parse(line)
                if row is not None:
                    rows[row.key] = row
    return rows


def parse(line: bytes) -> Row | None:
    """The row on a line; ``None`` where the line is not whole."""
    try:
        values = json.loads(line) if line.endswith(b"\n") else None
        if values is None:
            return None
        if values["probabilities"] is not None:
            values["probabilities"] = tuple(values["probabilities"])
        return Row(**values)
    except (ValueError, TypeError, KeyError):
        return None


def compact(folder: Path, rows: Iterable[Row], partial: Path) -> None:
    """Puts ``rows`` in place of all records.

    Args:
        folder: Of the records.
        rows: Everything that is worth knowing later.
        partial: A folder on the same file system for the file while it is written.
    """
    old = files(folder)
    # Above the others: killed before they are gone, it is what holds.
    new = partial / f"{next_run(folder):06d}{_SUFFIX}"
    with new.open("wb") as file:
        file.writelines(map(_encode, rows))
    new.replace(folder / new.name)
    for path in old:
        path.unlink(missing_ok=True)


def _encode(row: Row) -> bytes:
    # ASCII, so that names which are no UTF-8 survive.
    return (json.dumps(dataclasses.asdict(row)) + "\n").encode("ascii")
