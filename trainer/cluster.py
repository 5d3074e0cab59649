"""How machines that train together find each other: by files in the workspace that they share.

``TRAINING/cluster/cluster.json``
    Which machines the run has; written when it begins.
``TRAINING/cluster/ID/job.json``
    A training that the first machine offers to the others; gone when it has ended.
``TRAINING/cluster/ID/joined-INDEX``, ``failed-INDEX``
    What the others say of it: that they take part, and why they no longer do.
"""

from __future__ import annotations

import contextlib
import shutil
import uuid
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from trainer.config import ClusterConfig, ModelConfig, TrainingConfig

_FOLDER = "cluster"
_CLUSTER = "cluster.json"
_JOB = "job.json"


class Job(BaseModel):
    """One training.

    Attributes:
        workers: ``host:port`` of each of several machines, that which runs the pipeline first; none
            where it trains alone.
        run_dir: Folder of the training, under the same path on all of them.
        train_files: Globs of transformed TFRecords, likewise.
        val_files: The same of the val split.
        base_model: Folder of the model with whose training's weights it begins, likewise.
    """

    model_config = ConfigDict(frozen=True, protected_namespaces=())

    workers: tuple[str, ...] = ()
    model: ModelConfig
    training: TrainingConfig
    train_files: tuple[str, ...]
    val_files: tuple[str, ...]
    run_dir: Path
    base_model: Path | None = None


class Offer:
    """A job that lies in the workspace, as its machines see it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def job(self) -> Job:
        """What is to be trained."""
        return Job.model_validate_json((self.folder / _JOB).read_text())

    @property
    def open(self) -> bool:
        """Whether the training is still wanted."""
        return (self.folder / _JOB).exists()

    def join(self, index: int) -> None:
        """Says that worker ``index`` takes part."""
        # The training may have been withdrawn in the meantime.
        with contextlib.suppress(FileNotFoundError):
            (self.folder / f"joined-{index}").touch()

    def missing(self, workers: int) -> list[int]:
        """Which of the others have not joined."""
        joined = {path.name for path in self.folder.glob("joined-*")}
        return [index for index in range(1, workers) if f"joined-{index}" not in joined]

    def fail(self, index: int, reason: str) -> None:
        """Says why worker ``index`` takes part no longer."""
        with contextlib.suppress(FileNotFoundError):
            _write(self.folder / f"failed-{index}", reason)

    def failures(self) -> dict[int, str]:
        """Reasons by worker."""
        files = self.folder.glob("failed-*")
        return {int(path.name.removeprefix("failed-")): path.read_text() for path in files}

    def withdraw(self) -> None:
        """Ends it for all."""
        shutil.rmtree(self.folder, ignore_errors=True)


def appoint(training_dir: Path, cluster: ClusterConfig) -> None:
    """Says which machines the trainings of a run have, and forgets offers of runs that died."""
    folder = training_dir / _FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    if cluster.workers:
        folder.mkdir(parents=True)
        _write(folder / _CLUSTER, cluster.model_dump_json())


def appointed(training_dir: Path) -> ClusterConfig:
    """The machines of this run; without workers where it has but its own."""
    try:
        text = (training_dir / _FOLDER / _CLUSTER).read_text()
    except FileNotFoundError:
        return ClusterConfig()
    return ClusterConfig.model_validate_json(text)


def offer(training_dir: Path, job: Job) -> Offer:
    """Offers a training to the others, in place of any that was offered before."""
    # One of a step that was killed: who followed it would wait in vain.
    for stale in (training_dir / _FOLDER).glob(f"*/{_JOB}"):
        Offer(stale.parent).withdraw()
    folder = training_dir / _FOLDER / uuid.uuid4().hex[:12]
    folder.mkdir(parents=True)
    _write(folder / _JOB, job.model_dump_json())
    return Offer(folder)


def find_offer(training_dir: Path) -> Offer | None:
    """The training that is offered, where there is one."""
    found = next((training_dir / _FOLDER).glob(f"*/{_JOB}"), None)
    return Offer(found.parent) if found else None


def _write(path: Path, text: str) -> None:
    # Others look at any time, and are to see it whole.
    partial = path.with_name(f".{path.name}")
    partial.write_text(text)
    partial.rename(path)
