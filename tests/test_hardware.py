"""Which strategy and arithmetic a machine gets; its devices are pretended."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.command import environment
from trainer.config import Precision
from trainer.hardware import choose_distribution, choose_precision
from trainer.processor import Processor, read_processor

ONEDNN_VARIABLE = "TF_ENABLE_ONEDNN_OPTS"
BF16 = frozenset({"avx512f", "avx512_bf16"})
AMD, INTEL = Processor("AuthenticAMD", BF16), Processor("GenuineIntel", BF16)


@pytest.mark.parametrize(
    ("gpus", "expected"), [(0, "one_device"), (1, "one_device"), (2, "mirrored"), (8, "mirrored")]
)
def test_the_strategy_follows_the_devices(gpus: int, expected: str) -> None:
    assert choose_distribution(gpus) == expected


@pytest.mark.parametrize(
    ("wanted", "gpus", "processor", "expected"),
    [
        ("auto", 1, AMD, "mixed_float16"),
        ("auto", 0, AMD, "mixed_bfloat16"),
        ("auto", 0, Processor("AuthenticAMD", BF16 - {"avx512_bf16"}), "float32"),
        ("auto", 0, INTEL, "float32"),
        ("auto", 0, Processor(INTEL.vendor, BF16 | {"amx_bf16"}), "mixed_bfloat16"),
        ("auto", 0, Processor("HygonGenuine", BF16), "float32"),
        ("auto", 0, Processor(), "float32"),
        ("float32", 1, AMD, "float32"),
        ("mixed_bfloat16", 0, INTEL, "mixed_bfloat16"),
    ],
)
def test_arithmetic_follows_the_hardware_unless_it_is_set(
    wanted: Precision, gpus: int, processor: Processor, expected: str
) -> None:
    assert choose_precision(wanted, gpus, processor) == expected


CORE = """processor\t: {number}
vendor_id\t: AuthenticAMD
model name\t: AMD EPYC
flags\t\t: fpu avx512f avx512_bf16
vmx flags\t: vnmi
"""
ARM = """processor\t: 0
BogoMIPS\t: 2000.00
Features\t: fp asimd bf16
"""


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            CORE.format(number=0) + "\n" + CORE.format(number=1),
            Processor(AMD.vendor, BF16 | {"fpu"}),
        ),
        (ARM, Processor()),
        (None, Processor()),
    ],
)
def test_a_processor_is_told_by_what_linux_says(
    tmp_path: Path, said: str | None, expected: Processor
) -> None:
    file = tmp_path / "cpuinfo"
    if said is not None:
        file.write_text(said)
    assert read_processor(file) == expected


PRETEND = """
import tensorflow as tf
from trainer import hardware
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
real = tf.config.list_logical_devices
tf.config.list_logical_devices = lambda kind=None: real("CPU" if kind == "GPU" else kind)
strategy = hardware.make_strategy()
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


ONEDNN = """
import {package}
from tensorflow.python.util._pywrap_util_port import IsMklEnabled
print(IsMklEnabled())
"""


@pytest.mark.parametrize(
    ("package", "chosen", "expected"),
    [("trainer", None, "True"), ("serving", None, "True"), ("trainer", "0", "False")],
)
def test_onednn_is_on_on_any_processor_unless_it_is_switched_off(
    package: str, chosen: str | None, expected: str
) -> None:
    variables = {name: value for name, value in environment().items() if name != ONEDNN_VARIABLE}
    if chosen is not None:
        variables[ONEDNN_VARIABLE] = chosen
    ended = subprocess.run(
        [sys.executable, "-c", ONEDNN.format(package=package)],
        env=variables,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout.split() == [expected]
