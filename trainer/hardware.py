"""Chooses the distribution strategy and the arithmetic from the hardware there is."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import tensorflow as tf

from trainer.config import Precision

Distribution = Literal["one_device", "mirrored", "multi_worker"]

_log = logging.getLogger(__name__)


def choose_distribution(gpus: int, workers: int) -> Distribution:
    """Several workers train together, several GPUs of one machine mirror each other."""
    if workers > 1:
        return "multi_worker"
    return "mirrored" if gpus > 1 else "one_device"


def worker_count(environment: Mapping[str, str]) -> int:
    """How many workers train, by ``TF_CONFIG`` (1 where it is unset).

    Specification: TensorFlow's guide "Multi-worker training", section on ``TF_CONFIG``.
    """
    cluster = json.loads(environment.get("TF_CONFIG") or "{}").get("cluster", {})
    return max(1, sum(len(cluster.get(role, [])) for role in ("chief", "worker")))


def make_strategy(workers: int) -> tf.distribute.Strategy:
    """Builds the strategy for the devices TensorFlow sees in this process."""
    gpus = tf.config.list_logical_devices("GPU")
    kind = choose_distribution(len(gpus), workers)
    _log.info("training on %d GPU(s), %d worker(s): %s", len(gpus), workers, kind)
    if kind == "multi_worker":
        return tf.distribute.MultiWorkerMirroredStrategy()
    if kind == "mirrored":
        return tf.distribute.MirroredStrategy([device.name for device in gpus])
    # TensorFlow's default strategy takes the GPU where there is one, and unlike
    # OneDeviceStrategy it can be continued by BackupAndRestore.
    return tf.distribute.get_strategy()


def choose_precision(wanted: Precision, gpus: int, cpu_flags: frozenset[str]) -> str:
    """Resolves ``auto`` to the name of a Keras dtype policy.

    bfloat16 pays on CPUs only where the processor multiplies it natively; elsewhere oneDNN
    emulates it, slower than float32.
    """
    if wanted != "auto":
        return wanted
    if gpus:
        return "mixed_float16"
    native = cpu_flags & {"avx512_bf16", "amx_bf16"}
    return "mixed_bfloat16" if native else "float32"


def cpu_flags() -> frozenset[str]:
    """The processor's feature flags as Linux lists them; empty where it does not."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return frozenset()
    return frozenset(next((line for line in lines if line.startswith("flags")), "").split())
