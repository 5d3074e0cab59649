"""Chooses the distribution strategy and the arithmetic from the hardware there is."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from typing import Literal

import tensorflow as tf
import tf_keras as keras

from trainer.config import Precision, TrainingConfig
from trainer.processor import Processor, read_processor

Distribution = Literal["one_device", "mirrored"]

_log = logging.getLogger(__name__)


def choose_distribution(gpus: int) -> Distribution:
    """Several GPUs of one machine mirror each other."""
    return "mirrored" if gpus > 1 else "one_device"


def has_gpu() -> bool:
    """Whether TensorFlow sees one; starts none."""
    return bool(tf.config.list_physical_devices("GPU"))


def with_precision(config: TrainingConfig) -> TrainingConfig:
    """Puts what ``auto`` comes to on this machine in its place; starts no GPU."""
    gpus = len(tf.config.list_physical_devices("GPU"))
    precision = choose_precision(config.precision, gpus, read_processor())
    return config.model_copy(update={"precision": precision})


def prepare(config: TrainingConfig) -> None:
    """Seeds this process and chooses the arithmetic of the networks that it builds."""
    keras.utils.set_random_seed(config.seed)
    precision = with_precision(config).precision
    _log.info("training in %s", precision)
    keras.mixed_precision.set_global_policy(precision)


def make_strategy() -> tf.distribute.Strategy:
    """Builds the strategy for the devices TensorFlow sees in this process."""
    gpus = tf.config.list_logical_devices("GPU")
    kind = choose_distribution(len(gpus))
    _log.info("training on %d GPU(s): %s", len(gpus), kind)
    if kind == "mirrored":
        return tf.distribute.MirroredStrategy([device.name for device in gpus])
    # TensorFlow's default strategy takes the GPU where there is one, and unlike
    # OneDeviceStrategy it can be continued by BackupAndRestore.
    return tf.distribute.get_strategy()


def join_cluster(workers: Sequence[str], index: int) -> tf.distribute.Strategy:
    """Builds the strategy for the devices of several machines, and connects them.

    Has to come before anything of TensorFlow has run in this process.

    Args:
        workers: ``host:port`` of each machine.
        index: Which of them this is.
    """
    gpus = len(tf.config.list_physical_devices("GPU"))
    _log.info("training as worker %d of %s, on %d GPU(s)", index, ", ".join(workers), gpus)
    resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
        tf.train.ClusterSpec({"worker": list(workers)}),
        task_type="worker",
        task_id=index,
        num_accelerators={"GPU": gpus},
        rpc_layer="grpc",
    )
    return tf.distribute.MultiWorkerMirroredStrategy(cluster_resolver=resolver)


def share_gpus() -> None:
    """Has this process take of a GPU's memory what it needs, in place of nearly all of it.

    Has to come before TensorFlow has run. Processes started from here do the same; where the
    variable is set already it stays as it is.
    """
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")


def choose_precision(wanted: Precision, gpus: int, processor: Processor) -> str:
    """Resolves ``auto`` to the name of a Keras dtype policy."""
    if wanted != "auto":
        return wanted
    if gpus:
        return "mixed_float16"
    return "mixed_bfloat16" if processor.gains_by_bfloat16 else "float32"
