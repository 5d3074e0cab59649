"""Several devices and several machines learn what one device does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.distributed_training import write_slices
from tests.ports import free_ports

ROOT = Path(__file__).parents[1]


def start(kind: str, folder: Path, own: Path, index: int, *workers: str) -> subprocess.Popen[str]:
    """Trains in a new process: TensorFlow fixes its devices and its connections at its start."""
    own.mkdir(exist_ok=True)
    module = [sys.executable, "-m", "tests.distributed_training"]
    return subprocess.Popen(
        [*module, kind, str(folder), str(own), str(index), *workers],
        cwd=ROOT,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "1"},
        stderr=subprocess.PIPE,
        text=True,
    )


def logs(process: subprocess.Popen[str], own: Path) -> list[dict[str, float]]:
    """The numbers of each epoch, once the process has ended."""
    _, errors = process.communicate()
    assert process.returncode == 0, errors[-3000:]
    return json.loads((own / "logs.json").read_text())


@pytest.fixture(scope="module")
def one_device(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, float]]:
    folder = tmp_path_factory.mktemp("one")
    write_slices(folder)
    return logs(start("one", folder, folder, 0), folder)


def require_equal(found: list[dict[str, float]], expected: list[dict[str, float]]) -> None:
    assert len(found) == len(expected)
    for epoch, (one, other) in enumerate(zip(found, expected, strict=True)):
        assert one == pytest.approx(other, rel=1e-4, abs=1e-5), f"epoch {epoch}"


@pytest.mark.integration
def test_two_devices_learn_what_one_does(
    one_device: list[dict[str, float]], tmp_path: Path
) -> None:
    write_slices(tmp_path)
    require_equal(logs(start("mirrored", tmp_path, tmp_path, 0), tmp_path), one_device)


@pytest.mark.integration
def test_two_machines_learn_what_one_does(
    one_device: list[dict[str, float]], tmp_path: Path
) -> None:
    write_slices(tmp_path)
    workers = [f"127.0.0.1:{port}" for port in free_ports(2)]
    other = tmp_path / "other"
    processes = [
        start("worker", tmp_path, tmp_path, 0, *workers),
        start("worker", tmp_path, other, 1, *workers),
    ]
    first, second = (
        logs(process, own) for process, own in zip(processes, (tmp_path, other), strict=True)
    )
    require_equal(first, one_device)
    assert second == first
