"""Finds a saved model on disk, in its own folder or among the versions of a served one."""

from __future__ import annotations

import re
from pathlib import Path

from data.errors import InputError
from data.provenance import is_synthetic

_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")
SAVED_MODEL = "saved_model.pb"
ASSETS_EXTRA = "assets.extra"
"""Folder of a SavedModel for what TensorFlow itself does not read."""


def versions(base: Path) -> list[int]:
    """The versions of a model below ``base``, ascending: folders named by a number of 64 bits."""
    if not base.is_dir():
        return []
    # A number with zeros before it would not lead back to its folder.
    names = (path.name for path in base.iterdir() if _NUMBER.fullmatch(path.name))
    return sorted(number for number in map(int, names) if number < 2**63)


def find_saved_model(directory: Path) -> Path:
    """Returns ``directory`` if it holds a SavedModel, else its newest version that does.

    Raises:
        InputError: There is none.
    """
    if (directory / SAVED_MODEL).is_file():
        return directory
    if not directory.is_dir():
        raise InputError(directory, "no such folder", "Give the folder of a saved model")
    complete = [
        directory / str(version)
        for version in versions(directory)
        if (directory / str(version) / SAVED_MODEL).is_file()
    ]
    if not complete:
        raise InputError(
            directory,
            f"no {SAVED_MODEL} in it, nor in a version below it",
            "Give the folder that `brisc run` pushed to, or one version of it",
        )
    return complete[-1]


DRAWN = "has learnt from synthetic slices alone: what it says of real ones means nothing"
"""What is to be said of a model of which ``learnt_from_drawn`` is true, after its name."""


def learnt_from_drawn(saved_model: Path) -> bool:
    """Whether a SavedModel says that it has learnt from synthetic slices alone."""
    return is_synthetic(saved_model / ASSETS_EXTRA)
