"""Ours: a training step as `brisc run` takes it, the optimiser and the moving average in it."""

from __future__ import annotations

import json
import sys

import numpy as np
import tensorflow as tf

from data.naming import CLASSES
from tests.bench.side import answer, seconds
from trainer.config import ModelConfig, Precision, TrainingConfig
from trainer.hardware import prepare
from trainer.loss_weighting import make_weighting
from trainer.losses import make_losses
from trainer.metrics import metrics
from trainer.multi_task import MultiTask
from trainer.network import build_network
from trainer.outputs import CLASSIFICATION, SEGMENTATION
from trainer.schedule import make_optimiser

_STEPS = 2


def main(size: int, batch: int, name: str, precision: Precision = "auto") -> None:
    """Serves as a side, seconds a step; its one variant is called ``name``."""
    config = TrainingConfig(precision=precision)
    prepare(config)
    network = build_network(ModelConfig(image_size=size, encoder_weights="none"))
    whole = MultiTask(network, make_losses(config, np.ones(len(CLASSES))), make_weighting(config))
    whole.compile(
        optimizer=make_optimiser(config, 10_000), metrics=metrics(), jit_compile=config.xla
    )
    rng = np.random.default_rng(0)
    images = rng.normal(size=(batch, size, size, 3)).astype(np.float32)
    truth = {
        CLASSIFICATION: rng.integers(0, len(CLASSES), batch),
        SEGMENTATION: rng.integers(0, 2, (batch, size, size, 1)).astype(np.float32),
    }
    batches = iter(tf.data.Dataset.from_tensors((images, truth)).repeat())
    step = whole.make_train_function()
    answer({name: lambda: seconds(lambda: float(step(batches)["loss"]), _STEPS)})


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
