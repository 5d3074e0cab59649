"""The commands of two machines, here two processes, in one training that one of them leaves."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

from data.errors import InputError
from pipeline.workspace import Workspace
from tests import distributed_training
from tests.command import COMMAND, ROOT, environment
from tests.ports import free_ports
from trainer.cluster import Job
from trainer.event_files import EVENTS
from trainer.member import trained_weights
from trainer.several_machines import lead

EPOCHS = 4


@contextmanager
def worker(workspace: Workspace, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """``brisc train-worker`` as the second machine."""
    command = [*COMMAND, "train-worker", f"--workspace={workspace.root}", "--index=1"]
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment(),
            stdout=output,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as process,
    ):
        try:
            yield process
        finally:
            os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """A training of two machines in the workspace ``tmp_path``."""
    run_dir = Workspace.at(tmp_path).training / "run"
    run_dir.mkdir(parents=True)
    distributed_training.write_slices(run_dir)
    workers = tuple(f"127.0.0.1:{port}" for port in free_ports(2))
    alone = distributed_training.job(run_dir, workers)
    return alone.model_copy(
        update={"training": alone.training.model_copy(update={"epochs": EPOCHS})}
    )


def epochs(run_dir: Path) -> Counter[int]:
    """How often the losses of each epoch were written."""
    files = (run_dir / EVENTS / "train").glob("events.out.tfevents.*")
    return Counter(
        event.step
        for file in files
        for event in EventFileLoader(str(file)).Load()
        for value in event.summary.value
        if value.tag == "epoch_loss"
    )


@pytest.mark.integration
def test_a_training_that_a_machine_left_is_continued_with_it(job: Job, tmp_path: Path) -> None:
    workspace = Workspace.at(tmp_path)

    def leave(process: subprocess.Popen[bytes]) -> None:
        while process.poll() is None and not any(job.run_dir.glob("backup/*/checkpoint")):
            time.sleep(0.1)
        os.killpg(process.pid, signal.SIGKILL)

    with worker(workspace, tmp_path / "first.log") as process, ThreadPoolExecutor(1) as beside:
        left = beside.submit(leave, process)
        with pytest.raises(InputError, match=job.workers[1]) as caught:
            lead(workspace.training, job, join_timeout=120)
        left.result()
    assert "the same command continues" in str(caught.value)
    done = epochs(job.run_dir)
    assert 0 < len(done) < EPOCHS
    with worker(workspace, tmp_path / "second.log") as process:
        lead(workspace.training, job, join_timeout=120)
        assert process.poll() is None
    assert epochs(job.run_dir) == dict.fromkeys(range(EPOCHS), 1)
    assert Path(f"{trained_weights(job.run_dir)}.index").exists()
    said = (tmp_path / "second.log").read_text().splitlines()
    assert {"waiting for brisc run", f"training as {job.workers[1]}"} <= set(said)
