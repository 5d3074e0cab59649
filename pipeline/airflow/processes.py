"""Processes that outlive the command which started them, known by more than their number."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel, ConfigDict

_POLL = 0.2


class Process(BaseModel):
    """One process, whoever started it.

    Attributes:
        pid: Its number, which another one gets once it has ended.
        started: When it started, in clock ticks since the machine did.
    """

    model_config = ConfigDict(frozen=True)

    pid: int
    started: int

    @classmethod
    def of(cls, pid: int) -> Process | None:
        """The process that has this number now."""
        fields = _stat(pid)
        return cls(pid=pid, started=int(fields[19])) if fields else None

    @property
    def runs(self) -> bool:
        """Whether it is there; one that has ended and waits for its parent is not."""
        fields = _stat(self.pid)
        return fields is not None and int(fields[19]) == self.started and fields[0] != "Z"

    def send(self, number: signal.Signals) -> None:
        """Sends a signal, unless it has ended."""
        if self.runs:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)


def family(leader: Process) -> list[Process]:
    """What runs of a process that leads a session, the processes in it, and all below them.

    It is found also when the leader has ended: those that it leaves keep its session, and while
    they do no new process gets its number.
    """
    found = {pid: fields for pid in _pids() if (fields := _stat(pid)) is not None}
    if leader.pid in found and int(found[leader.pid][19]) != leader.started:
        return []
    children: dict[int, list[int]] = {}
    for pid, fields in found.items():
        children.setdefault(int(fields[1]), []).append(pid)
    left = [pid for pid, fields in found.items() if int(fields[3]) == leader.pid]
    members = set(left)
    while left:
        below = set(children.get(left.pop(), [])) - members
        members |= below
        left += below
    processes = [Process(pid=pid, started=int(found[pid][19])) for pid in sorted(members)]
    return [process for process in processes if process.runs]


def end(processes: Iterable[Process], seconds: float) -> None:
    """Asks all to end, and kills what has not after ``seconds``."""
    asked = list(processes)
    for process in asked:
        process.send(signal.SIGTERM)
    if not wait(asked, seconds):
        for process in asked:
            process.send(signal.SIGKILL)
        wait(asked, seconds)


def wait(processes: Iterable[Process], seconds: float) -> bool:
    """Waits until none of them runs any more; says whether that is so after ``seconds``."""
    until = time.monotonic() + seconds
    left = list(processes)
    while left := [process for process in left if process.runs]:
        if time.monotonic() > until:
            return False
        _reap(left)
        time.sleep(_POLL)
    return True


def _reap(processes: Iterable[Process]) -> None:
    # Of those that this very process has started; others have their own parents.
    for process in processes:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(process.pid, os.WNOHANG)


def _pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").glob("[0-9]*")]


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat from the state on; ``None`` without such a process."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The name before them is in brackets, and may have brackets and spaces.
    return text.rpartition(")")[2].split()
