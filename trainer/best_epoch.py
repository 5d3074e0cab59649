"""Keeps the weights of the best epoch, also across an interruption."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import tf_keras as keras

from trainer.outputs import CLASSIFICATION, SEGMENTATION

SCORE = "val_score"
"""Mean of class accuracy and all-slice Dice on val: what decides which epoch is the best."""


class CombinedScore(keras.callbacks.Callback):
    """Adds ``val_score`` to the logs; must stand before the callbacks that read it."""

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Computes the score from both tasks' metrics on val."""
        if logs is not None:
            accuracy = logs[f"val_{CLASSIFICATION}_accuracy"]
            dice = logs[f"val_{SEGMENTATION}_dice_all"]
            logs[SCORE] = 0.5 * (accuracy + dice)


class BestEpoch(keras.callbacks.Callback):
    """Stops when ``val_score`` no longer rises, and ends with the weights of its best epoch.

    Keras' EarlyStopping forgets the best epoch when training is interrupted; this one keeps it
    on disk.
    """

    def __init__(self, folder: Path, patience: int) -> None:
        """Continues from ``folder`` where an interrupted training left something there.

        Args:
            folder: Where weights and their score are kept.
            patience: Epochs without a better score before training stops.
        """
        super().__init__()
        self._folder = folder
        self._state = folder / "best.json"
        self._patience = patience
        self._score = float("-inf")
        self._epoch = -1
        if self._state.exists():
            kept = json.loads(self._state.read_text())
            self._score, self._epoch = kept["score"], kept["epoch"]

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Keeps the weights of a better epoch, stops after too many worse ones."""
        score = (logs or {})[SCORE]
        if score > self._score:
            previous = self._weights
            self._score, self._epoch = score, epoch
            self.model.save_weights(str(self._weights / "weights"))
            # Named last: until then the previous best stays valid.
            partial = self._state.with_suffix(".partial")
            partial.write_text(json.dumps({"score": score, "epoch": epoch}))
            partial.rename(self._state)
            shutil.rmtree(previous, ignore_errors=True)
        elif epoch - self._epoch >= self._patience:
            self.model.stop_training = True

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """Returns to the best epoch's weights."""
        if self._epoch >= 0:
            self.model.load_weights(str(self._weights / "weights")).expect_partial()

    @property
    def _weights(self) -> Path:
        return self._folder / f"epoch-{self._epoch}"
