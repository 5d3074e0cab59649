"""Trains on several machines: what the first one does, and what the others do."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from data.errors import BriscError, ConfigurationError, InputError
from data.progress import progress
from trainer import fresh_process
from trainer.cluster import Job, Offer, find_offer, offer
from trainer.member import train_as

_INTERVAL = 0.5
_REMEDY = "Look at what brisc train-worker printed there; the same command continues the training"


def lead(training_dir: Path, job: Job, join_timeout: float) -> None:
    """Trains ``job`` with the other machines; its weights are ``member.trained_weights``.

    Args:
        training_dir: The folder in the shared workspace where trainings lie.
        job: What is trained.
        join_timeout: How long it waits for the others, seconds.

    Raises:
        InputError: A machine is missing or fell out.
        ConfigurationError: What the training itself finds wrong.
    """
    offered = offer(training_dir, job)
    try:
        _gather(offered, job, join_timeout)
        fresh_process.call(train_as, job, 0, job.run_dir, watch=lambda: _require_all(offered, job))
    except BriscError:
        raise
    except Exception as error:
        raise InputError(
            ", ".join(job.workers), f"the training broke off ({_first_line(error)})", _REMEDY
        ) from error
    finally:
        offered.withdraw()


def follow(training_dir: Path, index: int, say: Callable[[str], None]) -> None:
    """Takes part in every training that is offered, as worker ``index``, without end.

    Raises:
        ConfigurationError: What is offered cannot be joined as things are.
    """
    latest = None
    say("waiting for brisc run")
    while True:
        offered = find_offer(training_dir)
        if offered is None or offered.folder == latest:
            time.sleep(_INTERVAL)
            continue
        latest = offered.folder
        _take_part(training_dir, offered, index, say)


def _take_part(training_dir: Path, offered: Offer, index: int, say: Callable[[str], None]) -> None:
    try:
        job = offered.job()
    except FileNotFoundError:
        return
    if not 1 <= index < len(job.workers):
        raise ConfigurationError(
            "--index",
            f"{index} is none of the other machines in {', '.join(job.workers)}",
            f"Give 1 to {len(job.workers) - 1}: the machine's place in cluster.workers, from 0",
        )
    if job.run_dir.parent != training_dir:
        raise ConfigurationError(
            "--workspace",
            f"the run knows it as {job.run_dir.parent.parent}",
            "Mount it under the same path on all machines",
        )
    say(f"training as {job.workers[index]}")
    offered.join(index)
    try:
        with tempfile.TemporaryDirectory(prefix="brisc-") as own:
            fresh_process.call(
                train_as, job, index, Path(own), watch=lambda: _require_open(offered)
            )
    except _Withdrawn:
        say("the run has ended this training")
    except Exception as error:
        reason = _first_line(error)
        say(f"the training broke off ({reason})")
        offered.fail(index, reason)
    else:
        say("done")


class _Withdrawn(Exception):
    """The training is no longer wanted."""


def _gather(offered: Offer, job: Job, join_timeout: float) -> None:
    until = time.monotonic() + join_timeout
    while missing := offered.missing(len(job.workers)):
        names = ", ".join(job.workers[index] for index in missing)
        progress.info("waiting for %s", names)
        if time.monotonic() > until:
            raise InputError(
                names,
                f"did not join within {join_timeout:.0f} s",
                "Run brisc train-worker there, with this workspace",
            )
        time.sleep(_INTERVAL)


def _require_all(offered: Offer, job: Job) -> None:
    for index, reason in offered.failures().items():
        raise InputError(job.workers[index], f"fell out of the training ({reason})", _REMEDY)


def _require_open(offered: Offer) -> None:
    if not offered.open:
        raise _Withdrawn


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
