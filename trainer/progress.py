"""Says how far training is, step by step."""

from __future__ import annotations

import logging

import tf_keras as keras

from data.progress import progress

_log = logging.getLogger(__name__)


class Progress(keras.callbacks.Callback):
    """Reports steps on the logger of ``data.progress``, which a terminal shows, and epochs on its
    own, which goes to the log."""

    def __init__(self, epochs: int, steps: int) -> None:
        super().__init__()
        self._epochs = epochs
        self._steps = steps
        self._epoch = 0

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Remembers the epoch for the steps within it."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Reports a step."""
        progress.info(
            "epoch %d/%d, step %d/%d", self._epoch + 1, self._epochs, batch + 1, self._steps
        )

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Reports losses and scores of the epoch."""
        scores = ", ".join(f"{name} {value:.4f}" for name, value in sorted((logs or {}).items()))
        _log.info("epoch %d/%d: %s", epoch + 1, self._epochs, scores)
