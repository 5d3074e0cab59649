"""Puts a finished data set where it was asked for: all of it, or nothing."""

from __future__ import annotations

from pathlib import Path

from data.errors import InputError
from data.manifest import MANIFEST


def require_empty(directory: Path, allowed: str | None = None) -> None:
    """Checks that a data set can be published as ``directory``.

    Args:
        directory: A new folder or an empty one.
        allowed: The name of the one entry that it may have.

    Raises:
        InputError: It is a file, or has entries.
    """
    if directory.exists() and not directory.is_dir():
        raise InputError(directory, "is a file", "Give a new or empty folder")
    if directory.is_dir() and any(path.name != allowed for path in directory.iterdir()):
        raise InputError(directory, "is not empty", "Give a new or empty folder, or clear this one")


def publish(source: Path, directory: Path) -> None:
    """Moves the contents of ``source`` to ``directory``, which is new or empty.

    Both are on one file system: a rename cannot cross it.
    """
    if not directory.is_dir():
        source.rename(directory)
        return
    moved: list[Path] = []
    try:
        # The manifest last: where it lies, the data set is whole.
        for path in sorted(source.iterdir(), key=lambda path: path.name == MANIFEST):
            moved.append(path.rename(directory / path.name))
    except BaseException:
        for path in moved:
            path.rename(source / path.name)
        raise
