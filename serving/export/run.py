"""Exports a saved model: writes its network in another format and compares the answers."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data.errors import InputError
from data.publish import publish, require_empty
from serving.export.formats import FORMATS
from serving.export.packages import require_packages
from serving.export.standalone import load_model, probe, standalone

TOLERANCE = 1e-4
"""Probabilities of another runtime may differ by this: it adds float32 numbers in another order."""


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes:
        files: Below the folder, relative to it.
        image_size: Side of the square that the network takes, pixels.
        slices: Synthetic slices on which it was compared with the saved model.
        difference: The largest of any probability there.
    """

    files: tuple[Path, ...]
    image_size: int
    slices: int
    difference: float


def export(saved_model: Path, name: str, directory: Path) -> Exported:
    """Writes the network of ``saved_model`` into ``directory``, or nothing.

    Args:
        saved_model: The folder with ``saved_model.pb``.
        name: One of ``serving.export.formats.FORMATS``.
        directory: A new folder or an empty one.

    Raises:
        ConfigurationError: A package that the format needs is missing.
        InputError: The model or the folder cannot be used, or the written network answers
            otherwise than the model.
    """
    form = FORMATS[name]
    require_packages(name)
    require_empty(directory)
    model = load_model(saved_model)
    known = probe(model)
    function = standalone(model, known)
    beside = directory if directory.is_dir() else directory.parent
    beside.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".brisc-", dir=beside) as staging:
        root = Path(staging) / "export"
        root.mkdir()
        form.write(function, root)
        answer = form.load(root)(known.images)
        difference = max(
            float(np.abs(answer[output] - expected).max())
            for output, expected in known.expected.items()
        )
        if not difference <= TOLERANCE:
            raise InputError(
                saved_model,
                f"as {name} its probabilities differ by {difference:.2g} (allowed: {TOLERANCE:g})",
                "Give another --format, and report this with the versions of its packages",
            )
        files = sorted(path.relative_to(root) for path in root.rglob("*") if path.is_file())
        publish(root, directory)
    return Exported(tuple(files), known.images.shape[1], len(known.images), difference)
