"""Folders that an interrupted training is continued from: one a training, named by what it is."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_FINISHED = "finished"


def training_folder(root: Path, inputs: Iterable[str], settings: dict[str, Any]) -> Path:
    """The folder of one training: the same inputs and settings find it again, others do not."""
    parts = [*inputs, json.dumps(settings, sort_keys=True)]
    return root / hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def mark_finished(folder: Path) -> None:
    """Says that the model of this training has been saved."""
    (folder / _FINISHED).touch()


def forget_finished(root: Path) -> None:
    """Deletes the folders of finished trainings.

    For whoever knows that TFX has recorded the models: a Trainer that is killed after saving,
    but before that, is run again and should find its training finished.
    """
    for mark in root.glob(f"*/{_FINISHED}"):
        shutil.rmtree(mark.parent)
