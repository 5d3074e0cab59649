"""Keeps the weights of the best epoch, also across an interruption."""

from __future__ import annotations

import json
import shutil
import statistics
import uuid
from pathlib import Path
from typing import Any

import tf_keras as keras

from trainer.averaging import AveragedWeights
from trainer.config import TrainingConfig
from trainer.outputs import CLASSIFICATION, SEGMENTATION

SCORE = "val_score"
"""Mean of class accuracy and all-slice Dice on val, of the tasks that are learnt: what decides
which epoch is the best."""

FOLDER = "best"
"""Where a training's folder has the weights of its best epoch."""

_FILE = "weights"
_STATE = "best.json"


def best_score(folder: Path) -> float:
    """The score of the best epoch that a training has left in ``folder``."""
    return float(json.loads((folder / _STATE).read_text())["score"])


class CombinedScore(keras.callbacks.Callback):
    """Adds ``val_score`` to the logs; must stand before the callbacks that read it."""

    def __init__(self, config: TrainingConfig) -> None:
        super().__init__()
        self._names = [
            f"val_{metric}"
            for metric, weight in (
                (f"{CLASSIFICATION}_accuracy", config.classification_weight),
                (f"{SEGMENTATION}_dice_all", config.segmentation_weight),
            )
            if weight
        ]

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Computes the score from the tasks' metrics on val."""
        if logs is not None:
            logs[SCORE] = statistics.fmean(float(logs[name]) for name in self._names)


class BestEpoch(keras.callbacks.Callback):
    """Stops when ``val_score`` no longer rises, and ends with the weights of its best epoch.

    Keras' EarlyStopping forgets the best epoch when training is interrupted; this one keeps it
    on disk.
    """

    def __init__(
        self,
        folder: Path,
        patience: int,
        network: keras.Model,
        averaged: AveragedWeights,
        first: int,
    ) -> None:
        """Continues from ``folder`` where an interrupted training left something there.

        Args:
            folder: Where weights and their score are kept.
            patience: Epochs without a better score before training stops.
            network: Whose weights are kept.
            averaged: What gives it the weights that val has judged.
            first: The phase's first epoch, from which patience counts at the earliest.
        """
        super().__init__()
        self._folder = folder
        self._network = network
        self._averaged = averaged
        self._state = folder / _STATE
        self._patience = patience
        self._before = first - 1
        self._best: dict[str, Any] = {
            "score": float("-inf"),
            "epoch": -1,
            "weights": "",
            "metrics": {},
        }
        if self._state.exists():
            self._best = json.loads(self._state.read_text())

    @property
    def metrics(self) -> dict[str, float]:
        """What was measured on val after the best epoch so far, the score among it."""
        return self._best["metrics"]

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Keeps the weights of a better epoch, stops after too many worse ones."""
        logs = logs or {}
        score = logs[SCORE]
        if score > self._best["score"]:
            own = {name: float(value) for name, value in logs.items() if name.startswith("val_")}
            self._keep(score, epoch, own)
        elif epoch - max(self._best["epoch"], self._before) >= self._patience:
            self.model.stop_training = True

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """Returns to the best epoch's weights."""
        if self._best["weights"]:
            self._network.load_weights(str(self._folder / self._best["weights"] / _FILE))

    def _keep(self, score: float, epoch: int, metrics: dict[str, float]) -> None:
        # A name of its own even for an epoch that is trained again: until the new state is
        # named, the previous one must stay whole.
        weights = f"epoch-{epoch}-{uuid.uuid4().hex[:8]}"
        with self._averaged.applied():
            self._network.save_weights(str(self._folder / weights / _FILE))
        best = {"score": score, "epoch": epoch, "weights": weights, "metrics": metrics}
        previous, self._best = self._best, best
        partial = self._state.with_suffix(".partial")
        partial.write_text(json.dumps(self._best))
        partial.rename(self._state)
        if previous["weights"]:
            shutil.rmtree(self._folder / previous["weights"], ignore_errors=True)
