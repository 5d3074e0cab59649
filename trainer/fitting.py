"""Fits the network to a split: phases, what continues them, and the best epoch at the end."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import tensorflow as tf
import tf_keras as keras

from data.errors import ConfigurationError
from trainer.base_model import load_base
from trainer.board.examples import Examples
from trainer.board.hyperparameters import hyperparameters
from trainer.callbacks import make_callbacks
from trainer.checkpoints import finished_epochs
from trainer.config import ModelConfig, TrainingConfig
from trainer.doubling import double_by_copies
from trainer.inputs import class_counts, training_batches, validation_batches
from trainer.loss_weighting import make_weighting
from trainer.losses import make_losses
from trainer.metrics import metrics
from trainer.multi_task import MultiTask
from trainer.network import build_network, set_encoder_trainable
from trainer.schedule import make_optimiser

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Phase:
    """Epochs ``first`` to ``last`` (exclusive), with the encoder's weights fixed or not."""

    name: str
    first: int
    last: int
    frozen: bool


def fit(
    model: ModelConfig,
    config: TrainingConfig,
    *,
    train_files: Sequence[str],
    val_files: Sequence[str],
    run_dir: Path,
    strategy: tf.distribute.Strategy,
    own_dir: Path | None = None,
    base_model: Path | None = None,
) -> keras.Model:
    """Trains on one split, watches another, and returns the network of the best epoch.

    Runs under the current dtype policy. What an interrupted call left in ``run_dir`` is
    continued: weights, optimiser, average, loss weights, best epoch, order and augmentation
    (not dropout, whose draws start anew).

    Args:
        model: Section ``model``.
        config: Section ``training``.
        train_files: Globs of transformed TFRecords.
        val_files: The same of the split that decides which epoch is the best.
        run_dir: Folder of this training.
        strategy: Over which devices.
        own_dir: Where this process keeps its best epoch and event files: of several machines, one
            has the training's folder, which is the default, and the others folders of their own.
        base_model: Folder of the saved model with whose training's weights it begins; ``None``: it
            begins with ``model.encoder_weights``.

    Raises:
        ConfigurationError: A batch has fewer slices than there are devices, or the weights it is
            to begin with do not fit.
    """
    counts = class_counts(train_files)
    slices = int(counts.sum())
    batch_size = min(config.batch_size, slices)
    _require_a_slice_each(batch_size, strategy.num_replicas_in_sync)
    steps = slices // batch_size
    _log.info("%d slices, %d steps of %d an epoch", slices, steps, batch_size)
    val = validation_batches(val_files, model.image_size, batch_size)
    examples, settings = Examples.of(val), hyperparameters(model, config)
    with strategy.scope():
        network = build_network(model, encoder_weights=base_model is None)
        if config.xla:
            double_by_copies(network)
        if base_model is not None:
            load_base(network, base_model)
            _log.info("beginning with the weights of %s", base_model)
        whole = MultiTask(network, make_losses(config, counts), make_weighting(config))
    for phase in _phases(config):
        backup = run_dir / phase.name
        first = max(phase.first, finished_epochs(backup))
        with strategy.scope():
            set_encoder_trainable(network, not phase.frozen)
            whole.compile(
                optimizer=make_optimiser(config, (phase.last - phase.first) * steps),
                metrics=metrics(),
                jit_compile=config.xla,
            )
            # Else what continues a phase that had ended would find no average to end with.
            whole.optimizer.build(whole.trainable_variables)
        whole.fit(
            training_batches(
                train_files,
                model.image_size,
                batch_size,
                config.augmentation,
                slices=slices,
                seed=config.seed,
                done=first * steps,
            ),
            steps_per_epoch=steps,
            validation_data=val,
            initial_epoch=phase.first,
            epochs=phase.last,
            verbose=0,
            callbacks=make_callbacks(
                config,
                network,
                examples,
                settings,
                first=phase.first,
                steps=steps,
                run_dir=own_dir or run_dir,
                backup=backup,
            ),
        )
    return network


def _require_a_slice_each(batch_size: int, devices: int) -> None:
    if batch_size < devices:
        raise ConfigurationError(
            "training.batch_size",
            f"a batch of {batch_size} leaves some of {devices} devices without a slice",
            "Raise it, or train on fewer devices",
        )


def _phases(config: TrainingConfig) -> Iterator[_Phase]:
    frozen = config.freeze_encoder_epochs
    if frozen:
        yield _Phase("backup-frozen", 0, frozen, True)
    yield _Phase("backup", frozen, config.epochs, False)
