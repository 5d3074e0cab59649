"""A training on the devices of this machine, or this machine's part of one on several."""

from __future__ import annotations

import shutil
from pathlib import Path

import tensorflow as tf
import tf_keras as keras

from trainer import hardware
from trainer.best_epoch import FOLDER
from trainer.cluster import Job
from trainer.fitting import fit


def train_as(job: Job, index: int, own_dir: Path) -> None:
    """Trains with the other machines, in a process that has run no TensorFlow yet.

    Args:
        job: What is trained.
        index: Of this machine among its workers.
        own_dir: ``job.run_dir`` on the first machine, an empty folder on the others.
    """
    strategy = hardware.join_cluster(job.workers, index)
    best = job.run_dir / FOLDER
    if own_dir != job.run_dir and best.exists():
        shutil.copytree(best, own_dir / FOLDER)
    train(job, strategy, own_dir)


def train_alone(job: Job) -> None:
    """Trains on the devices of this machine and leaves what ``train`` does."""
    train(job, hardware.make_strategy(), job.run_dir)


def try_out(job: Job) -> None:
    """Trains on the devices of this machine for the score of the best epoch alone."""
    _fit(job, hardware.make_strategy(), job.run_dir)


def train(job: Job, strategy: tf.distribute.Strategy, own_dir: Path) -> None:
    """Trains and leaves the network's weights in ``own_dir``, at ``trained_weights``.

    Several machines all do the same, reading and saving of weights too: what differs between
    devices, such as the batch norms' statistics, is read by all of them together. Only the first
    one's folder is that of the training, and what is in the others' is thrown away.
    """
    network = _fit(job, strategy, own_dir)
    network.save_weights(str(trained_weights(own_dir)))


def _fit(job: Job, strategy: tf.distribute.Strategy, own_dir: Path) -> keras.Model:
    hardware.prepare(job.training)
    return fit(
        job.model,
        job.training,
        train_files=job.train_files,
        val_files=job.val_files,
        run_dir=job.run_dir,
        strategy=strategy,
        own_dir=own_dir,
        base_model=job.base_model,
    )


def trained_weights(own_dir: Path) -> Path:
    """The prefix of the files that ``train`` leaves."""
    return own_dir / "trained" / "weights"
