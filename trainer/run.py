"""``run_fn``: what TFX Trainer calls with transformed slices, to leave a saved model."""

from __future__ import annotations

import logging
import os
import shutil
from pathlib import Path
from typing import Any

import tensorflow as tf
import tensorflow_transform as tft
import tf_keras as keras
from tfx.components.trainer.fn_args_utils import FnArgs

from serving.signatures import save_model
from trainer import hardware
from trainer.callbacks import make_callbacks
from trainer.checkpoints import mark_finished, training_folder
from trainer.config import ModelConfig, TrainingConfig
from trainer.inputs import count, read_split
from trainer.losses import losses, metrics
from trainer.network import build_network
from trainer.outputs import CLASSIFICATION, SEGMENTATION
from trainer.schedule import make_optimiser

_log = logging.getLogger(__name__)


def run_fn(fn_args: FnArgs) -> None:
    """Trains on ``fn_args.train_files``, watches ``fn_args.eval_files``, saves the best epoch.

    Args:
        fn_args: From TFX Trainer; ``custom_config`` holds ``model`` and ``training`` (the
            fields of their configurations) and ``training_dir``, a folder of the workspace
            that outlives an interrupted run.
    """
    custom: dict[str, Any] = fn_args.custom_config
    model_config = ModelConfig.model_validate(custom["model"])
    config = TrainingConfig.model_validate(custom["training"])
    run_dir = training_folder(
        Path(custom["training_dir"]),
        [fn_args.transform_graph_path, *sorted(fn_args.train_files)],
        custom,
    )
    keras.utils.set_random_seed(config.seed)
    strategy = hardware.make_strategy(os.environ)
    gpus = len(tf.config.list_logical_devices("GPU"))
    precision = hardware.choose_precision(config.precision, gpus, hardware.cpu_flags())

    slices = count(fn_args.train_files)
    batch_size = min(config.batch_size, slices)
    steps = slices // batch_size
    size = model_config.image_size
    train = read_split(
        fn_args.train_files, size, batch_size, training=True, flip=config.flip, seed=config.seed
    )
    val = read_split(fn_args.eval_files, size, batch_size, training=False)
    _log.info("%d slices, batches of %d, %s", slices, batch_size, precision)

    keras.mixed_precision.set_global_policy(precision)
    with strategy.scope():
        network = build_network(model_config)
        network.compile(
            optimizer=make_optimiser(config, total_steps=config.epochs * steps),
            loss=losses(),
            loss_weights={
                CLASSIFICATION: config.classification_weight,
                SEGMENTATION: config.segmentation_weight,
            },
            metrics=metrics(),
        )
    network.fit(
        train,
        validation_data=val,
        epochs=config.epochs,
        verbose=0,
        callbacks=make_callbacks(config, steps=steps, run_dir=run_dir),
    )

    # Served in float32: a server's CPU need not have what the trainer's had.
    keras.mixed_precision.set_global_policy("float32")
    served = build_network(model_config, encoder_weights=False)
    served.set_weights(network.get_weights())
    save_model(
        served, tft.TFTransformOutput(fn_args.transform_graph_path), fn_args.serving_model_dir
    )
    shutil.copytree(
        run_dir / "tensorboard", Path(fn_args.model_run_dir) / "tensorboard", dirs_exist_ok=True
    )
    # Deleted by whoever sees that TFX has recorded the model: until then it may be asked again.
    mark_finished(run_dir)
