"""Folders that an interrupted training is continued from: one a training, named by what it is."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import tensorflow as tf

_EPOCH = "ckpt_saved_epoch/.ATTRIBUTES/VARIABLE_VALUE"
_FINISHED = "finished"


def training_folder(root: Path, inputs: Iterable[str], settings: dict[str, Any]) -> Path:
    """The folder of one training: the same inputs and settings find it again, others do not."""
    parts = [*inputs, json.dumps(settings, sort_keys=True)]
    return root / hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def finished_epochs(backup: Path) -> int:
    """How many epochs a training has had by what BackupAndRestore left in ``backup``."""
    latest = tf.train.latest_checkpoint(str(backup / "chief"))
    return int(tf.train.load_variable(latest, _EPOCH)) + 1 if latest else 0


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
