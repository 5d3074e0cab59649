"""``run_fn``: what TFX Trainer calls with transformed slices, to leave a saved model."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import tensorflow_transform as tft
import tf_keras as keras
from tfx.components.trainer.fn_args_utils import FnArgs

from data.provenance import mark_synthetic
from serving.model_files import ASSETS_EXTRA, learnt_from_drawn
from serving.signatures import save_model
from trainer import fresh_process, hardware
from trainer.base_model import base_of, keep_weights
from trainer.checkpoints import mark_finished, training_folder
from trainer.cluster import Job, appointed
from trainer.config import ModelConfig, TrainingConfig
from trainer.event_files import EVENTS, MODEL_RUN
from trainer.folding import fold_batch_norms
from trainer.inference import AnsweringNetwork
from trainer.member import train_alone, trained_weights
from trainer.network import build_network
from trainer.several_machines import lead
from trainer.tuning_config import tuned


def run_fn(fn_args: FnArgs) -> None:
    """Trains on ``fn_args.train_files``, watches ``fn_args.eval_files``, saves the best epoch.

    Args:
        fn_args: From TFX Trainer; ``custom_config`` holds ``model`` and ``training`` (the
            fields of their configurations), whether the data is ``synthetic``, and
            ``training_dir``, a folder of the workspace that outlives an interrupted run and says
            which machines train.
    """
    custom: dict[str, Any] = fn_args.custom_config
    model_config = ModelConfig.model_validate(custom["model"])
    # What a search before has found wins over the configuration.
    found = (fn_args.hyperparameters or {}).get("values", {})
    config = tuned(TrainingConfig.model_validate(custom["training"]), found)
    training_dir = Path(custom["training_dir"])
    cluster = appointed(training_dir)
    run_dir = training_folder(
        training_dir,
        [fn_args.transform_graph_path, *sorted(fn_args.train_files)],
        {**custom, "tuned": found, "base_model": fn_args.base_model},
    )
    run_dir.mkdir(parents=True, exist_ok=True)
    (run_dir / MODEL_RUN).write_text(fn_args.model_run_dir)
    job = Job(
        workers=cluster.workers,
        model=model_config,
        # Decided here for all machines.
        training=hardware.with_precision(config),
        train_files=fn_args.train_files,
        val_files=fn_args.eval_files,
        run_dir=run_dir,
        base_model=base_of(fn_args.base_model, model_config, config),
    )
    if job.workers:
        lead(training_dir, job, cluster.join_timeout)
    elif found:
        # As the search's trials were: what a GPU has given to this process is not given back.
        fresh_process.call(train_alone, job)
    else:
        train_alone(job)

    # Served in float32: a server's CPU need not have what the trainer's had.
    keras.mixed_precision.set_global_policy("float32")
    network = build_network(model_config, encoder_weights=False)
    network.load_weights(str(trained_weights(run_dir))).assert_existing_objects_matched()
    keep_weights(network, Path(fn_args.serving_model_dir))
    served = fold_batch_norms(network)
    save_model(
        AnsweringNetwork.configured(served, model_config, fn_args.eval_files),
        tft.TFTransformOutput(fn_args.transform_graph_path),
        model_config.preprocessing,
        fn_args.serving_model_dir,
    )
    base = job.base_model
    if custom["synthetic"] and (base is None or learnt_from_drawn(base)):
        mark_synthetic(Path(fn_args.serving_model_dir) / ASSETS_EXTRA)
    shutil.copytree(run_dir / EVENTS, Path(fn_args.model_run_dir) / EVENTS, dirs_exist_ok=True)
    # Deleted by whoever sees that TFX has recorded the model: until then it may be asked again.
    mark_finished(run_dir)
