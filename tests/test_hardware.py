"""Which strategy and arithmetic a machine gets; its devices are pretended."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from trainer.hardware import choose_distribution, choose_precision, worker_count

BF16 = frozenset({"avx512f", "avx512_bf16"})


@pytest.mark.parametrize(
    ("gpus", "workers", "expected"),
    [
        (0, 1, "one_device"),
        (1, 1, "one_device"),
        (2, 1, "mirrored"),
        (8, 1, "mirrored"),
        (0, 2, "multi_worker"),
        (4, 2, "multi_worker"),
    ],
)
def test_the_strategy_follows_devices_and_workers(gpus: int, workers: int, expected: str) -> None:
    assert choose_distribution(gpus, workers) == expected


def test_workers_are_counted_from_tf_config() -> None:
    cluster = {"chief": ["a:1"], "worker": ["b:1", "c:1"], "evaluator": ["d:1"]}
    assert worker_count({"TF_CONFIG": json.dumps({"cluster": cluster})}) == 3
    assert worker_count({"TF_CONFIG": ""}) == 1
    assert worker_count({}) == 1


@pytest.mark.parametrize(
    ("wanted", "gpus", "flags", "expected"),
    [
        ("auto", 1, BF16, "mixed_float16"),
        ("auto", 0, BF16, "mixed_bfloat16"),
        ("auto", 0, frozenset({"amx_bf16"}), "mixed_bfloat16"),
        ("auto", 0, frozenset({"avx512f"}), "float32"),
        ("float32", 1, BF16, "float32"),
    ],
)
def test_arithmetic_follows_the_hardware_unless_it_is_set(
    wanted: str, gpus: int, flags: frozenset[str], expected: str
) -> None:
    assert choose_precision(wanted, gpus, flags) == expected  # type: ignore[arg-type]


PRETEND = """
import tensorflow as tf
from trainer import hardware
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
real = tf.config.list_logical_devices
tf.config.list_logical_devices = lambda kind=None: real("CPU" if kind == "GPU" else kind)
strategy = hardware.make_strategy(workers=1)
print(type(strategy).__name__, strategy.num_replicas_in_sync)
"""


def test_two_devices_are_mirrored() -> None:
    # TensorFlow fixes its devices when it starts, hence a process of its own.
    ended = subprocess.run(
        [sys.executable, "-c", PRETEND],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout.split() == ["MirroredStrategy", "2"]
