"""Writes a folder in BRISC layout so that all of it appears, or nothing."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from data import naming
from data.errors import InputError
from data.layout import CLASSIFICATION, MASK_SUFFIX, SEGMENTATION
from data.manifest import write_manifest
from data.publish import publish, require_empty


@contextlib.contextmanager
def new_set(directory: Path, what: str) -> Iterator[Path]:
    """A folder to write a data set into; it gets a manifest and becomes ``directory`` at the end.

    Args:
        directory: Where the set goes: a new folder or an empty one.
        what: The set, as an error names it.

    Raises:
        InputError: ``directory`` is a file, is not empty or cannot be written.
    """
    try:
        require_empty(directory)
        # Beside an absent folder, inside an empty one: a rename cannot cross a file system, and
        # an empty folder may be a mount point or the shell's current directory.
        beside = directory if directory.is_dir() else directory.parent
        beside.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".brisc-", dir=beside) as staging:
            root = Path(staging) / "set"
            # Both belong to the layout, even where no slice has a mask.
            for part in (CLASSIFICATION, SEGMENTATION):
                (root / part).mkdir(parents=True)
            yield root
            write_manifest(root)
            publish(root, directory)
    except OSError as error:
        raise InputError(
            directory,
            f"the {what} cannot be written there ({error})",
            "Give a folder that can be written, on a disk with room",
        ) from error


def write_slice(
    root: Path, name: naming.SliceName, image: bytes, suffix: str, mask: bytes | None
) -> None:
    """Writes one slice where the layout has it.

    Args:
        root: The folder of the set.
        name: Decides the folder and the file name.
        image: The encoded image, its format that of ``suffix``.
        suffix: One of ``data.layout.IMAGE_SUFFIXES``.
        mask: The encoded PNG; ``None`` for a slice without a tumour.
    """
    _write(root / CLASSIFICATION / name.split / name.label / f"{name.stem}{suffix}", image)
    part = root / SEGMENTATION / name.split
    if mask is not None:
        _write(part / "images" / f"{name.stem}{suffix}", image)
        _write(part / "masks" / f"{name.stem}{MASK_SUFFIX}", mask)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
