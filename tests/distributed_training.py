"""Trains a small network in a process of its own: KIND FOLDER OWN INDEX [HOST:PORT …].

The kinds are ``one`` device, ``mirrored`` on two of this machine, and ``worker`` INDEX of the
machines. Leaves the numbers of each epoch in OWN/logs.json.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import tf_keras as keras

from tests.records import blob_slices, write_records
from trainer import callbacks, fitting, hardware, member
from trainer.cluster import Job
from trainer.config import ModelConfig, TrainingConfig

# isort: split
# After the trainer, which chooses TensorFlow's Keras.
import tensorflow as tf

SIZE = 32


def job(folder: Path, workers: tuple[str, ...] = ()) -> Job:
    """A training with whatever several devices could do otherwise than one: batches and a last
    val batch that two cannot halve, a bound on gradients, averaged and learnt weights."""
    # The smallest encoder has all that matters here, and is traced in a third of the time.
    model = ModelConfig(
        image_size=SIZE,
        encoder="resnet18",
        encoder_weights="none",
        decoder_filters=(16, 8, 8, 4, 4),
        dropout=0,
    )
    training = TrainingConfig(
        epochs=3,
        batch_size=9,
        learning_rate=1e-4,
        ema_decay=0.8,
        class_weights="balanced",
        loss_weighting="uncertainty",
        precision="float32",
    )
    return Job(
        workers=workers,
        model=model,
        training=training,
        train_files=(str(folder / "train.gz"),),
        val_files=(str(folder / "val.gz"),),
        run_dir=folder,
    )


class _Logs(keras.callbacks.Callback):
    """Writes down all numbers as they come."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file = file
        self._all: list[dict[str, float]] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._all.append({name: float(value) for name, value in (logs or {}).items()})

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        self._file.write_text(json.dumps(self._all))


def log_to(folder: Path) -> None:
    """Lets trainings of this process leave their numbers."""

    def make(*arguments: object, **keys: object) -> list[keras.callbacks.Callback]:
        made = callbacks.make_callbacks(*arguments, **keys)  # type: ignore[arg-type]
        return [*made, _Logs(folder / "logs.json")]

    fitting.make_callbacks = make


def step_by_gradients() -> None:
    """Lets optimisers of this process make no steps of gradients that are nothing but float error.

    An offset that a batch norm takes out again has a gradient of zero, and float error for it, of
    which Adam makes a step of full length, in a direction that no two processes agree on.
    """
    make = fitting.make_optimiser

    def made(config: TrainingConfig, total_steps: int) -> keras.optimizers.Optimizer:
        optimiser = make(config, total_steps)
        optimiser.epsilon = 1e-3
        return optimiser

    fitting.make_optimiser = made


def main(kind: str, folder: Path, own: Path, index: int, workers: tuple[str, ...]) -> None:
    """Trains as ``kind`` says."""
    log_to(own)
    step_by_gradients()
    if kind == "worker":
        member.train_as(job(folder, workers), index, own)
        return
    if kind == "mirrored":
        cpu = tf.config.list_physical_devices("CPU")[0]
        tf.config.set_logical_device_configuration(
            cpu, [tf.config.LogicalDeviceConfiguration()] * 2
        )
        strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    else:
        strategy = hardware.make_strategy()
    member.train(job(folder), strategy, own)


def write_slices(folder: Path) -> None:
    """Writes what ``job`` trains on: batches of 9, and val batches of 9 and 1."""
    write_records(folder / "train.gz", blob_slices(20, SIZE, 0))
    write_records(folder / "val.gz", blob_slices(10, SIZE, 1))


if __name__ == "__main__":
    kind, folder, own, index, *workers = sys.argv[1:]
    main(kind, Path(folder), Path(own), int(index), tuple(workers))
