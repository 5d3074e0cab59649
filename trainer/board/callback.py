"""Writes the event files of a training."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf
import tf_keras as keras
from tensorboard.plugins.hparams import api as hparams

from trainer.averaging import AveragedWeights
from trainer.best_epoch import BestEpoch
from trainer.board.curves import write_curves
from trainer.board.examples import LEGEND, Examples
from trainer.board.hyperparameters import Hyperparameters
from trainer.board.matrix import draw_confusion
from trainer.multi_task import MultiTask


class Board(keras.callbacks.TensorBoard):
    """Keras' own scalars and graph, and what a picture or a curve says better.

    Answers are those of the averaged weights, straight from the network: neither gated nor
    calibrated. All writing goes through Keras' writers, since TensorBoard reads one file at a
    time of a folder, and of several workers only the first one's is kept.
    """

    model: MultiTask

    def __init__(
        self,
        folder: Path,
        examples: Examples,
        settings: Hyperparameters,
        averaged: AveragedWeights,
        best: BestEpoch,
        profile_steps: tuple[int, int] | None = None,
    ) -> None:
        """Continues what is in ``folder``.

        Args:
            folder: For the event files; has parts for ``train`` and ``validation``.
            examples: Slices to draw after each epoch.
            settings: What the training was set to.
            averaged: What gives the network the weights that val has judged.
            best: What knows the best epoch; must stand before this callback.
            profile_steps: First and last step to record by TensorFlow's profiler.
        """
        super().__init__(str(folder), profile_batch=profile_steps or 0)
        self._examples = examples
        self._settings = settings
        self._averaged = averaged
        self._best = best

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Writes what the training was set to."""
        super().on_train_begin(logs)
        self._answer = tf.function(
            lambda images: self.model.network(images, training=False), autograph=False
        )
        with self._run_writer.as_default():
            hparams.hparams(self._settings)
        self._run_writer.flush()

    def on_test_end(self, logs: dict[str, float] | None = None) -> None:
        """Leaves out Keras' curves by iteration: those by epoch say the same."""

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Writes all of an epoch."""
        super().on_epoch_end(epoch, logs)
        with self._train_writer.as_default(epoch):
            for task, weight in self.model.weighting.current().items():
                tf.summary.scalar(f"loss_weight/{task}", weight)
        with self._val_writer.as_default(epoch):
            counts = self.model.answer_counts.read()
            write_curves(counts, epoch)
            tf.summary.image("confusion_matrix", draw_confusion(counts.confusion)[None])
            self._draw_examples()
        # The table of HParams shows the last value.
        with self._run_writer.as_default(epoch):
            for name, value in self._best.metrics.items():
                tf.summary.scalar(f"best/{name.removeprefix('val_')}", value)
        for writer in self._writers.values():
            writer.flush()

    def _draw_examples(self) -> None:
        with self._averaged.applied():
            answers = self._answer(tf.constant(self._examples.images))
        for name, picture in self._examples.drawn({k: v.numpy() for k, v in answers.items()}):
            tf.summary.image(f"slices/{name}", picture[None], description=LEGEND)

    @property
    def _run_writer(self) -> tf.summary.SummaryWriter:
        if "run" not in self._writers:
            self._writers["run"] = tf.summary.create_file_writer(self._log_write_dir)
        return self._writers["run"]
